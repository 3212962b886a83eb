using NasPubSub.Threading;

namespace NasPubSub.Connection;

/// <summary>When a message leaves the send buffer.</summary>
internal enum FlushMode
{
    /// <summary>At once, on the caller's thread where the write loop is idle.</summary>
    Immediate,

    /// <summary>With the next turn of the write loop.</summary>
    Queued,

    /// <summary>With the messages of the next millisecond, or when there is enough for a good write.</summary>
    Batched,
}

/// <summary>
/// Decides when the bytes in the send buffer are due. Not thread-safe: the send buffer calls it under its lock.
/// </summary>
/// <param name="goodWrite">Bytes that are worth a write of their own.</param>
/// <param name="tick">Called every millisecond while messages are batched, without the lock.</param>
internal sealed class FlushTiming(int goodWrite, Action tick) : IDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromMilliseconds(1);

    private Timer? _timer;
    private bool _isBatching;

    /// <summary>Does the buffer hold something that waits for no more?</summary>
    public bool IsDue { get; private set; }

    /// <summary>What is in the buffer is to leave now.</summary>
    public void MarkDue() => IsDue = true;

    /// <summary>The write loop took everything.</summary>
    public void MarkTaken() => IsDue = false;

    /// <summary>
    /// May a message that was just written wait for more? The first after a millisecond without any may not; from then
    /// on messages wait for the tick, or until there is enough for a good write. Many small writes cost a stream of
    /// messages more than the wait.
    /// </summary>
    /// <param name="mode">What its sender asks for.</param>
    /// <param name="buffered">Bytes in the buffer.</param>
    public bool MayWait(FlushMode mode, int buffered)
    {
        if (mode != FlushMode.Batched)
        {
            return false;
        }
        if (_isBatching)
        {
            return buffered < goodWrite;
        }
        _isBatching = true;
        _timer ??= new Timer(static t => ((FlushTiming)t!).Tick(), this, Timeout.Infinite, Timeout.Infinite);
        _timer.Change(Interval, Interval);
        return false;
    }

    /// <summary>A tick found nothing to send: the next message leaves at once.</summary>
    public void StopBatching()
    {
        _isBatching = false;
        _timer?.Change(Timeout.Infinite, Timeout.Infinite);
    }

    public void Dispose() => _timer?.Dispose();

    private void Tick() => tick();
}

/// <summary>Lets a write loop that waits send what is due.</summary>
internal static class FlushModeStart
{
    public static void Start(this WriteSignal signal, FlushMode mode)
    {
        if (mode == FlushMode.Immediate)
        {
            signal.RunInline();
        }
        else
        {
            signal.Queue();
        }
    }
}

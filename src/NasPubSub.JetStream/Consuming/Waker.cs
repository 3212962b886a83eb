namespace NasPubSub.JetStream.Consuming;

/// <summary>
/// Ends the waits of one reader, which take a cancellation token, and can do so again. <see cref="Wake"/> is
/// thread-safe; the rest belongs to the reader.
/// </summary>
internal sealed class Waker : IDisposable
{
    private CancellationTokenSource _source = new();
    private CancellationToken _other;
    private CancellationTokenRegistration _registration;

    /// <summary>
    /// Called before the reader looks what there is to do: a <see cref="Wake"/> from here on ends its next wait.
    /// </summary>
    public void Reset()
    {
        if (_source.IsCancellationRequested)
        {
            Volatile.Write(ref _source, new CancellationTokenSource());
        }
    }

    /// <summary>The token for the next wait, which <see cref="Wake"/> or the caller's token ends.</summary>
    public CancellationToken Arm(CancellationToken other)
    {
        if (_other != other)
        {
            _registration.Dispose();
            _other = other;
            _registration = other.Register(static waker => ((Waker)waker!).WakeNow(), this);
        }
        return other.IsCancellationRequested ? other : _source.Token;
    }

    /// <summary>Ends the present wait, or the next. What waits runs on another thread.</summary>
    public void Wake() => ThreadPool.QueueUserWorkItem(static waker => ((Waker)waker!).WakeNow(), this);

    /// <summary>Wakes after this time; an infinite one takes that back.</summary>
    public void WakeAfter(TimeSpan time) => _source.CancelAfter(time);

    public void Dispose() => _registration.Dispose();

    private void WakeNow() => Volatile.Read(ref _source).Cancel();
}

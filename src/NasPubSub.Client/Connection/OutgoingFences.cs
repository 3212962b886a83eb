using NasPubSub.Protocol;

namespace NasPubSub.Connection;

/// <summary>
/// The PINGs that a send buffer writes, and those that wait for the end of a pause. Not thread-safe: the send buffer
/// calls it under its lock.
/// </summary>
internal sealed class OutgoingFences(DoubleBuffer bytes, PublishLedger ledger)
{
    private static readonly TimeSpan ConfirmInterval = TimeSpan.FromMilliseconds(100);

    private readonly List<TaskCompletionSource<TimeSpan>> _kept = [];
    private TaskCompletionSource<TimeSpan>? _pause;
    private Fence? _last;

    /// <summary>Were messages published that no fence stands behind, and is the last fence old enough?</summary>
    public bool IsConfirmDue =>
        ledger.Published > (_last?.Published ?? ledger.Confirmed) && (_last is null || _last.Age > ConfirmInterval);

    /// <summary>Writes a PING.</summary>
    /// <param name="link">Reads its PONG.</param>
    /// <param name="waiter">Completed by the PONG; may be null.</param>
    public void Append(Link link, TaskCompletionSource<TimeSpan>? waiter)
    {
        bytes.Append(ClientLines.Ping);
        link.Expect(_last = new Fence(waiter, ledger.Published));
    }

    /// <summary>Keeps a fence until the pause ends. It stands behind everything that is kept, on whichever link that
    /// is sent.</summary>
    public void Keep(TaskCompletionSource<TimeSpan>? waiter)
    {
        if (waiter is not null)
        {
            _kept.Add(waiter);
        }
    }

    /// <summary>The pause is over: what was kept is written.</summary>
    public void AppendKept(Link link)
    {
        foreach (var fence in _kept)
        {
            Append(link, fence);
        }
        _kept.Clear();
    }

    /// <summary>A pause begins; its fence is written by the write loop's next turn.</summary>
    public void BeginPause(TaskCompletionSource<TimeSpan> fence) => _pause = fence;

    /// <summary>Writes the fence of the pause behind everything that was written before.</summary>
    public void AppendPause(Link link)
    {
        Append(link, _pause);
        _pause = null;
    }

    /// <summary>The pause is given up before its fence was written.</summary>
    public void CancelPause() => _pause = null;

    /// <summary>A new link begins: nothing was written to it.</summary>
    public void Restart() => _last = null;

    /// <summary>Fails what was never written. The link fails the others.</summary>
    public void Fail()
    {
        _kept.ForEach(Fence.Fail);
        _kept.Clear();
        Fence.Fail(_pause);
        (_pause, _last) = (null, null);
    }
}

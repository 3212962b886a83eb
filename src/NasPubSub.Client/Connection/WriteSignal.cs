using System.Threading.Tasks.Sources;

namespace NasPubSub.Connection;

/// <summary>What a write loop waits on for bytes to send; used again and again, without allocating.</summary>
internal sealed class WriteSignal : PoolWork, IValueTaskSource
{
    private ManualResetValueTaskSourceCore<bool> _core;
    private bool _isLent;

    public ValueTask WaitAsync()
    {
        _core.Reset();
        return new ValueTask(this, _core.Version);
    }

    /// <summary>Runs the write loop on the caller's thread, for what is there now: whoever waits for an answer saves a change of threads.</summary>
    public void Lend()
    {
        _isLent = true;
        _core.SetResult(true);
    }

    /// <returns>Was the thread lent? It is asked once a loan.</returns>
    public bool EndLoan()
    {
        var was = _isLent;
        _isLent = false;
        return was;
    }

    /// <summary>Runs the write loop; queued, it stands behind what waits for a thread: the more messages go out together.</summary>
    public override void Run() => _core.SetResult(true);

    void IValueTaskSource.GetResult(short token) => _core.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _core.GetStatus(token);

    void IValueTaskSource.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _core.OnCompleted(continuation, state, token, flags);
}

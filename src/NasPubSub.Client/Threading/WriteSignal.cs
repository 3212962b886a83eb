using System.Threading.Tasks.Sources;

namespace NasPubSub.Threading;

/// <summary>
/// What a write loop awaits when it has nothing to send. Reused for every wait, so that waiting allocates nothing.
/// </summary>
internal sealed class WriteSignal : PoolWork, IValueTaskSource
{
    private ManualResetValueTaskSourceCore<bool> _core;
    private bool _runsInline;

    public ValueTask WaitAsync()
    {
        _core.Reset();
        return new ValueTask(this, _core.Version);
    }

    /// <summary>
    /// Runs the write loop on the caller's thread for one turn: a caller that waits for an answer saves a change of
    /// threads.
    /// </summary>
    public void RunInline()
    {
        _runsInline = true;
        _core.SetResult(true);
    }

    /// <returns>Did the turn that ends now run on a caller's thread?</returns>
    public bool EndInline()
    {
        var ranInline = _runsInline;
        _runsInline = false;
        return ranInline;
    }

    /// <summary>
    /// Runs the write loop. Queued, it runs after other waiting work, and more messages leave together.
    /// </summary>
    public override void Run() => _core.SetResult(true);

    void IValueTaskSource.GetResult(short token) => _core.GetResult(token);

    ValueTaskSourceStatus IValueTaskSource.GetStatus(short token) => _core.GetStatus(token);

    void IValueTaskSource.OnCompleted(
        Action<object?> continuation,
        object? state,
        short token,
        ValueTaskSourceOnCompletedFlags flags
    ) => _core.OnCompleted(continuation, state, token, flags);
}

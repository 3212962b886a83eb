using System.Threading.Tasks.Sources;

namespace NasPubSub.Messaging;

/// <summary>
/// A request that waits for its reply. Used again and again: a request allocates no task of its own. Only who takes it out
/// of the table by its id may complete it.
/// </summary>
internal sealed class PendingRequest(Action<PendingRequest> release) : IValueTaskSource<NasMessage>, ISlotItem
#if !NETSTANDARD2_0
    , IThreadPoolWorkItem
#endif
{
    private ManualResetValueTaskSourceCore<NasMessage> _core;
    private NasMessage? _reply;
    private Exception? _error;
    private CancellationTokenRegistration _cancellation;

    public long Id { get; set; }
    public string Subject { get; private set; } = "";
    public string Topic { get; private set; } = "";
    public DateTime Deadline { get; private set; }
    public TimeSpan Timeout { get; private set; }

    public ValueTask<NasMessage> Task => new(this, _core.Version);

    public void Start(string subject, string topic, TimeSpan timeout, DateTime deadline)
    {
        _core.Reset();
        (Subject, Topic, Timeout, Deadline) = (subject, topic, timeout, deadline);
    }

    public void CancelWith(CancellationTokenRegistration cancellation) => _cancellation = cancellation;

    public void Complete(NasMessage reply)
    {
        _reply = reply;
        Queue();
    }

    public void Fail(Exception error)
    {
        _error = error;
        Queue();
    }

    /// <summary>
    /// The requester goes on in a thread of the pool. All whose replies one read brought stand in one queue, and behind them
    /// the write loop, so that their next requests leave together.
    /// </summary>
    private void Queue() =>
#if NETSTANDARD2_0
        ThreadPool.UnsafeQueueUserWorkItem(static r => ((PendingRequest)r!).Finish(), this);
#else
        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);

    void IThreadPoolWorkItem.Execute() => Finish();
#endif

    private void Finish()
    {
        var (reply, error) = (_reply, _error);
        (_reply, _error) = (null, null);
        if (error is not null) _core.SetException(error);
        else _core.SetResult(reply!);
    }

    NasMessage IValueTaskSource<NasMessage>.GetResult(short token)
    {
        try
        {
            return _core.GetResult(token);
        }
        finally
        {
            _cancellation.Dispose();
            _cancellation = default;
            release(this);
        }
    }

    ValueTaskSourceStatus IValueTaskSource<NasMessage>.GetStatus(short token) => _core.GetStatus(token);

    void IValueTaskSource<NasMessage>.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _core.OnCompleted(continuation, state, token, flags);
}

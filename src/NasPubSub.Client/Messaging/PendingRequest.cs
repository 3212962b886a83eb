using System.Threading.Tasks.Sources;

namespace NasPubSub.Messaging;

/// <summary>
/// A request that waits for its reply. Used again and again: a request allocates no task of its own. Only who takes it out
/// of the table by its id may complete it.
/// </summary>
internal sealed class PendingRequest(Action<PendingRequest> release) : IValueTaskSource<NasMessage>, ISlotItem
{
    private ManualResetValueTaskSourceCore<NasMessage> _core = new() { RunContinuationsAsynchronously = true };
    private CancellationTokenRegistration _cancellation;

    public long Id { get; set; }
    public string Subject { get; private set; } = "";
    public string Topic { get; private set; } = "";
    public DateTime Deadline { get; private set; }
    public TimeSpan Timeout { get; private set; }

    public ValueTask<NasMessage> Task => new(this, _core.Version);

    public void Start(string subject, string topic, TimeSpan timeout)
    {
        _core.Reset();
        (Subject, Topic, Timeout, Deadline) = (subject, topic, timeout, Messaging.Deadline.In(timeout));
    }

    public void CancelWith(CancellationTokenRegistration cancellation) => _cancellation = cancellation;

    public void Complete(NasMessage reply) => _core.SetResult(reply);

    public void Fail(Exception error) => _core.SetException(error);

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

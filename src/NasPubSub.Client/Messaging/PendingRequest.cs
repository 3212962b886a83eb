using System.Threading.Tasks.Sources;
using NasPubSub.Connection;

namespace NasPubSub.Messaging;

/// <summary>
/// A request that waits for its reply. Used again and again: a request allocates no task of its own. Only who takes it out
/// of the table by its id may complete it.
/// </summary>
internal sealed class PendingRequest(Action<PendingRequest> release) : PoolWork, IValueTaskSource<NasMessage>, ISlotItem
{
    private ManualResetValueTaskSourceCore<NasMessage> _core;
    private NasMessage? _reply;
    private Exception? _error;
    private CancellationTokenRegistration _cancellation;

    public long Id { get; set; }
    public string Subject { get; private set; } = "";
    public string Topic { get; private set; } = "";
    public Deadline Deadline { get; private set; }
    public TimeSpan Timeout { get; private set; }

    public ValueTask<NasMessage> Task => new(this, _core.Version);

    public void Start(string subject, string topic, TimeSpan timeout, Deadline deadline)
    {
        (Subject, Topic, Timeout, Deadline) = (subject, topic, timeout, deadline);
    }

    public void CancelWith(CancellationTokenRegistration cancellation) => _cancellation = cancellation;

    /// <summary>Ends it with a reply, which the requester has when <see cref="Run"/> is run.</summary>
    public void Complete(NasMessage reply) => _reply = reply;

    public void Fail(Exception error)
    {
        _error = error;
        Queue();
    }

    /// <summary>The requester goes on, in this thread.</summary>
    public override void Run()
    {
        var (reply, error) = (_reply, _error);
        (_reply, _error) = (null, null);
        if (error is not null) _core.SetException(error);
        else _core.SetResult(reply!);
    }

    NasMessage IValueTaskSource<NasMessage>.GetResult(short token)
    {
        // A second await of the same request must not put it back twice.
        if (token != _core.Version) throw new InvalidOperationException("The result of this request was taken already.");
        try
        {
            return _core.GetResult(token);
        }
        finally
        {
            _cancellation.Dispose();
            _cancellation = default;
            // The reply is the requester's alone: an idle request must not keep it alive.
            _core.Reset();
            release(this);
        }
    }

    ValueTaskSourceStatus IValueTaskSource<NasMessage>.GetStatus(short token) => _core.GetStatus(token);

    void IValueTaskSource<NasMessage>.OnCompleted(Action<object?> continuation, object? state, short token, ValueTaskSourceOnCompletedFlags flags) =>
        _core.OnCompleted(continuation, state, token, flags);
}

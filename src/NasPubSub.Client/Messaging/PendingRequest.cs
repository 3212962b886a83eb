using System.Threading.Tasks.Sources;
using NasPubSub.Protocol;
using NasPubSub.Threading;

namespace NasPubSub.Messaging;

/// <summary>
/// A request that waits for its reply. It is reused, so that a request allocates no task. Only the code that removes it
/// from the table may complete it.
/// </summary>
/// <param name="release">Called when the result was taken: the request can be reused.</param>
internal sealed class PendingRequest(Action<PendingRequest> release) : PoolWork, IValueTaskSource<NasMessage>, ISlotItem
{
    private ManualResetValueTaskSourceCore<NasMessage> _core;
    private NasMessage? _reply;
    private Exception? _error;
    private CancellationTokenRegistration _cancellation;

    public long Id { get; set; }

    public EncodedSubject Subject { get; private set; } = null!;

    public Deadline Deadline { get; private set; }

    public TimeSpan Timeout { get; private set; }

    public ValueTask<NasMessage> Task => new(this, _core.Version);

    public void Start(EncodedSubject subject, TimeSpan timeout, Deadline deadline) =>
        (Subject, Timeout, Deadline) = (subject, timeout, deadline);

    public void CancelWith(CancellationTokenRegistration cancellation) => _cancellation = cancellation;

    /// <summary>Ends it with a reply, which the requester gets when <see cref="Run"/> runs.</summary>
    public void Complete(NasMessage reply) => _reply = reply;

    public void Fail(Exception error)
    {
        _error = error;
        Queue();
    }

    /// <summary>The requester continues, on this thread.</summary>
    public override void Run()
    {
        var (reply, error) = (_reply, _error);
        (_reply, _error) = (null, null);
        if (error is not null)
        {
            _core.SetException(error);
        }
        else
        {
            _core.SetResult(reply!);
        }
    }

    NasMessage IValueTaskSource<NasMessage>.GetResult(short token)
    {
        // A second await of the same request must not release it twice.
        if (token != _core.Version)
        {
            throw new InvalidOperationException("The result of this request has already been read.");
        }
        try
        {
            return _core.GetResult(token);
        }
        finally
        {
            _cancellation.Dispose();
            _cancellation = default;
            // An idle request must not keep the reply alive.
            _core.Reset();
            release(this);
        }
    }

    ValueTaskSourceStatus IValueTaskSource<NasMessage>.GetStatus(short token) => _core.GetStatus(token);

    void IValueTaskSource<NasMessage>.OnCompleted(
        Action<object?> continuation,
        object? state,
        short token,
        ValueTaskSourceOnCompletedFlags flags
    ) => _core.OnCompleted(continuation, state, token, flags);
}

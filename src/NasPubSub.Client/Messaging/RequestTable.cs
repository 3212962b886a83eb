using System.Collections.Concurrent;
using System.Text;
using NasPubSub.Connection;
using NasPubSub.Protocol;
using NasPubSub.Threading;

namespace NasPubSub.Messaging;

/// <summary>
/// The requests that wait for one reply. All replies come to one wildcard inbox; the last token of the reply subject is
/// the number of the request. Thread-safe.
/// </summary>
internal sealed class RequestTable
{
    /// <summary>
    /// How often time-outs are checked, and therefore their precision.
    /// </summary>
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(20);

    private static readonly TimeSpan IdleTime = TimeSpan.FromSeconds(1);

    private readonly Gate _gate = new(LockLevel.Requests);
    private readonly SlotTable<PendingRequest> _slots = new();
    private readonly ConcurrentQueue<PendingRequest> _idle = new();
    private readonly SendBuffer _buffer;
    private readonly MessageSender _sender;
    private readonly ConnectionStatus _status;
    private readonly SubscriptionTable _subscriptions;
    private readonly Func<string, NasSubscription> _newInbox;
    private readonly Timer _timer;
    private readonly byte[] _replyPrefix;
    private bool _isTicking;
    private int _idleTicks;
    private NasException? _closed;
    private volatile NasSubscription? _inbox;

    /// <param name="inboxPrefix">The first tokens of the inbox.</param>
    /// <param name="buffer">Where requests go.</param>
    /// <param name="sender">The same, for those that have to wait.</param>
    /// <param name="status">Is there a server?</param>
    /// <param name="subscriptions">Where the inbox is kept.</param>
    /// <param name="newInbox">Makes a subscription for a subject.</param>
    public RequestTable(
        string inboxPrefix,
        SendBuffer buffer,
        MessageSender sender,
        ConnectionStatus status,
        SubscriptionTable subscriptions,
        Func<string, NasSubscription> newInbox
    )
    {
        ReplyPrefix = $"{inboxPrefix}.{UniqueId.New()}.";
        _replyPrefix = Encoding.UTF8.GetBytes(ReplyPrefix);
        (_buffer, _sender, _status, _subscriptions, _newInbox) = (buffer, sender, status, subscriptions, newInbox);
        _timer = new Timer(static t => ((RequestTable)t!).OnTick(), this, Timeout.Infinite, Timeout.Infinite);
    }

    /// <summary>Every reply subject begins with it.</summary>
    public string ReplyPrefix { get; }

    /// <summary>Has the present inbox received a reply?</summary>
    public bool HasReplies { get; private set; }

    public bool IsInbox(long sid) => _inbox is { } inbox && inbox.Sid == sid;

    public bool IsInbox(NasSubscription subscription) => subscription == _inbox;

    /// <summary>The reply subject of a request.</summary>
    public string ReplySubject(long id) => ReplyPrefix + id;

    /// <summary>Sends a request.</summary>
    /// <param name="message">Without a reply subject.</param>
    /// <param name="limit">How long all of it may take.</param>
    /// <param name="cancel">Ends the wait.</param>
    /// <exception cref="NasException">NoResponders, RequestTimeout, PermissionDenied, and those of a
    /// publish.</exception>
    public ValueTask<NasMessage> RequestAsync(in OutgoingMessage message, TimeSpan limit, CancellationToken cancel)
    {
        var deadline = Deadline.In(limit);
        if (!_status.IsReady)
        {
            return RequestLaterAsync(message, limit, deadline, cancel);
        }
        var request = Begin(message.Subject, limit, deadline, cancel);
        var id = request.Id;
        try
        {
            var sent = message with { ReplyTo = ReplySubject(id) };
            // A request that is alone is sent from here; of several, the more go together the better.
            if (_buffer.TryWrite(sent, _slots.Count == 1 ? FlushMode.Immediate : FlushMode.Queued) > 0)
            {
                return FinishAsync(request, sent, cancel);
            }
        }
        catch (NasException e)
        {
            Take(id)?.Fail(e);
        }
        return request.Task;
    }

    /// <summary>A reply came to the inbox. Read loop only.</summary>
    public void OnReply(Link link, ref ServerOperation operation, long utcTicks)
    {
        HasReplies = true;
        var id = ReadId(operation.Subject);
        if ((id is { } number ? Take(number) : TakeOnly()) is not { } request)
        {
            // A late reply, or one to no request.
            return;
        }
        if (operation.Payload.IsEmpty && NasHeaders.PeekStatus(operation.Headers) == 503)
        {
            request.Fail(RequestErrors.NoResponders(request.Subject.Wire));
            return;
        }
        var inbox = _inbox!;
        var origin = id is { } known ? new MessageOrigin(inbox, known) : inbox.OriginOf(operation.Subject);
        request.Complete(InboundRouter.Create(origin, ref operation, utcTicks));
        // Of several, the requesters queue for the pool, with the write loop behind them: what they ask next leaves
        // together.
        if (_slots.Count == 0)
        {
            link.RunInline(request);
        }
        else
        {
            request.Queue();
        }
    }

    /// <summary>Fails the requests on a subject, or with a reply subject, that the server denied.</summary>
    /// <returns>Was there any?</returns>
    public bool Deny(string subject, NasException error) =>
        Fail(error, r => r.Subject.Wire == subject || ReplySubject(r.Id) == subject);

    /// <summary>The inbox was denied: every request fails, and the next opens another.</summary>
    public void DenyInbox(NasException error)
    {
        _inbox = null;
        Fail(error, _ => true);
    }

    /// <summary>The connection was closed.</summary>
    public void Close(NasException reason)
    {
        using (_gate.Enter())
        {
            _closed ??= reason;
            _timer.Dispose();
        }

        Fail(reason, _ => true);
    }

    private async ValueTask<NasMessage> RequestLaterAsync(
        OutgoingMessage message,
        TimeSpan limit,
        Deadline deadline,
        CancellationToken cancel
    )
    {
        try
        {
            await _sender.ReadyAsync(cancel).Observed().WaitAsync(deadline.Left, cancel).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            throw RequestErrors.NoReply(message.Subject.Wire, limit, _status);
        }
        var request = Begin(message.Subject, limit, deadline, cancel);
        return await FinishAsync(request, message with { ReplyTo = ReplySubject(request.Id) }, cancel)
            .ConfigureAwait(false);
    }

    /// <summary>
    /// Waits for room until the request's own time-out. A request that was given up is not sent.
    /// </summary>
    private async ValueTask<NasMessage> FinishAsync(
        PendingRequest request,
        OutgoingMessage message,
        CancellationToken cancel
    )
    {
        var reply = request.Task;
        var (id, deadline, limit) = (request.Id, request.Deadline, request.Timeout);
        try
        {
            await _sender.SendAsync(message, deadline, cancel).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            Take(id)?.Fail(RequestErrors.NoReply(message.Subject.Wire, limit, _status));
        }
        catch (Exception e) when (e is NasException or OperationCanceledException)
        {
            Take(id)?.Fail(e);
        }
        return await reply.ConfigureAwait(false);
    }

    private PendingRequest Begin(EncodedSubject subject, TimeSpan limit, Deadline deadline, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        if (!_idle.TryDequeue(out var request))
        {
            request = new PendingRequest(_idle.Enqueue);
        }
        request.Start(subject, limit, deadline);
        using (_gate.Enter())
        {
            if (_closed is not null)
            {
                throw _closed;
            }

            if (_inbox is null)
            {
                OpenInbox();
            }
            _slots.Add(request);
            if (!_isTicking)
            {
                _isTicking = true;
                _timer.Change(Tick, Tick);
            }
        }
        if (cancel.CanBeCanceled)
        {
            var id = request.Id;
            request.CancelWith(cancel.Register(() => Take(id)?.Fail(new OperationCanceledException(cancel))));
        }
        return request;
    }

    /// <summary>
    /// Subscribes with the first request. The SUB precedes it on the same connection, so no fence is needed.
    /// </summary>
    private void OpenInbox()
    {
        var inbox = _newInbox(ReplyPrefix + "*");
        HasReplies = false;
        _subscriptions.Add(inbox);
        _inbox = inbox;
    }

    /// <returns>The number of the request; -1 for a reply subject that no request has; null for another
    /// subject.</returns>
    private long? ReadId(ReadOnlySpan<byte> subject)
    {
        if (!subject.StartsWith(_replyPrefix))
        {
            return null;
        }
        var digits = subject.Slice(_replyPrefix.Length);
        if (digits.Length is 0 or > 18)
        {
            return -1;
        }
        long id = 0;
        foreach (var digit in digits)
        {
            if ((uint)(digit - '0') > 9)
            {
                return -1;
            }
            id = id * 10 + digit - '0';
        }
        return id;
    }

    /// <summary>
    /// The only pending request. A server delivers a message of a stream to an inbox under the message's own subject,
    /// which does not name the request. With several requests pending, the reply belongs to none.
    /// </summary>
    private PendingRequest? TakeOnly()
    {
        using var _ = _gate.Enter();
        if (_slots.Count != 1)
        {
            return null;
        }
        var request = _slots.ToList()[0];
        _slots.Remove(request);
        return request;
    }

    private PendingRequest? Take(long id)
    {
        using var _ = _gate.Enter();
        var request = _slots.Find(id);
        if (request is not null)
        {
            _slots.Remove(request);
        }
        return request;
    }

    private bool Fail(NasException error, Func<PendingRequest, bool> which)
    {
        List<PendingRequest> failed;
        using (_gate.Enter())
        {
            failed = _slots.ToList().FindAll(r => which(r));
            failed.ForEach(r => _slots.Remove(r));
        }
        failed.ForEach(r => r.Fail(error));
        return failed.Count > 0;
    }

    private void OnTick()
    {
        List<PendingRequest> late = [];
        using (_gate.Enter())
        {
            if (_closed is not null)
            {
                return;
            }

            if (_slots.Count > 0)
            {
                _idleTicks = 0;
                var now = MonotonicClock.Now;
                late = _slots.ToList().FindAll(r => r.Deadline.IsOver(now));
                late.ForEach(r => _slots.Remove(r));
            }
            else if (++_idleTicks * Tick.Ticks > IdleTime.Ticks)
            {
                _idleTicks = 0;
                _isTicking = false;
                _timer.Change(Timeout.Infinite, Timeout.Infinite);
            }
        }
        late.ForEach(r => r.Fail(RequestErrors.NoReply(r.Subject.Wire, r.Timeout, _status)));
    }
}

using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Text;
using NasPubSub.Connection;
using NasPubSub.Messaging;
using NasPubSub.Protocol;

namespace NasPubSub;

/// <summary>Requests: all replies come by one wildcard inbox, told apart by a number at its end.</summary>
public sealed partial class NasConnection
{
    /// <summary>Time-outs are seen to so often: their precision, and the cost of a request that does not time out.</summary>
    private static readonly TimeSpan RequestTick = TimeSpan.FromMilliseconds(20);

    private readonly object _requestGate = new();
    private readonly SlotTable<PendingRequest> _requests = new();
    private readonly ConcurrentQueue<PendingRequest> _idleRequests = new();
    private readonly Timer _requestTimer;
    private readonly string _inboxBase;
    private readonly byte[] _inboxBaseBytes;
    private bool _requestTimerRuns, _inboxAnswered;
    private int _quietTicks;
    private volatile NasSubscription? _inbox;

    /// <summary>Sends a request and waits for one reply.</summary>
    /// <param name="subject">Without the namespace.</param>
    /// <param name="payload">The bytes; copied.</param>
    /// <param name="timeout">How long all of it may take, a connect and a full buffer included; null for the options' RequestTimeout.</param>
    /// <param name="headers">Headers.</param>
    /// <param name="useNamespace">False sends to the subject as it stands.</param>
    /// <param name="cancel">Ends the wait.</param>
    /// <exception cref="NasException">NoResponders, RequestTimeout, PermissionDenied, and those of Publish.</exception>
    public ValueTask<NasMessage> RequestAsync(string subject, ReadOnlyMemory<byte> payload, TimeSpan? timeout = null, NasHeaders? headers = null, bool useNamespace = true, CancellationToken cancel = default) =>
        RequestAsync(subject, payload, null, timeout, headers, useNamespace, cancel);

    /// <inheritdoc cref="RequestAsync(string, ReadOnlyMemory{byte}, TimeSpan?, NasHeaders?, bool, CancellationToken)"/>
    /// <param name="text">The payload, sent as UTF-8.</param>
#pragma warning disable CS1573
    public ValueTask<NasMessage> RequestAsync(string subject, string text, TimeSpan? timeout = null, NasHeaders? headers = null, bool useNamespace = true, CancellationToken cancel = default) =>
#pragma warning restore CS1573
        RequestAsync(subject, default, text, timeout, headers, useNamespace, cancel);

    /// <summary>
    /// Sends one request and gives every reply until <paramref name="count"/>, <paramref name="idleTimeout"/> after a reply,
    /// an empty message (the sentinel of NATS, where <paramref name="stopOnEmpty"/>), or <paramref name="timeout"/>: none
    /// of these is an error.
    /// </summary>
    /// <exception cref="NasException">NoResponders, PermissionDenied, RequestTimeout (it could not be sent in time), and those of Publish.</exception>
    public async IAsyncEnumerable<NasMessage> RequestManyAsync(
        string subject, ReadOnlyMemory<byte> payload, TimeSpan? timeout = null, int count = 0, TimeSpan? idleTimeout = null, bool stopOnEmpty = true,
        NasHeaders? headers = null, bool useNamespace = true, [EnumeratorCancellation] CancellationToken cancel = default)
    {
        var head = HeadOf(subject, useNamespace);
        var limit = timeout ?? Options.RequestTimeout;
        var deadline = Deadline.In(limit);
        if (Options.Subscriptions.Overflow == NasOverflow.Wait && Parent is null)
        {
            var companion = NewCompanion();
            try
            {
                var apart = companion.RequestManyAsync(subject, payload, limit, count, idleTimeout, stopOnEmpty, headers, useNamespace, cancel);
                await foreach (var reply in apart.ConfigureAwait(false)) yield return reply;
            }
            finally
            {
                companion.LeaveParent();
            }
            yield break;
        }
        if (!IsReady) await ReadyInTimeAsync(head.Topic, limit, deadline, cancel).ConfigureAwait(false);
        var inbox = NewInbox();
        var replies = new NasSubscription(this, inbox, inbox, null, null, Options.Subscriptions, count) { RequestTopic = head.Topic };
        Add(replies);
        try
        {
            await PublishInTimeAsync(head, inbox, HeaderBlock(headers), payload, null, limit, deadline, cancel).ConfigureAwait(false);
            for (var got = 0; count == 0 || got < count; got++)
            {
                var left = Deadline.Left(deadline);
                if (got > 0 && idleTimeout is { } given && Deadline.ForTimer(given) is var idle && idle >= TimeSpan.Zero && (left < TimeSpan.Zero || idle < left)) left = idle;
                NasMessage? reply;
                try
                {
                    reply = await replies.ReadAsync(cancel).AsTask().WaitAsync(left, cancel).ConfigureAwait(false);
                }
                catch (TimeoutException)
                {
                    if (got < Math.Max(count, 1) && !IsConnected) throw NoReply(head.Topic, limit);
                    yield break;
                }
                if (reply is null) throw replies.Error ?? Closed();
                if (reply.Status == 503 && reply.Payload.Length == 0) throw NoResponders(head.Topic);
                if (stopOnEmpty && reply.Payload.Length == 0 && reply.HeaderBlock is null) yield break;
                yield return reply;
            }
        }
        finally
        {
            Unsubscribe(replies, 0);
        }
    }

    /// <summary>A subject nobody else has, for answers of any kind.</summary>
    public string NewInbox() => $"{Options.InboxPrefix}.{UniqueId.New()}";

    private ValueTask<NasMessage> RequestAsync(string subject, ReadOnlyMemory<byte> payload, string? text, TimeSpan? timeout, NasHeaders? headers, bool useNamespace, CancellationToken cancel)
    {
        var head = HeadOf(subject, useNamespace);
        var limit = timeout ?? Options.RequestTimeout;
        if (head.AsksForStreamMessage) return RequestAloneAsync(subject, payload, text, limit, headers, useNamespace, cancel);
        var block = HeaderBlock(headers);
        if (!IsReady) return RequestLaterAsync(head, payload, text, limit, block, cancel);
        var deadline = Deadline.In(limit);
        var request = Begin(head, limit, deadline, cancel);
        try
        {
            var replyTopic = _inboxBase + request.Id;
            // A lone request is sent from here; of several, the more go together the better.
            if (_outbox.TryPublish(head, replyTopic, block, payload.Span, text, _requests.Count == 1 ? Haste.Now : Haste.Soon) > 0)
                return FinishAsync(request, PublishInTimeAsync(head, replyTopic, block, payload, text, limit, deadline, cancel));
        }
        catch (Exception e) when (e is NasException)
        {
            TakeRequest(request.Id)?.Fail(e);
        }
        return request.Task;
    }

    /// <summary>A request with an inbox of its own, for a reply whose subject does not say which request it answers.</summary>
    private async ValueTask<NasMessage> RequestAloneAsync(
        string subject, ReadOnlyMemory<byte> payload, string? text, TimeSpan limit, NasHeaders? headers, bool useNamespace, CancellationToken cancel)
    {
        var bytes = text is null ? payload : Encoding.UTF8.GetBytes(text);
        var replies = RequestManyAsync(subject, bytes, limit, count: 1, idleTimeout: null, stopOnEmpty: false, headers, useNamespace, cancel);
        await foreach (var reply in replies.ConfigureAwait(false)) return reply;
        throw NoReply(HeadOf(subject, useNamespace).Topic, limit);
    }

    private async ValueTask<NasMessage> RequestLaterAsync(PublishHead head, ReadOnlyMemory<byte> payload, string? text, TimeSpan limit, byte[]? block, CancellationToken cancel)
    {
        var deadline = Deadline.In(limit);
        await ReadyInTimeAsync(head.Topic, limit, deadline, cancel).ConfigureAwait(false);
        var request = Begin(head, limit, deadline, cancel);
        return await FinishAsync(request, PublishInTimeAsync(head, _inboxBase + request.Id, block, payload, text, limit, deadline, cancel)).ConfigureAwait(false);
    }

    private async Task ReadyInTimeAsync(string topic, TimeSpan limit, Deadline deadline, CancellationToken cancel)
    {
        try
        {
            await ReadyAsync(cancel).Observed().WaitAsync(Deadline.Left(deadline), cancel).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            throw NoReply(topic, limit);
        }
    }

    /// <summary>Waits for room no longer than for the reply: a request given up is not sent after all.</summary>
    private async ValueTask PublishInTimeAsync(PublishHead head, string replyTopic, byte[]? block, ReadOnlyMemory<byte> payload, string? text, TimeSpan limit, Deadline deadline, CancellationToken cancel)
    {
        using var late = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        late.CancelAfter(Deadline.Left(deadline));
        try
        {
            await PublishLaterAsync(head, replyTopic, block, payload, text, late.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            throw NoReply(head.Topic, limit);
        }
    }

    private async ValueTask<NasMessage> FinishAsync(PendingRequest request, ValueTask publishing)
    {
        var reply = request.Task;
        var id = request.Id;
        try
        {
            await publishing.ConfigureAwait(false);
        }
        catch (Exception e) when (e is NasException or OperationCanceledException)
        {
            TakeRequest(id)?.Fail(e);
        }
        return await reply.ConfigureAwait(false);
    }

    private PendingRequest Begin(PublishHead head, TimeSpan limit, Deadline deadline, CancellationToken cancel)
    {
        cancel.ThrowIfCancellationRequested();
        if (_inbox is null) OpenInbox();
        if (!_idleRequests.TryDequeue(out var request)) request = new PendingRequest(_idleRequests.Enqueue);
        request.Start(head.Subject, head.Topic, limit, deadline);
        lock (_requestGate)
        {
            _requests.Add(request);
            if (!_requestTimerRuns)
            {
                _requestTimerRuns = true;
                _requestTimer.Change(RequestTick, RequestTick);
            }
        }
        if (cancel.CanBeCanceled)
        {
            var id = request.Id;
            request.CancelWith(cancel.Register(() => TakeRequest(id)?.Fail(new OperationCanceledException(cancel))));
        }
        if (State == NasConnectionState.Closed) TakeRequest(request.Id)?.Fail(Closed());
        return request;
    }

    /// <summary>The inbox is subscribed to with the first request: its SUB goes before the request on the same wire, so no fence is needed.</summary>
    private void OpenInbox()
    {
        lock (_gate)
        {
            if (_inbox is not null) return;
            var inbox = new NasSubscription(this, _inboxBase + "*", _inboxBase + "*", null, null, Options.Subscriptions, 0);
            _inboxAnswered = false;
            Add(inbox);
            _inbox = inbox;
        }
    }

    private void OnReply(Link link, ref ServerOperation operation, long utcTicks)
    {
        _inboxAnswered = true;
        var token = ReadToken(operation.Subject);
        if ((token is { } id ? TakeRequest(id) : TakeOnlyRequest()) is not { } request) return;
        if (operation.Payload.IsEmpty && NasHeaders.PeekStatus(operation.Headers) == 503)
        {
            request.Fail(NoResponders(request.Topic));
            return;
        }
        var origin = token is { } number ? new MessageOrigin(_inbox!, number) : _inbox!.OriginOf(operation.Subject);
        request.Complete(ToMessage(origin, ref operation, utcTicks));
        // Of several, the requesters stand in one queue of the pool, and behind them the write loop, so that what they ask next leaves together.
        if (_requests.Count == 0) link.HandOver(request);
        else request.Queue();
    }

    internal string ReplyTopicOf(long request) => _inboxBase + request;

    /// <returns>The number of the request; -1 for a subject of this inbox that no request has; null for another subject.</returns>
    private long? ReadToken(ReadOnlySpan<byte> topic)
    {
        if (!topic.StartsWith(_inboxBaseBytes)) return null;
        if (topic.Length == _inboxBaseBytes.Length || topic.Length > _inboxBaseBytes.Length + 18) return -1;
        long id = 0;
        foreach (var digit in topic.Slice(_inboxBaseBytes.Length))
        {
            if ((uint)(digit - '0') > 9) return -1;
            id = id * 10 + digit - '0';
        }
        return id;
    }

    /// <summary>
    /// The request that a reply under a subject of its own belongs to: a server delivers a stream's message to an inbox under
    /// the message's subject. With several under way nobody can tell which.
    /// </summary>
    private PendingRequest? TakeOnlyRequest()
    {
        lock (_requestGate)
        {
            if (_requests.Count != 1) return null;
            var request = _requests.ToList()[0];
            _requests.Remove(request);
            return request;
        }
    }

    private PendingRequest? TakeRequest(long id)
    {
        lock (_requestGate)
        {
            var request = _requests.Find(id);
            if (request is not null) _requests.Remove(request);
            return request;
        }
    }

    private void OnRequestTimer()
    {
        List<long> late = [];
        lock (_requestGate)
        {
            var now = MonotonicClock.Now;
            if (_requests.Count > 0)
            {
                _quietTicks = 0;
                foreach (var request in _requests.ToList()) if (request.Deadline.IsOver(now)) late.Add(request.Id);
            }
            else if (++_quietTicks * RequestTick.TotalMilliseconds > 1000)
            {
                _quietTicks = 0;
                _requestTimerRuns = false;
                _requestTimer.Change(Timeout.Infinite, Timeout.Infinite);
            }
        }
        foreach (var id in late)
            if (TakeRequest(id) is { } request)
                request.Fail(NoReply(request.Topic, request.Timeout));
    }

    /// <param name="topic">The subject that is denied, or the reply subject.</param>
    /// <param name="error">The server's word.</param>
    /// <returns>Was there any?</returns>
    private bool DenyRequests(string topic, NasException error)
    {
        var failed = FailRequests(error, r => r.Topic == topic || ReplyTopicOf(r.Id) == topic);
        List<NasSubscription> many;
        lock (_gate) many = _subscriptions.ToList().FindAll(s => s.RequestTopic is { } asked && (asked == topic || s.Topic == topic));
        foreach (var replies in many) EndSubscription(replies, error);
        return failed > 0 || many.Count > 0;
    }

    private void DenyInbox(NasException error)
    {
        _inbox = null;
        FailRequests(error);
    }

    /// <returns>How many.</returns>
    private int FailRequests(NasException error, Func<PendingRequest, bool>? which = null)
    {
        List<PendingRequest> failed = [];
        lock (_requestGate)
        {
            foreach (var request in _requests.ToList())
            {
                if (which is not null && !which(request)) continue;
                _requests.Remove(request);
                failed.Add(request);
            }
        }
        foreach (var request in failed) request.Fail(error);
        return failed.Count;
    }

    /// <summary>Without a server there is nobody to answer: that is another failure than a service that is silent.</summary>
    private NasException NoReply(string topic, TimeSpan limit) => IsConnected
        ? new(NasError.RequestTimeout, $"No reply to the request on '{topic}' came within {limit.TotalSeconds:0.###} s.") { Target = topic }
        : new(NasError.NotConnected, $"The request on '{topic}' has no reply after {limit.TotalSeconds:0.###} s: the session is not connected ({State}).") { Target = topic };

    private static NasException NoResponders(string topic) =>
        new(NasError.NoResponders, $"Nobody answers on '{topic}': no service or subscription listens there.") { Target = topic };
}

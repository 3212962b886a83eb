using System.Text;
using NasPubSub.Connection;
using NasPubSub.Messaging;
using NasPubSub.Protocol;

namespace NasPubSub;

/// <summary>What comes from the server. All of it runs on the read loop: short, and no user code.</summary>
public sealed partial class NasConnection : ILinkHandler
{
    private readonly Timer _pings;
    private readonly DenialLog _denials = new();

    /// <summary>What the server denied without anybody being told; one log for a connection and its companions.</summary>
    internal DenialLog Denials => Parent?._denials ?? _denials;

    void ILinkHandler.OnOperation(Link link, ref ServerOperation operation, long utcTicks)
    {
        // What came before it is delivered before it: a PONG tells that nothing more comes.
        if (operation.Kind != OperationKind.Message) link.Deliveries?.End();
        switch (operation.Kind)
        {
            case OperationKind.Message: OnMessage(link, ref operation, utcTicks); break;
            case OperationKind.Ping: Answer(link); break;
            case OperationKind.Pong: OnPong(link); break;
            case OperationKind.Info: OnInfo(link, NasServerInfo.Parse(operation.Text)); break;
            case OperationKind.Error: OnServerError(link, ServerErrors.Read(Encoding.UTF8.GetString(operation.Text))); break;
        }
    }

    private void OnMessage(Link link, ref ServerOperation operation, long utcTicks)
    {
        if (link.Overlap is { } overlap && operation.Sid != _inbox?.Sid)
        {
            if (!link.IsNew) overlap.Note(ref operation);
            else if (TakeMoved(link, overlap, ref operation, utcTicks)) return;
        }
        Route(link, ref operation, utcTicks);
    }

    void ILinkHandler.OnReadEnd(Link link) => link.Deliveries?.End();

    private void Route(Link link, ref ServerOperation operation, long utcTicks)
    {
        var deliveries = link.Deliveries ??= new Deliveries(this, link);
        deliveries.Count(operation.Headers.Length + operation.Payload.Length);
        if (!operation.SameAsLast || link.LastSubscription is null)
        {
            // A message for a subscription that has just ended finds nobody.
            link.LastSubscription = _subscriptions.Find(operation.Sid);
            if (link.LastSubscription is null) return;
            if (link.LastSubscription == _inbox)
            {
                link.LastSubscription = null;
                OnReply(link, ref operation, utcTicks);
                return;
            }
            link.LastOrigin = link.LastSubscription.OriginOf(operation.Subject);
        }
        deliveries.Add(link.LastSubscription, ToMessage(link.LastOrigin!, ref operation, utcTicks));
    }

    internal void CountIn(long messages, long bytes)
    {
        Interlocked.Add(ref _messagesIn, messages);
        Interlocked.Add(ref _bytesIn, bytes);
    }

    private void Answer(Link link)
    {
        // A link moved to has no outbox yet; its server waits minutes for this.
        if (link == _link) _outbox.WritePong();
    }

    private static NasMessage ToMessage(MessageOrigin origin, ref ServerOperation operation, long utcTicks)
    {
        var extras = operation.ReplyTo.IsEmpty && operation.Headers.IsEmpty
            ? null
            : new MessageExtras(
                origin,
                operation.ReplyTo.IsEmpty ? null : Encoding.UTF8.GetString(operation.ReplyTo),
                operation.Headers.IsEmpty ? null : operation.Headers.ToArray());
        return new NasMessage(origin, Copy(operation.Payload), extras, utcTicks);
    }

    private static byte[] Copy(ReadOnlySpan<byte> payload)
    {
#if NETSTANDARD2_0
        return payload.ToArray();
#else
        // All of it is written: large arrays need no zeros first.
        var copy = GC.AllocateUninitializedArray<byte>(payload.Length);
        payload.CopyTo(copy);
        return copy;
#endif
    }

    private void OnPong(Link link)
    {
        if (link.OnPong() is not { } fence) return;
        _outbox.Confirm(fence);
        fence.Arrived();
    }

    private void OnInfo(Link link, NasServerInfo info)
    {
        link.Info = info;
        if (link == _link)
        {
            ServerInfo = info;
            _outbox.SetMaxPayload(info.MaxPayload);
        }
        Learn(link, info);
    }

    /// <summary>Takes up what INFO tells of the cluster and of the server's end.</summary>
    private void Learn(Link link, NasServerInfo info)
    {
        var fresh = _pool.Discover(info, link.Address, link.IsTls);
        if (fresh.Count > 0) Notify(NasEventKind.ServersDiscovered, $"The cluster has further servers: {string.Join(", ", fresh)}.");
        if (info.LameDuck) OnLameDuck(link);
    }

    private void OnServerError(Link link, ServerErrors error)
    {
        var exception = error.ToException(link.Address.ToString());
        if (error.Closes)
        {
            // The server closes; the reason outlives the broken socket.
            link.ServerError = exception;
            return;
        }
        if (error.Error == NasError.PermissionDenied && !error.IsPublish)
        {
            DenySubscriptions(error, exception);
        }
        else if (error.Error == NasError.PermissionDenied)
        {
            // A request tells its caller; a publish has returned long ago.
            if (!DenyRequests(error.Topic ?? "", exception)) Denials.Add(exception);
        }
        else if (error.Error == NasError.LimitExceeded) DenyLatest(exception);
        OnError(exception);
    }

    /// <summary>The server does not say which subscription was one too many: of those not confirmed yet, the last ones.</summary>
    private void DenyLatest(NasException exception)
    {
        NasSubscription? denied;
        lock (_gate) denied = _unconfirmed.LastOrDefault(s => s.Error is null) ?? _subscriptions.ToList().LastOrDefault(IsUnheardInbox);
        if (denied is null) return;
        EndSubscription(denied, exception);
        if (denied == _inbox) DenyInbox(exception);
    }

    /// <summary>An inbox, for which no fence was asked, and nothing has come by.</summary>
    private bool IsUnheardInbox(NasSubscription subscription) =>
        subscription == _inbox ? !_inboxAnswered : subscription.RequestTopic is not null && subscription.Delivered == 0;

    private void DenySubscriptions(ServerErrors error, NasException exception)
    {
        List<NasSubscription> denied;
        lock (_gate)
            denied = [.. _subscriptions.ToList().Where(s => error.Sid > 0 ? s.Sid == error.Sid : s.Topic == error.Topic && (error.QueueGroup is null || s.QueueGroup == error.QueueGroup))];
        foreach (var subscription in denied)
        {
            bool isAwaited;
            lock (_gate) isAwaited = subscription == _inbox || subscription.RequestTopic is not null || _unconfirmed.Contains(subscription);
            // After a reload of the permissions, say, whoever subscribed does not wait for the answer any more. Whoever reads
            // it takes the denial over, and must still be there.
            if (!isAwaited) Denials.Add(exception, subscription);
            EndSubscription(subscription, exception);
            if (subscription == _inbox) DenyInbox(exception);
        }
    }

    private void OnError(Exception error)
    {
        Remember(error);
        Notify(NasEventKind.Error, error.Message, error);
    }

    internal void OnSlow(NasSubscription subscription)
    {
        var error = new NasException(NasError.SlowConsumer, $"The subscription to '{subscription.Topic}' (sid {subscription.Sid}) is too slow: {subscription.PendingMessages:N0} messages wait, further ones are dropped.") { Target = subscription.Subject };
        Remember(error);
        Notify(NasEventKind.SlowConsumer, error.Message, error);
    }

    internal void OnDropped() => Interlocked.Increment(ref _dropped);

    internal void OnHandlerFailed(NasSubscription subscription, Exception error) =>
        Notify(NasEventKind.Error, $"The handler of '{subscription.Subject}' failed: {error.Message}", error);

    private void StartPings()
    {
        var interval = Deadline.ForTimer(Options.PingInterval);
        _pings.Change(interval, interval);
    }

    private void OnPingTimer()
    {
        // A link that pauses reads no PONG either.
        if (_link is not { IsPaused: false } link) return;
        if (link.PingsOut >= Options.MaxPingsOut)
        {
            link.Fail(new NasException(NasError.ConnectionLost, $"The server {link.Address} answered none of {link.PingsOut} pings."));
            return;
        }
        link.PingsOut++;
        try
        {
            _outbox.WriteFence(default, null);
        }
        catch (NasException)
        {
            // It broke meanwhile; the next connection has its own pings.
        }
    }
}

using NasPubSub.Connection;
using NasPubSub.Protocol;

namespace NasPubSub.Messaging;

/// <summary>Handles INFO, PING and errors of servers. Runs on the read loops: no user code, no waiting.</summary>
internal sealed class ServerListener(
    ServerPool pool,
    SendBuffer buffer,
    ConnectionStatus status,
    ServerMigration migration,
    SubscriptionTable subscriptions,
    RequestTable requests,
    NasDenials denials
) : IServerListener
{
    public void OnPing(Link link)
    {
        // A link that the client moves to has no send buffer yet. Its server waits minutes for a PONG.
        if (link == status.Link)
        {
            buffer.WritePong();
        }
    }

    public void OnConfirmed(long published) => buffer.Ledger.Confirm(published);

    public void OnInfo(Link link)
    {
        if (link == status.Link)
        {
            status.Update(link.Info);
            buffer.Limits = ServerLimits.Of(link);
        }
        Learn(link);
    }

    /// <summary>Learns from INFO which servers the cluster has, and whether this one shuts down.</summary>
    public void Learn(Link link)
    {
        var fresh = pool.Discover(link.Info, link.Address, link.IsTls);
        if (fresh.Count > 0)
        {
            status.Notify(NasEventKind.ServersDiscovered, $"The cluster has more servers: {string.Join(", ", fresh)}.");
        }
        if (link.Info.LameDuck)
        {
            migration.Start(link);
        }
    }

    public void OnError(Link link, ServerErrors error)
    {
        var exception = error.ToException(link.Address.ToString());
        if (error.Error == NasError.PermissionDenied && error.IsPublish)
        {
            DenyPublish(error.Topic ?? "", exception);
        }
        else if (error.Error == NasError.PermissionDenied)
        {
            DenySubscriptions(error, exception);
        }
        else if (error.Error == NasError.LimitExceeded && subscriptions.FindLatest() is { } latest)
        {
            Deny(latest, exception);
        }
        status.Report(exception);
    }

    private void DenyPublish(string subject, NasException exception)
    {
        var isReported = requests.Deny(subject, exception);
        foreach (
            var replies in subscriptions.All.FindAll(s =>
                s.RequestTopic is { } asked && (asked == subject || s.Topic == subject)
            )
        )
        {
            subscriptions.End(replies, exception);
            isReported = true;
        }
        foreach (var inbox in subscriptions.All.FindAll(s => s.Replies is not null))
        {
            isReported |= inbox.Replies!.Reader.OnPublishDenied(subject, exception);
        }
        // The caller of a request gets the error; a publish has returned.
        if (!isReported)
        {
            denials.Add(exception);
        }
    }

    private void DenySubscriptions(ServerErrors error, NasException exception)
    {
        foreach (var (subscription, isAwaited) in subscriptions.FindDenied(error))
        {
            // After a reload of the permissions, the caller that subscribed no longer waits for an answer. A reader
            // of the subscription may claim the denial, so it is offered before the subscription ends.
            if (!isAwaited)
            {
                denials.Add(exception, subscription);
            }
            Deny(subscription, exception);
        }
    }

    private void Deny(NasSubscription subscription, NasException exception)
    {
        subscriptions.End(subscription, exception);
        if (requests.IsInbox(subscription))
        {
            requests.DenyInbox(exception);
        }
    }
}

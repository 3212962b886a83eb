using System.Text;
using NasPubSub.Connection;
using NasPubSub.Protocol;

namespace NasPubSub.Messaging;

/// <summary>
/// Brings what one link reads to the subscription or request it belongs to. Read loop only: short, and no user code.
/// </summary>
internal sealed class InboundRouter(
    Link link,
    SubscriptionTable subscriptions,
    RequestTable requests,
    DeliveryBatch batch
) : IMessageReader
{
    /// <summary>Whose the last message was: the next is likely to be the same one's.</summary>
    private NasSubscription? _last;
    private MessageOrigin? _origin;

    public void OnMessage(ref ServerOperation operation, long utcTicks)
    {
        if (
            link.Migration is MigrationBuffer migration
            && !requests.IsInbox(operation.Sid)
            && !Pass(migration, ref operation, utcTicks)
        )
        {
            return;
        }
        batch.Count(operation.Headers.Length + operation.Payload.Length);
        if (operation.SameAsLast && _last is not null)
        {
            batch.Add(_last, Create(_origin!, ref operation, utcTicks));
            return;
        }
        _last = subscriptions.Find(operation.Sid);
        if (_last is null)
        {
            // The subscription has just ended: nobody waits for the message any more.
            return;
        }
        if (requests.IsInbox(operation.Sid))
        {
            _last = null;
            batch.FlushCounts();
            requests.OnReply(link, ref operation, utcTicks);
            return;
        }
        _origin = _last.OriginOf(operation.Subject);
        batch.Add(_last, Create(_origin, ref operation, utcTicks));
    }

    /// <summary>All that one read brought, or all before an operation of another kind, has been routed.</summary>
    public void Flush() => batch.End();

    /// <returns>Is the message to be delivered now?</returns>
    private bool Pass(MigrationBuffer migration, ref ServerOperation operation, long utcTicks)
    {
        if (!migration.IsNext(link))
        {
            migration.AddNote(ref operation);
            return true;
        }
        var subscription = subscriptions.Find(operation.Sid);
        if (!migration.IsKeeping)
        {
            return !migration.IsCopy(subscription, ref operation);
        }
        if (subscription is not null)
        {
            var origin = new MessageOrigin(subscription, Encoding.UTF8.GetString(operation.Subject));
            var message = Create(origin, ref operation, utcTicks);
            foreach (var due in migration.Keep(subscription, message, ref operation))
            {
                batch.Count(due.Size);
                batch.Add(subscription, due);
            }
        }
        return false;
    }

    /// <summary>A message as the user gets it: the payload in an array of its own.</summary>
    public static NasMessage Create(MessageOrigin origin, ref ServerOperation operation, long utcTicks)
    {
        if (operation.ReplyTo.IsEmpty && operation.Headers.IsEmpty)
        {
            return new NasMessage(origin, Copy(operation.Payload), null, utcTicks);
        }
        var extras = new MessageExtras(
            origin,
            operation.ReplyTo.IsEmpty ? null : Encoding.UTF8.GetString(operation.ReplyTo),
            operation.Headers.IsEmpty ? null : operation.Headers.ToArray()
        );
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
}

using System.Text;
using NasPubSub.Connection;
using NasPubSub.Protocol;

namespace NasPubSub.Messaging;

/// <summary>
/// Routes the messages of one link to their subscriptions and requests. Read loop only: no user code, no waiting.
/// </summary>
internal sealed class InboundRouter(
    Link link,
    SubscriptionTable subscriptions,
    RequestTable requests,
    DeliveryBatch batch
) : IMessageReader
{
    /// <summary>The subscription of the last message: the next message is likely to have the same.</summary>
    private NasSubscription? _last;
    private MessageOrigin? _origin;
    private ReplyRouter? _replies;

    public void OnMessage(ref ServerOperation operation, long utcTicks)
    {
        if (
            link.Migration is MigrationBuffer migration
            && !requests.IsInbox(operation.Sid)
            && subscriptions.Find(operation.Sid)?.Replies is null
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
            // The subscription has just ended.
            return;
        }
        if (requests.IsInbox(operation.Sid))
        {
            _last = null;
            batch.FlushCounts();
            requests.OnReply(link, ref operation, utcTicks);
            return;
        }
        if (_last.Replies is { } replies)
        {
            _last = null;
            if (_replies != replies)
            {
                _replies?.OnReadEnd();
                _replies = replies;
            }
            replies.OnReply(ref operation);
            return;
        }
        _origin = _last.OriginOf(operation.Subject);
        batch.Add(_last, Create(_origin, ref operation, utcTicks));
    }

    /// <summary>The read is over, or an operation of another kind follows.</summary>
    public void Flush()
    {
        _replies?.OnReadEnd();
        _replies = null;
        batch.End();
    }

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

    /// <summary>Makes the message for the user, with the payload in an array of its own.</summary>
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
        // The copy fills the array: it needs no zeros first.
        var copy = GC.AllocateUninitializedArray<byte>(payload.Length);
        payload.CopyTo(copy);
        return copy;
#endif
    }
}

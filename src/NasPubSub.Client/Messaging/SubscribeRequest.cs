using NasPubSub.Protocol;

namespace NasPubSub.Messaging;

/// <summary>What a caller of SubscribeAsync asks for.</summary>
internal sealed record SubscribeRequest(
    string Subject,
    Func<NasMessage, ValueTask>? Handler,
    string? QueueGroup,
    bool UseNamespace,
    NasSubscriptionOptions Options,
    long MaxMessages
)
{
    /// <exception cref="NasException">InvalidSubject, InvalidQueueGroup.</exception>
    public void Check()
    {
        Subjects.CheckSubscribe(Subject);
        if (QueueGroup is not null)
        {
            Subjects.CheckQueueGroup(QueueGroup);
        }
        if (MaxMessages < 0)
        {
            throw new ArgumentOutOfRangeException(nameof(MaxMessages));
        }
    }

    public NasSubscription Create(ConnectionCore core)
    {
        var topic = Subjects.ToWire(core.Options.Namespace, Subject, UseNamespace, core.Options.InboxPrefix);
        return new NasSubscription(core, Subject, topic, QueueGroup, Handler, Options, MaxMessages);
    }
}

namespace NasPubSub.JetStream.Acknowledging;

/// <summary>What an acknowledgement may fail with.</summary>
internal static class AckErrors
{
    public static NasException NotAcknowledgeable(NasMessage message) =>
        new(
            NasError.NoReplySubject,
            message.Stream is null
                ? $"The message on '{message.Topic}' cannot be acknowledged: no consumer delivered it, or its consumer expects no acknowledgement."
                : $"Message {message.Sequence} of '{message.Stream}' cannot be acknowledged: it was read without a consumer."
        )
        {
            Code = "NotAcknowledgeable",
            Target = message.Topic,
        };

    public static NasException NoConnection(NasMessage message) =>
        new(
            NasError.NotConnected,
            $"The message on '{message.Topic}' did not come from a subscription, so there is no connection for its acknowledgement."
        )
        {
            Target = message.Topic,
        };

    public static NasException NoConsumer(NasMessage message, NasException inner) =>
        new(
            NasError.NoResponders,
            $"The acknowledgement of message {message.Sequence} was not accepted: the consumer '{message.Consumer}' of '{message.Stream}' is gone, or it has no leader.",
            inner
        )
        {
            Code = "ConsumerNotFound",
            Target = message.Consumer,
        };

    public static NasException NoAnswer(NasMessage message, TimeSpan timeout, NasException inner) =>
        new(
            NasError.Timeout,
            $"The consumer '{message.Consumer}' of '{message.Stream}' did not confirm the acknowledgement of message {message.Sequence} within {timeout.TotalSeconds:0.###} s.",
            inner
        )
        {
            Target = message.Consumer,
        };
}

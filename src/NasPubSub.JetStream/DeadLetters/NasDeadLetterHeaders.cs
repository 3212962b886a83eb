namespace NasPubSub.JetStream;

/// <summary>
/// The headers of a message that was stored elsewhere because its consumer could not handle it: with its own payload
/// and headers, and these.
/// </summary>
public static class NasDeadLetterHeaders
{
    /// <summary>What all of them begin with.</summary>
    public const string Prefix = "Nas-Dead-Letter-";

    /// <summary>A name of <see cref="NasDeadLetterReason"/>.</summary>
    public const string Reason = Prefix + "Reason";

    /// <summary>Why, for people to read: one line, such as the error of the action. May be missing.</summary>
    public const string Detail = Prefix + "Detail";

    /// <summary>The stream that the message comes from.</summary>
    public const string Stream = Prefix + "Stream";

    /// <summary>The consumer that delivered it.</summary>
    public const string Consumer = Prefix + "Consumer";

    /// <summary>Its sequence in the stream.</summary>
    public const string Sequence = Prefix + "Sequence";

    /// <summary>The subject on the wire that it was published to.</summary>
    public const string Subject = Prefix + "Subject";

    /// <summary>How often the consumer delivered it.</summary>
    public const string Deliveries = Prefix + "Deliveries";

    /// <summary>
    /// Makes the headers of a message that is stored as a dead letter: its own, and what is known of its delivery.
    /// </summary>
    /// <param name="message">A message that a consumer delivered.</param>
    /// <param name="reason">Why it is one.</param>
    /// <param name="detail">For people to read; line breaks and control characters are replaced.</param>
    /// <returns>New headers, without those that the server would act upon again: Nats-Msg-Id, Nats-Expected-*,
    /// Nats-TTL, Nats-Rollup.</returns>
    public static NasHeaders Create(NasMessage message, NasDeadLetterReason reason, string? detail = null)
    {
        var headers = ReplayHeaders.Of(message.Headers, withTimeToLive: false);
        headers.Set(Reason, reason.ToString());
        headers.Set(Subject, message.Topic);
        SetIfAny(Detail, string.IsNullOrWhiteSpace(detail) ? null : Diagnostics.TerminalText.Line(detail));
        SetIfAny(Stream, message.Stream);
        SetIfAny(Consumer, message.Consumer);
        SetIfAny(Sequence, message.Sequence?.ToString(System.Globalization.CultureInfo.InvariantCulture));
        SetIfAny(Deliveries, message.Delivered?.ToString(System.Globalization.CultureInfo.InvariantCulture));
        return headers;

        void SetIfAny(string name, string? value)
        {
            if (value is not null)
            {
                headers.Set(name, value);
            }
        }
    }
}

/// <summary>Why a message is a dead letter.</summary>
public enum NasDeadLetterReason
{
    /// <summary>It was delivered as often as the consumer allows, and never acknowledged.</summary>
    MaxDeliveries,

    /// <summary>Its receiver rejected it.</summary>
    Rejected,
}

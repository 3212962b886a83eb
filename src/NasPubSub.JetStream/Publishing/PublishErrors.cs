namespace NasPubSub.JetStream.Publishing;

/// <summary>Errors of publishing, and which of them another try may end (ADR-22).</summary>
internal static class PublishErrors
{
    /// <summary>How long to wait before a message is sent again that nobody could take.</summary>
    public static readonly TimeSpan RetryWait = TimeSpan.FromMilliseconds(250);

    /// <summary>How often a message is sent to a subject on which nobody listens, in all.</summary>
    public const int NoResponderTries = 3;

    /// <summary>The servers could not store it yet: no leader, a full queue, the same id in process.</summary>
    public static bool IsTransient(NasException error) =>
        error.ApiErrorCode is 10008 or 10009 or 10158 or 10163 or 10167 or 10210 or 10211;

    /// <summary>Another message, or id, is the last one. A message that was sent twice may itself be that.</summary>
    public static bool IsWrongLast(NasException error) => error.ApiErrorCode is 10070 or 10071 or 10164;

    public static NasException NoStream(string topic, Exception? inner = null) =>
        new(NasError.NoResponders, $"No stream stores messages on the subject '{topic}'.", inner)
        {
            Code = "NoStream",
            Target = topic,
        };

    public static NasException NotOfStream(string topic, string stream) =>
        new(NasError.InvalidSubject, $"The stream '{stream}' does not store messages on the subject '{topic}'.")
        {
            Code = "NoStream",
            Target = topic,
        };

    /// <summary>It was never sent.</summary>
    public static NasException NotSent(string topic, TimeSpan limit) =>
        new(
            NasError.Timeout,
            $"The message on '{topic}' was not sent: within {limit.TotalSeconds:0.###} s no server answered."
        )
        {
            Target = topic,
        };

    /// <summary>It may be stored, and sending it again might store it twice.</summary>
    public static NasException Unsafe(string topic, StreamFacts? stream) =>
        Unknown(
            topic,
            stream is null
                ? "the connection broke, and sending it again is not safe without access to the stream's configuration"
                : "the connection broke, and the duplicate window of the stream "
                    + $"'{stream.Name}' ({stream.DuplicateWindow.TotalSeconds:0.###} s) is too short to send it again"
        );

    /// <summary>The message of an error as the last part of a sentence.</summary>
    public static string AsReason(NasException error) => error.Message.TrimEnd('.');

    /// <summary>It may be stored.</summary>
    public static NasException Unknown(string topic, string why) =>
        new(NasError.Timeout, $"It is unknown whether the message on '{topic}' was stored: {why}.")
        {
            Code = "OutcomeUnknown",
            Target = topic,
        };
}

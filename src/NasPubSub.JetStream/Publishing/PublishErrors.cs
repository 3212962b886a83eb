namespace NasPubSub.JetStream.Publishing;

/// <summary>Errors of publishing, and which of them another try may end (ADR-22).</summary>
internal static class PublishErrors
{
    /// <summary>How long to wait before a message is sent again that nobody could take.</summary>
    public static readonly TimeSpan RetryWait = TimeSpan.FromMilliseconds(250);

    /// <summary>How often a message is sent to a subject on which nobody listens, in all.</summary>
    public const int NoResponderTries = 3;

    /// <summary>Too many fast batches are open; another time there may be room.</summary>
    public const int TooManyBatches = 10211;

    /// <summary>The servers could not store it yet: no leader, a full queue, the same id in process.</summary>
    public static bool IsTransient(NasException error) =>
        error.ApiErrorCode is 10008 or 10009 or 10158 or 10163 or 10167 or 10210 or TooManyBatches;

    /// <summary>The stream takes no fast batch, not this one, or no more of it: it stored nothing.</summary>
    public static bool IsBatchRefusal(NasException error) =>
        error.ApiErrorCode is (>= 10205 and <= 10208) or TooManyBatches;

    /// <summary>Another message, or id, is the last one. A message that was sent twice may itself be that.</summary>
    public static bool IsWrongLast(NasException error) => error.ApiErrorCode is 10070 or 10071 or 10164;

    public static NasException NoStream(string topic, Exception? inner = null) =>
        new(NasError.NoResponders, $"No stream stores messages on the subject '{topic}'.", inner)
        {
            Code = "NoStream",
            Target = topic,
        };

    /// <summary>An error of the server, which names neither the subject nor the stream, with both.</summary>
    /// <param name="error">What the server said.</param>
    /// <param name="topic">The subject on the wire.</param>
    /// <param name="stream">The stream that has the subject; null where that is not known.</param>
    /// <param name="expected">The stream that the message was to be stored in, where it was named.</param>
    public static NasException Refused(NasException error, string topic, string? stream, string? expected)
    {
        if (error.ApiErrorCode is not { } number || error.Target is not null)
        {
            return error;
        }
        var owner = stream is null ? "The stream" : $"The stream '{stream}'";
        var message = $"message on '{topic}'";
        var (code, text) = number switch
        {
            10060 when expected is not null && expected != stream => (
                "NoStream",
                $"The stream '{expected}' does not store messages on the subject '{topic}'"
                    + (stream is null ? "." : $"; the stream '{stream}' does.")
            ),
            10165 => (
                "InvalidMessageTtl",
                $"The time to live of the {message} is not valid: whole seconds are, from 1 on, or 'never'."
            ),
            10166 => (
                "MessageTtlDisabled",
                $"{owner} does not allow messages with a time to live of their own, as the {message}."
            ),
            10188 => ("SchedulesDisabled", $"{owner} does not allow scheduled messages, as the {message}."),
            10189 => (
                "InvalidSchedule",
                $"The schedule of the {message} is not valid: an interval of 1 s or more is, or a cron expression "
                    + "with six fields, the second first."
            ),
            10190 => (
                "InvalidSchedule",
                $"The target of the scheduled {message} is not valid: another subject of the same stream is, "
                    + "without wildcards."
            ),
            10191 => ("InvalidSchedule", $"The time to live that the schedule on '{topic}' gives is not valid."),
            10192 => ("InvalidSchedule", $"The rollup of the scheduled {message} is not valid: only 'sub' is."),
            10203 => (
                "InvalidSchedule",
                $"The source of the scheduled {message} is not valid: another subject of the same stream is, "
                    + "without wildcards."
            ),
            10212 => ("InvalidSchedule", $"The header Nats-Scheduler of the {message} names no schedule of the stream."),
            10223 => (
                "InvalidSchedule",
                $"The time zone of the scheduled {message} is not valid: a name such as Europe/Paris is, with a cron expression."
            ),
            _ => (error.Code, $"The {message} was refused: {error.ApiErrorDescription?.TrimEnd('.')}."),
        };
        return new NasException(error.Error, text, error)
        {
            Code = code,
            ApiErrorCode = number,
            ApiErrorDescription = error.ApiErrorDescription,
            Target = topic,
        };
    }

    /// <summary>The headers are of the publisher's making, at least in part.</summary>
    public static NasException TooLarge(NasException error, int headerLength) =>
        new(
            error.Error,
            $"{error.Message} Of these, {headerLength:N0} bytes are headers: they hold the id by which the stream recognizes the message.",
            error
        )
        {
            Target = error.Target,
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

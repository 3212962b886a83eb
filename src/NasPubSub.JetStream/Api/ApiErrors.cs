using System.Text.Json.Nodes;

namespace NasPubSub.JetStream.Api;

/// <summary>
/// The errors of JetStream: each has the server's <c>err_code</c> (ADR-1), and a <see cref="NasException.Code"/> of its
/// own where scripts branch on it.
/// </summary>
internal static class ApiErrors
{
    /// <summary>The cluster has no leader for its streams yet.</summary>
    public const int NoLeader = 10008;

    /// <summary>Another message is the last one: of the stream, or of the subject.</summary>
    public const int WrongLastSequence = 10071;

    /// <summary>The same from a race between replicas; it does not name the sequence.</summary>
    public const int WrongLastSequenceConstant = 10164;

    /// <summary>There is no such stream.</summary>
    public const int StreamNotFound = 10059;

    /// <summary>There is no such consumer.</summary>
    public const int ConsumerNotFound = 10014;

    /// <summary>A stream could not be restored; the description says why.</summary>
    public const int RestoreFailed = 10062;

    /// <summary>A stream could not be backed up; the description says why.</summary>
    public const int SnapshotFailed = 10064;

    /// <summary>There is no such message.</summary>
    public const int MessageNotFound = 10037;

    /// <summary>The code of an error of the API; <c>JetStreamError</c> where it has none of its own.</summary>
    public static string CodeOf(int code) =>
        code switch
        {
            StreamNotFound => "StreamNotFound",
            ConsumerNotFound or 10149 => "ConsumerNotFound",
            MessageNotFound or 10043 => "MessageNotFound",
            WrongLastSequence or WrongLastSequenceConstant => "WrongRevision",
            10058 or 10130 => "StreamExists",
            10065 => "SubjectsOverlap",
            10077 or 10047 or 10122 => "StreamFull",
            10013 or 10105 or 10148 => "ConsumerExists",
            10039 or 10076 or 10010 => "JetStreamDisabled",
            10185 => "UnsupportedByServer",
            10003 or 10012 or 10025 or 10052 or 10055 or 10074 or 10160 => "InvalidConfiguration",
            NoLeader => "NoLeader",
            10023 or 10028 => "InsufficientResources",
            _ => "JetStreamError",
        };

    /// <summary>Reads <c>error</c> of a response.</summary>
    /// <param name="error">With <c>code</c>, <c>err_code</c> and <c>description</c>.</param>
    /// <param name="subject">What the call was about.</param>
    public static NasException From(JsonObject error, string? subject = null)
    {
        var code = (int)error.Long("err_code");
        var text = error["description"] is { } given ? given.As<string>("description") : $"error {error["code"]}";
        return new NasException(
            NasError.ServerError,
            subject is null ? Sentence(text) : $"'{subject}': {Sentence(text)}"
        )
        {
            Code = CodeOf(code),
            ApiErrorCode = code,
            ApiErrorDescription = text,
            Target = subject,
        };
    }

    /// <summary>Nobody answers API calls.</summary>
    public static NasException NoAnswer(NasConnection connection, NasJetStreamOptions options, Exception inner) =>
        Disabled(
            options.Domain is { Length: > 0 } domain ? $"JetStream in the domain '{domain}' does not answer."
            : options.ApiPrefix is { } prefix ? $"JetStream does not answer under the prefix '{prefix}'."
            : connection.ServerInfo is { JetStream: false } ? "JetStream is not enabled on the server."
            : "JetStream does not answer: it is not enabled for the account, or has no leader.",
            inner
        );

    /// <summary>The server is older than what a feature needs.</summary>
    /// <param name="feature">As the subject of a sentence, such as "A time to live for a message".</param>
    /// <param name="version">The first version that has it, such as 2.11.</param>
    /// <param name="actual">The version of the server; null where it is not known.</param>
    public static NasException Unsupported(string feature, string version, string? actual) =>
        new(
            NasError.ServerError,
            $"{feature} needs nats-server {version} or later{(actual is null ? "" : $"; this is {actual}")}."
        )
        {
            Code = "UnsupportedByServer",
        };

    private static NasException Disabled(string message, Exception inner) =>
        new(NasError.ServerError, message, inner) { Code = "JetStreamDisabled" };

    private static string Sentence(string text) =>
        text.Length == 0 ? text : char.ToUpperInvariant(text[0]) + text.Substring(1).TrimEnd('.') + ".";
}

using System.Globalization;

namespace NasPubSub.JetStream.Consuming;

/// <summary>A status that answers a pull request (ADR-13, ADR-37): an empty message to the inbox of the pull.</summary>
/// <param name="Code">Such as 408.</param>
/// <param name="Text">What stands behind the code.</param>
/// <param name="PendingMessages">What the request still waited for; null where the server does not say.</param>
/// <param name="PendingBytes">The same in bytes.</param>
internal readonly record struct PullStatus(
    int Code,
    string Text,
    long? PendingMessages = null,
    long? PendingBytes = null
)
{
    /// <summary>The text begins so, in whatever case.</summary>
    public bool Says(string text) => Text.StartsWith(text, StringComparison.OrdinalIgnoreCase);

    /// <summary>Reads the headers of a message with a status.</summary>
    public static PullStatus From(NasMessage message)
    {
        var headers = message.Headers;
        return new PullStatus(
            headers.Status,
            headers.StatusText,
            Number(headers["Nats-Pending-Messages"]),
            Number(headers["Nats-Pending-Bytes"])
        );
    }

    private static long? Number(string? text) =>
        long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : null;
}

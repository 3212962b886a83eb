using System.Globalization;
using System.Text;
using NasPubSub.JetStream.Api;

namespace NasPubSub.JetStream.Acknowledging;

/// <summary>What is sent to the subject of an acknowledgement (ADR-15).</summary>
internal static class AckBody
{
    /// <summary>The message is done.</summary>
    public static readonly ReadOnlyMemory<byte> Ack = "+ACK"u8.ToArray();

    /// <summary>It is still being worked on: the time to acknowledge it begins anew.</summary>
    public static readonly ReadOnlyMemory<byte> InProgress = "+WPI"u8.ToArray();

    private static readonly ReadOnlyMemory<byte> Retry = "-NAK"u8.ToArray();
    private static readonly ReadOnlyMemory<byte> Terminate = "+TERM"u8.ToArray();

    /// <summary>Deliver it again, at once or later.</summary>
    public static ReadOnlyMemory<byte> Nak(TimeSpan? delay) =>
        delay is { } time && time > TimeSpan.Zero
            ? Encoding.ASCII.GetBytes(
                string.Format(
                    CultureInfo.InvariantCulture,
                    "-NAK {{\"delay\":{0}}}",
                    JsonValues.ToNanoseconds(time)
                )
            )
            : Retry;

    /// <summary>Never deliver it again.</summary>
    public static ReadOnlyMemory<byte> Term(string? reason) =>
        string.IsNullOrWhiteSpace(reason) ? Terminate : Encoding.UTF8.GetBytes("+TERM " + reason);
}

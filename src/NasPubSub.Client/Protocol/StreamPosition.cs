using System.Globalization;

namespace NasPubSub.Protocol;

/// <summary>
/// Where a message stands in a stream, and how it came from there: what the subject of its acknowledgement says
/// (ADR-15), or the headers of a direct get (ADR-31).
/// </summary>
internal sealed record StreamPosition
{
    /// <summary>What the subject of each acknowledgement begins with.</summary>
    public const string AckPrefix = "$JS.ACK.";

    /// <summary>1970, in the ticks of DateTime.</summary>
    private const long UnixEpochTicks = 621_355_968_000_000_000;

    public string Stream { get; init; } = "";
    public ulong Sequence { get; init; }
    public long UtcTicks { get; init; }
    public string? Consumer { get; init; }
    public ulong? ConsumerSequence { get; init; }
    public long? Delivered { get; init; }
    public ulong? Pending { get; init; }

    /// <summary>
    /// Reads <c>$JS.ACK.stream.consumer.delivered.sseq.cseq.ns.pending</c>, or the form with domain and account hash
    /// behind <c>ACK</c>, with whatever tokens follow. Null for any other subject.
    /// </summary>
    public static StreamPosition? Parse(string? subject)
    {
        if (subject is null || !subject.StartsWith(AckPrefix, StringComparison.Ordinal))
        {
            return null;
        }

        var tokens = subject.Split('.');
        var first = tokens.Length switch
        {
            9 => 2,
            >= 11 => 4,
            _ => 0,
        };
        if (
            first == 0
            || !TryNumber(tokens[first + 2], out var delivered)
            || !TryNumber(tokens[first + 3], out var sequence)
            || !TryNumber(tokens[first + 4], out var consumerSequence)
            || !TryNumber(tokens[first + 5], out var nanoseconds)
            || !TryNumber(tokens[first + 6], out var pending)
        )
        {
            return null;
        }
        return new StreamPosition
        {
            Stream = tokens[first],
            Consumer = tokens[first + 1],
            Delivered = (long)delivered,
            Sequence = sequence,
            ConsumerSequence = consumerSequence,
            UtcTicks = UnixEpochTicks + (long)(nanoseconds / 100),
            Pending = pending,
        };
    }

    private static bool TryNumber(string token, out ulong number) =>
        ulong.TryParse(token, NumberStyles.None, CultureInfo.InvariantCulture, out number);
}

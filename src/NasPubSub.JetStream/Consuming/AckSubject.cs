using System.Diagnostics.CodeAnalysis;

namespace NasPubSub.JetStream.Consuming;

/// <summary>
/// The numbers in the subject of an acknowledgement (ADR-15), read without an allocation: an ordered read looks at
/// each message.
/// </summary>
/// <param name="Sequence">That of the stream.</param>
/// <param name="ConsumerSequence">That of the consumer.</param>
/// <param name="Pending">Messages that wait behind this one.</param>
[SuppressMessage("Performance", "CA1815", Justification = "It is never compared.")]
internal readonly record struct AckSubject(ulong Sequence, ulong ConsumerSequence, ulong Pending)
{
    /// <summary>
    /// Takes <c>$JS.ACK.stream.consumer.delivered.sseq.cseq.ns.pending</c>, and the form with domain and account hash
    /// behind <c>ACK</c>, with whatever tokens follow.
    /// </summary>
    public static bool TryRead(string? subject, out AckSubject numbers)
    {
        numbers = default;
        if (subject is null || !subject.StartsWith("$JS.ACK.", StringComparison.Ordinal))
        {
            return false;
        }
        var dots = 0;
        foreach (var c in subject)
        {
            dots += c == '.' ? 1 : 0;
        }
        if (dots is not (8 or >= 10))
        {
            return false;
        }
        var rest = subject.AsSpan();
        Skip(ref rest, dots == 8 ? 5 : 7);
        if (!TryNumber(ref rest, out var sequence) || !TryNumber(ref rest, out var consumerSequence))
        {
            return false;
        }
        Skip(ref rest, 1);
        if (!TryNumber(ref rest, out var pending))
        {
            return false;
        }
        numbers = new AckSubject(sequence, consumerSequence, pending);
        return true;
    }

    private static void Skip(ref ReadOnlySpan<char> rest, int tokens)
    {
        for (; tokens > 0; tokens--)
        {
            rest = rest.Slice(rest.IndexOf('.') + 1);
        }
    }

    private static bool TryNumber(ref ReadOnlySpan<char> rest, out ulong number)
    {
        number = 0;
        var digits = 0;
        for (; digits < rest.Length && rest[digits] is >= '0' and <= '9'; digits++)
        {
            number = number * 10 + (ulong)(rest[digits] - '0');
        }
        var isNumber = digits > 0 && (digits == rest.Length || rest[digits] == '.');
        rest = rest.Slice(Math.Min(rest.Length, digits + 1));
        return isNumber;
    }
}

using System.Globalization;

namespace NasPubSub.JetStream.Copying;

/// <summary>
/// The message id of a copy. It says of which message of which stream it is a copy, so that a later run knows where to
/// go on, and the destination recognizes what is sent twice. The time at which the stream was made tells it from an
/// earlier stream of the same name.
/// </summary>
/// <param name="Sequence">The sequence in the source.</param>
/// <param name="Part">Which of several messages that one became, from 1.</param>
/// <param name="Parts">How many it became.</param>
internal readonly record struct CopyId(ulong Sequence, int Part, int Parts)
{
    public static string PrefixOf(NasStream source) =>
        $"nas-copy:{source.Stream}:{(source.Created?.UtcTicks ?? 0).ToString("x", CultureInfo.InvariantCulture)}:";

    /// <returns>Null for an id of another kind or another stream.</returns>
    public static CopyId? Parse(string prefix, string? id)
    {
        if (id is null || !id.StartsWith(prefix, StringComparison.Ordinal))
        {
            return null;
        }
        var fields = id.Substring(prefix.Length).Split('.');
        var (part, parts) = (1, 1);
        var isId =
            ulong.TryParse(fields[0], NumberStyles.None, CultureInfo.InvariantCulture, out var sequence)
            && fields.Length is 1 or 3
            && (fields.Length == 1 || (TryInt(fields[1], out part) && TryInt(fields[2], out parts)));
        return isId ? new CopyId(sequence, part, parts) : null;
    }

    public string ToText(string prefix)
    {
        var sequence = Sequence.ToString(CultureInfo.InvariantCulture);
        return Parts == 1 ? prefix + sequence : FormattableString.Invariant($"{prefix}{sequence}.{Part}.{Parts}");
    }

    private static bool TryInt(string text, out int value) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out value);
}

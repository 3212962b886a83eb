using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace NasPubSub.JetStream.Api;

/// <summary>
/// The values of the API: durations are whole nanoseconds, times are RFC 3339 in UTC, sequences are unsigned.
/// </summary>
internal static class JsonValues
{
    private static readonly Regex ShorterThanTick = new(@"(\.\d{7})\d+", RegexOptions.CultureInvariant);

    private const long NanosecondsPerTick = 1_000_000 / TimeSpan.TicksPerMillisecond;

    /// <summary>A duration of the API; what TimeSpan cannot hold becomes its longest.</summary>
    public static TimeSpan ToTimeSpan(long nanoseconds) => new(nanoseconds / NanosecondsPerTick);

    /// <summary>A duration for the API; longer ones than it takes (292 years) become its longest.</summary>
    public static long ToNanoseconds(TimeSpan time) =>
        time.Ticks > long.MaxValue / NanosecondsPerTick ? long.MaxValue
        : time.Ticks < long.MinValue / NanosecondsPerTick ? long.MinValue
        : time.Ticks * NanosecondsPerTick;

    /// <summary>
    /// A time of the API; null for none, which it writes as the year 1. What is shorter than a tick is cut, as in the
    /// times of messages, so that a search from the time of a message on finds it.
    /// </summary>
    public static DateTimeOffset? ToTime(string? text) =>
        DateTimeOffset.TryParse(
            text is null ? null : ShorterThanTick.Replace(text, "$1"),
            CultureInfo.InvariantCulture,
            DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal,
            out var time
        )
        && time.Year > 1
            ? time.ToLocalTime()
            : null;

    /// <summary>A time for the API.</summary>
    public static string ToText(DateTimeOffset time) =>
        time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fffffff'Z'", CultureInfo.InvariantCulture);

    public static string Text(this JsonNode? node, string name) => node?[name]?.As<string>(name) ?? "";

    public static long Long(this JsonNode? node, string name) => node?[name]?.As<long>(name) ?? 0;

    public static ulong ULong(this JsonNode? node, string name) => node?[name]?.As<ulong>(name) ?? 0;

    public static bool Flag(this JsonNode? node, string name) => node?[name]?.As<bool>(name) ?? false;

    public static TimeSpan? Duration(this JsonNode? node, string name) =>
        node?[name] is { } value ? ToTimeSpan(value.As<long>(name)) : null;

    public static string? TextOrNull(this JsonNode? node, string name) =>
        node.Text(name) is { Length: > 0 } text ? text : null;

    public static DateTimeOffset? Time(this JsonNode? node, string name) => ToTime(node?[name]?.As<string>(name));

    /// <summary>
    /// The value, also of a number that was set as another type: a node made of an int refuses to be a long.
    /// </summary>
    /// <exception cref="NasException">ProtocolError: it is of another kind.</exception>
    public static T As<T>(this JsonNode node, string name)
    {
        if (node is JsonValue value && value.TryGetValue(out T? result))
        {
            return result;
        }

        try
        {
            return node.Deserialize<T>()!;
        }
        catch (JsonException e)
        {
            throw new NasException(
                NasError.ProtocolError,
                $"The field '{name}' is {node.ToJsonString()}, which cannot be read as {typeof(T).Name}.",
                e
            );
        }
    }
}

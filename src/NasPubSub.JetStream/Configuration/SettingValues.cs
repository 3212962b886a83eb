using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using NasPubSub.JetStream.Api;

namespace NasPubSub.JetStream.Configuration;

/// <summary>Durations, times and sizes in the forms that people and <c>ConvertTo-Json</c> write.</summary>
internal static class SettingValues
{
    private static readonly Regex Units = new(
        @"^\s*(?:(?<number>\d+(?:\.\d*)?|\.\d+)\s*(?<unit>ns|us|µs|ms|s|m|h|d|w|y)\s*)+$",
        RegexOptions.CultureInvariant | RegexOptions.IgnoreCase
    );
    private static readonly Regex Date = new(
        @"^\\?/Date\((?<ms>-?\d+)(?:[+-]\d+)?\)\\?/$",
        RegexOptions.CultureInvariant
    );

    /// <summary>A number, text such as <c>7d</c> or <c>1.00:00:00</c>, or a TimeSpan with its parts.</summary>
    /// <param name="node">The value.</param>
    /// <param name="isWire">A number is nanoseconds, as for the server; else seconds.</param>
    public static TimeSpan Duration(JsonNode node, bool isWire)
    {
        if (node is JsonObject parts && parts["Ticks"] is { } ticks)
        {
            return new TimeSpan(long.Parse(ticks.ToJsonString(), CultureInfo.InvariantCulture));
        }
        var text = node is JsonValue value && value.TryGetValue<string>(out var plain) ? plain : node.ToJsonString();
        if (isWire && long.TryParse(text, NumberStyles.Integer, CultureInfo.InvariantCulture, out var nanoseconds))
        {
            return JsonValues.ToTimeSpan(nanoseconds);
        }
        if (double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var seconds))
        {
            return Seconds(seconds);
        }
        if (TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out var time))
        {
            return time;
        }
        if (Units.Match(text) is not { Success: true } match)
        {
            throw new FormatException("a duration is a number of seconds, or has units such as 500ms, 5m, 1h30m, 7d.");
        }
        var (numbers, units) = (match.Groups["number"].Captures, match.Groups["unit"].Captures);
        var sum = 0.0;
        for (var i = 0; i < numbers.Count; i++)
        {
            sum +=
                double.Parse(numbers[i].Value, CultureInfo.InvariantCulture)
                * SecondsOf(units[i].Value.ToLowerInvariant());
        }
        return Seconds(sum);
    }

    /// <summary>RFC 3339, the form of Windows PowerShell, or a DateTime or DateTimeOffset with its parts.</summary>
    public static DateTimeOffset Time(JsonNode node)
    {
        if (node is JsonObject parts)
        {
            return parts["UtcTicks"] is { } ticks
                    ? new DateTimeOffset(long.Parse(ticks.ToJsonString(), CultureInfo.InvariantCulture), TimeSpan.Zero)
                : (parts["value"] ?? parts["UtcDateTime"] ?? parts["DateTime"]) is { } inner ? Time(inner)
                : throw new FormatException("it has no time.");
        }
        var text = node.GetValue<string>();
        return Date.Match(text) is { Success: true } match
            ? DateTimeOffset.FromUnixTimeMilliseconds(
                long.Parse(match.Groups["ms"].Value, CultureInfo.InvariantCulture)
            )
            : DateTimeOffset.Parse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal);
    }

    /// <summary>A whole number, which may have a unit of PowerShell's: 10MB is 10,485,760.</summary>
    public static object Number(string text, Type type)
    {
        var factor = 1m;
        var digits = text.Trim();
        var unit = digits.Length > 2 ? digits.Substring(digits.Length - 2).ToUpperInvariant() : "";
        if (unit.EndsWith("B", StringComparison.Ordinal) && "KMGTP".IndexOf(unit[0]) is var power and >= 0)
        {
            digits = digits.Substring(0, digits.Length - 2);
            for (var i = 0; i <= power; i++)
            {
                factor *= 1024;
            }
        }
        var number = decimal.Parse(digits, NumberStyles.Float, CultureInfo.InvariantCulture) * factor;
        return decimal.Truncate(number) == number
            ? Convert.ChangeType(number, type, CultureInfo.InvariantCulture)
            : throw new FormatException("it is no whole number.");
    }

    /// <summary>
    /// What stood in an array that was written as text: objects of JSON one after the other, or words.
    /// </summary>
    public static IEnumerable<JsonNode> Items(string text)
    {
        var start = text.TrimStart();
        if (start.StartsWith("[", StringComparison.Ordinal))
        {
            return [.. ((JsonArray)JsonNode.Parse(start)!).OfType<JsonNode>()];
        }
        if (!start.StartsWith("{", StringComparison.Ordinal))
        {
            return text.Split([' '], StringSplitOptions.RemoveEmptyEntries).Select(word => (JsonNode)word!);
        }
        var items = new List<JsonNode>();
        ReadOnlySpan<byte> rest = Encoding.UTF8.GetBytes(start.TrimEnd());
        while (rest.Length > 0)
        {
            var reader = new Utf8JsonReader(rest);
            using var item = JsonDocument.ParseValue(ref reader);
            items.Add(JsonNode.Parse(item.RootElement.GetRawText())!);
            rest = rest.Slice((int)reader.BytesConsumed);
            rest = rest.Length > 0 && rest[0] == ' ' ? rest.Slice(1) : rest;
        }
        return items;
    }

    private static TimeSpan Seconds(double seconds) =>
        seconds * TimeSpan.TicksPerSecond >= long.MaxValue
            ? TimeSpan.MaxValue
            : TimeSpan.FromTicks((long)Math.Round(seconds * TimeSpan.TicksPerSecond));

    private static double SecondsOf(string unit) =>
        unit switch
        {
            "y" => 365 * 86400.0,
            "w" => 7 * 86400,
            "d" => 86400,
            "h" => 3600,
            "m" => 60,
            "s" => 1,
            "ms" => 1e-3,
            "ns" => 1e-9,
            _ => 1e-6,
        };
}

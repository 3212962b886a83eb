using System.Text.Json;
using System.Text.Json.Nodes;
using NasPubSub.JetStream.Api;

namespace NasPubSub.JetStream.Configuration;

/// <summary>What differs between two configurations, as a person reads it.</summary>
internal static class ConfigurationDifference
{
    /// <summary>The changes from one to the other, in the order of the fields.</summary>
    /// <param name="before">Of the same type.</param>
    /// <param name="after">Of the same type.</param>
    public static IReadOnlyList<NasSettingChange> Of(NasConfiguration before, NasConfiguration after)
    {
        var settings = before.Settings.ToDictionary(s => s.Wire);
        var (old, now) = (before.Normalized, after.Normalized);
        return
        [
            .. old.Concat(now)
                .Select(field => field.Key)
                .Distinct()
                .Where(name => !AreEqual(old[name], now[name]))
                .Select(name => Change(settings, name, old[name], now[name]))
                .Where(change => change.Before != change.After),
        ];
    }

    /// <summary>
    /// What the server did not take over of what it was asked for: each setting with the value asked for, and the one
    /// that was stored.
    /// </summary>
    public static IReadOnlyList<NasSettingChange> NotApplied(NasConfiguration asked, NasConfiguration stored)
    {
        var settings = asked.Settings.ToDictionary(s => s.Wire);
        var (wanted, actual) = (asked.Normalized, stored.Normalized);
        return
        [
            .. wanted
                .Where(f => !IsDefault(f.Value) && !Includes(f.Value, actual[f.Key]))
                .Select(f => Change(settings, f.Key, f.Value, actual[f.Key])),
        ];
    }

    /// <summary>Are two values the same, whatever their spelling of numbers and times?</summary>
    public static bool AreEqual(JsonNode? a, JsonNode? b)
    {
        if (IsDefault(a) && IsDefault(b))
        {
            return true;
        }
        return (a, b) switch
        {
            (JsonArray x, JsonArray y) => x.Count == y.Count && !x.Where((item, i) => !AreEqual(item, y[i])).Any(),
            (JsonObject x, JsonObject y) => x.Concat(y).Where(IsOfUser).All(f => AreEqual(x[f.Key], y[f.Key])),
            (JsonValue x, JsonValue y) => x.ToJsonString() == y.ToJsonString()
                || (TimeOf(x) is { } time && time == TimeOf(y)),
            _ => false,
        };
    }

    /// <summary>The server may add fields to objects, such as notes of its own to the metadata.</summary>
    private static bool Includes(JsonNode? asked, JsonNode? stored) =>
        (asked, stored) switch
        {
            (JsonObject a, JsonObject b) => a.Where(IsOfUser).All(f => Includes(f.Value, b[f.Key])),
            (JsonArray a, JsonArray b) => a.Count == b.Count && !a.Where((item, i) => !Includes(item, b[i])).Any(),
            _ => AreEqual(asked, stored),
        };

    private static NasSettingChange Change(
        Dictionary<string, (string Name, string Wire, Type Type)> settings,
        string name,
        JsonNode? before,
        JsonNode? after
    )
    {
        var known = settings.TryGetValue(name, out var setting);
        var type = known ? setting.Type : null;
        return new NasSettingChange(known ? setting.Name : name, Shown(before, type), Shown(after, type));
    }

    /// <summary>The server keeps notes of its own among the metadata.</summary>
    private static bool IsOfUser(KeyValuePair<string, JsonNode?> field) => !IsServers(field.Key);

    /// <summary>Is it a key of the server's among the metadata?</summary>
    public static bool IsServers(string key) => key.StartsWith("_nats.", StringComparison.Ordinal);

    private static DateTimeOffset? TimeOf(JsonValue value) =>
        value.TryGetValue<string>(out var text) && text.Contains("T") ? JsonValues.ToTime(text) : null;

    /// <summary>The server leaves out fields that have their zero value.</summary>
    public static bool IsDefault(JsonNode? value) =>
        value switch
        {
            null => true,
            JsonArray array => array.Count == 0,
            JsonObject fields => fields.Where(IsOfUser).All(field => IsDefault(field.Value)),
            _ => value.ToJsonString() is "0" or "false" or "\"\"" or "\"0001-01-01T00:00:00Z\"",
        };

    private static string? Shown(JsonNode? value, Type? type) =>
        value switch
        {
            null => null,
            JsonObject empty when IsDefault(empty) => null,
            JsonArray array when type is not null => string.Join(
                ", ",
                array.Select(item => Shown(item, type.IsArray ? type.GetElementType() : typeof(string)))
            ),
            JsonValue number when Nullable.GetUnderlyingType(type ?? typeof(string)) == typeof(TimeSpan)
                    || type == typeof(TimeSpan) => JsonValues
                .ToTimeSpan(number.As<long>("duration"))
                .ToString("c", System.Globalization.CultureInfo.InvariantCulture),
            JsonValue text when text.TryGetValue<string>(out var plain) => plain,
            JsonObject fields => string.Join(
                ", ",
                fields.Where(IsOfUser).Select(f => $"{f.Key}={Shown(f.Value, typeof(string))}")
            ),
            _ => value.ToJsonString(Relaxed),
        };

    private static readonly JsonSerializerOptions Relaxed = new()
    {
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };
}

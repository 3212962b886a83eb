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
        return
        [
            .. before
                .Json.Concat(after.Json)
                .Select(field => field.Key)
                .Distinct()
                .Where(name => !AreEqual(before.Json[name], after.Json[name]))
                .Select(name =>
                {
                    var known = settings.TryGetValue(name, out var setting);
                    return new NasSettingChange(
                        known ? setting.Name : name,
                        Shown(before.Json[name], known ? setting.Type : null),
                        Shown(after.Json[name], known ? setting.Type : null)
                    );
                })
                .Where(change => change.Before != change.After),
        ];
    }

    /// <summary>Fields that were asked for and that the server did not store: it is older than they are.</summary>
    public static IReadOnlyList<string> Dropped(JsonObject asked, JsonObject stored) =>
        [.. asked.Where(field => !IsDefault(field.Value) && stored[field.Key] is null).Select(field => field.Key)];

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

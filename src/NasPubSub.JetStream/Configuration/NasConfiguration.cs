using System.Text.Json;
using System.Text.Json.Nodes;
using NasPubSub.JetStream.Api;

namespace NasPubSub.JetStream;

/// <summary>
/// Settings as the server knows them: typed properties over a JSON object. Only what was set is written, and fields that
/// this library does not know survive a change. Not thread-safe.
/// </summary>
public abstract class NasConfiguration
{
    private protected NasConfiguration(JsonObject json) => Json = json;

    /// <summary>The fields as on the wire.</summary>
    internal JsonObject Json { get; }

    /// <summary>The settings as JSON, with the names of the server.</summary>
    public string ToJson(bool indented = false) => Json.ToJsonString(new JsonSerializerOptions { WriteIndented = indented });

    /// <inheritdoc/>
    public override string ToString() => ToJson();

    private protected T? Value<T>(string name)
        where T : struct => Json[name] is { } node ? node.GetValue<T>() : null;

    private protected string? Text(string name) => Json[name]?.GetValue<string>();

    private protected TimeSpan? Duration(string name) => Json.Duration(name);

    private protected DateTimeOffset? Time(string name) => Json.Time(name);

    private protected IReadOnlyList<string> Texts(string name) =>
        Json[name] is JsonArray array ? [.. array.Select(item => item?.GetValue<string>() ?? "")] : [];

    /// <summary>Null removes the field.</summary>
    private protected void Set(string name, JsonNode? value)
    {
        if (value is null)
        {
            Json.Remove(name);
        }
        else
        {
            Json[name] = value;
        }
    }

    private protected void Set(string name, TimeSpan? value) =>
        Set(name, value is { } time ? JsonValue.Create(JsonValues.ToNanoseconds(time)) : null);

    private protected void Set(string name, DateTimeOffset? value) =>
        Set(name, value is { } time ? JsonValue.Create(JsonValues.ToText(time)) : null);

    private protected void Set(string name, IEnumerable<string>? values) =>
        Set(name, values is null ? null : new JsonArray([.. values.Select(value => (JsonNode?)JsonValue.Create(value))]));
}

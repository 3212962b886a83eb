using System.Collections.Concurrent;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using NasPubSub.JetStream.Api;
using NasPubSub.JetStream.Configuration;

namespace NasPubSub.JetStream;

/// <summary>
/// Settings as the server knows them: typed properties over a JSON object. Only what was set is written, and fields
/// that this library does not know survive a change. Not thread-safe.
/// </summary>
public abstract class NasConfiguration
{
    private static readonly ConcurrentDictionary<Type, (string Name, string Wire, Type Type)[]> Properties = new();

    private protected NasConfiguration(JsonObject json) => Json = json;

    /// <summary>
    /// Are the subjects those on the wire, namespace included? True for what the server returned and for JSON with the
    /// server's names; else the connection's namespace is put before them.
    /// </summary>
    public bool IsRaw { get; set; }

    /// <summary>The fields as on the wire.</summary>
    internal JsonObject Json { get; private protected set; }

    /// <summary>The typed properties over the fields.</summary>
    internal IReadOnlyList<(string Name, string Wire, Type Type)> Settings =>
        Properties.GetOrAdd(
            GetType(),
            static type =>
                [
                    .. type.GetProperties(BindingFlags.Instance | BindingFlags.Public)
                        .Where(p => p.CanWrite && p.Name != nameof(IsRaw))
                        .Select(p =>
                            (
                                p.Name,
                                p.GetCustomAttribute<SettingAttribute>()?.Name ?? WireNames.Of(p.Name),
                                p.PropertyType
                            )
                        ),
                ]
        );

    /// <summary>The settings as JSON, with the names of the server.</summary>
    public string ToJson(bool indented = false) =>
        Json.ToJsonString(
            new JsonSerializerOptions
            {
                WriteIndented = indented,
                Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
            }
        );

    /// <summary>The fields where each setting has one form only, to compare.</summary>
    internal virtual JsonObject Normalized => Json;

    /// <summary>The fields that no property stands for and that are not at their default; null for none.</summary>
    internal string? OthersToJson()
    {
        var known = new HashSet<string>(Settings.Select(s => s.Wire));
        var others = new JsonObject();
        foreach (
            var field in Normalized.Where(f => !known.Contains(f.Key) && !ConfigurationDifference.IsDefault(f.Value))
        )
        {
            others[field.Key] = JsonNode.Parse(field.Value!.ToJsonString());
        }
        return others.Count == 0 ? null : others.ToJsonString();
    }

    /// <summary>
    /// Sets a field by its name on the wire, for one that this library has no property for.
    /// </summary>
    /// <param name="name">Such as <c>max_deliver</c>.</param>
    /// <param name="json">The value as JSON; null removes the field.</param>
    /// <exception cref="NasException">InvalidOption: it is no JSON.</exception>
    public void SetField(string name, string? json)
    {
        try
        {
            Set(name, json is null ? null : JsonNode.Parse(json));
        }
        catch (JsonException e)
        {
            throw new NasException(NasError.InvalidOption, $"The value of '{name}' is not JSON: {e.Message}", e);
        }
    }

    /// <summary>What differs from this configuration to another of the same type.</summary>
    /// <exception cref="ArgumentException">It is of another type.</exception>
    public IReadOnlyList<NasSettingChange> ChangesTo(NasConfiguration after) =>
        after.GetType() == GetType()
            ? ConfigurationDifference.Of(this, after)
            : throw new ArgumentException("The configurations are of different types.", nameof(after));

    /// <inheritdoc/>
    public override string ToString() => ToJson();

    /// <summary>Reads the fields from JSON: a configuration, or what has one as <c>config</c>.</summary>
    /// <exception cref="NasException">InvalidOption: it is no JSON object.</exception>
    private protected static JsonObject Parse(string json)
    {
        try
        {
            if (JsonNode.Parse(json) is JsonObject fields)
            {
                return fields["config"] is JsonObject config ? Copy(config) : fields;
            }
        }
        catch (JsonException e)
        {
            throw new NasException(NasError.InvalidOption, $"The configuration is not JSON: {e.Message}", e);
        }
        throw new NasException(NasError.InvalidOption, "The configuration is not a JSON object.");
    }

    internal static JsonObject Copy(JsonObject fields) => (JsonObject)JsonNode.Parse(fields.ToJsonString())!;

    private protected T? Value<T>(string name)
        where T : struct => Json[name]?.As<T>(name);

    private protected string? Text(string name) => Json[name]?.As<string>(name);

    private protected TimeSpan? Duration(string name) => Json.Duration(name);

    private protected DateTimeOffset? Time(string name) => Json.Time(name);

    private protected T? Choice<T>(string name)
        where T : struct, Enum => WireNames.Choice<T>(Text(name));

    private protected string[] Texts(string name) =>
        Json[name] is JsonArray array ? [.. array.Select(item => item?.As<string>(name) ?? "")] : [];

    private protected Dictionary<string, string> Map(string name) =>
        Json[name] is JsonObject fields
            ? fields
                .Where(f => !ConfigurationDifference.IsServers(f.Key))
                .ToDictionary(f => f.Key, f => f.Value?.As<string>(name) ?? "")
            : [];

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

    private protected void Set<T>(string name, T? value)
        where T : struct, Enum =>
        Set(name, value is { } choice ? JsonValue.Create(WireNames.Of(choice)) : null);

    private protected void Set(string name, IEnumerable<string>? values) =>
        Set(name, values is null ? null : new JsonArray([.. values.Select(v => (JsonNode?)JsonValue.Create(v))]));

    private protected T? Object<T>(string name, Func<JsonObject, T> make)
        where T : NasConfiguration => Json[name] is JsonObject fields ? make(fields) : null;

    private protected T[] Objects<T>(string name, Func<JsonObject, T> make)
        where T : NasConfiguration =>
        Json[name] is JsonArray array ? [.. array.OfType<JsonObject>().Select(make)] : [];

    private protected void Set(string name, NasConfiguration? value) =>
        Set(name, value is null ? null : (JsonNode)Copy(value.Json));

    private protected void Set(string name, IEnumerable<NasConfiguration>? values) =>
        Set(name, values is null ? null : new JsonArray([.. values.Select(value => (JsonNode)Copy(value.Json))]));

    /// <summary>Sets a field of an object; the object goes with its last field.</summary>
    private protected void SetPart(string name, string part, string? value)
    {
        var fields = Json[name] as JsonObject;
        if (value is not null)
        {
            if (fields is null)
            {
                Json[name] = fields = [];
            }
            fields[part] = value;
        }
        else if (fields is not null && fields.Remove(part) && fields.Count == 0)
        {
            Json.Remove(name);
        }
    }

    private protected void Set(string name, IReadOnlyDictionary<string, string>? values)
    {
        JsonObject? fields = null;
        if (values is not null)
        {
            fields = [];
            foreach (var value in values)
            {
                fields[value.Key] = value.Value;
            }
        }
        Set(name, (JsonNode?)fields);
    }
}

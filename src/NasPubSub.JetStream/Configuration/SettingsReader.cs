using System.Globalization;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace NasPubSub.JetStream.Configuration;

/// <summary>
/// Reads settings that a person or <c>ConvertTo-Json</c> wrote: with the names of the server or of the properties, and
/// with values in the forms that PowerShell 5.1 and 7 give them.
/// </summary>
/// <param name="aliases">Further names, each with the property that it stands for: <c>Name</c>, or
/// <c>Placement.Cluster</c> for a property of a property.</param>
/// <param name="ignored">Names that are no settings.</param>
internal sealed class SettingsReader(IReadOnlyDictionary<string, string> aliases, ISet<string> ignored)
{
    /// <summary>JSON with the fields that this library does not know, in the output of a cmdlet.</summary>
    public const string Others = "OtherSettings";

    /// <summary>How the names of properties end that exist for views, which CliXml takes along.</summary>
    private const string Shown = "Text";

    private static readonly SettingsReader Plain = new(
        new Dictionary<string, string>(),
        new HashSet<string> { "IsRaw" }
    );

    /// <summary>The object of a text: the settings, or what has them as <c>config</c>.</summary>
    /// <exception cref="NasException">InvalidConfiguration.</exception>
    public static JsonObject ParseObject(string json)
    {
        try
        {
            if (JsonNode.Parse(json) is JsonObject fields)
            {
                return fields["config"] is JsonObject config ? config : fields;
            }
        }
        catch (Exception e) when (e is JsonException or ArgumentException)
        {
            throw Invalid($"The configuration cannot be read as JSON: {e.Message}", e);
        }
        throw Invalid("The configuration is not a JSON object.");
    }

    /// <summary>Sets the properties of a configuration; a setting that is null is null in its JSON.</summary>
    /// <exception cref="NasException">InvalidConfiguration: a value cannot be read.</exception>
    public void Read(JsonObject fields, NasConfiguration settings)
    {
        var properties = settings.GetType().GetProperties().Where(p => p.CanWrite && p.Name != "IsRaw").ToList();
        var wires = settings.Settings.ToDictionary(s => s.Name, s => s.Wire);
        var parts = new Dictionary<string, JsonObject>();
        foreach (var field in fields)
        {
            if (properties.Find(p => wires[p.Name] == field.Key) is { } exact)
            {
                Set(settings, exact, wires[exact.Name], field.Value, isWire: true);
                continue;
            }
            var name = aliases.TryGetValue(field.Key, out var alias) ? alias : field.Key;
            var dot = name.IndexOf('.');
            if (dot > 0)
            {
                var part = name.Substring(0, dot);
                if (!parts.ContainsKey(part))
                {
                    parts[part] = [];
                }
                parts[part][name.Substring(dot + 1)] = field.Value is null ? null : Copy(field.Value);
            }
            else if (properties.Find(p => Is(p.Name, name)) is { } property)
            {
                Set(settings, property, wires[property.Name], field.Value, isWire: false);
            }
            else if (Is(name, Others))
            {
                foreach (var other in field.Value is null ? [] : ParseObject(TextOf(field.Value)))
                {
                    settings.Json[other.Key] = other.Value is null ? null : Copy(other.Value);
                }
            }
            else if (ignored.Contains(name) || name.EndsWith(Shown, StringComparison.Ordinal))
            {
                continue;
            }
            else if (name.Any(char.IsUpper))
            {
                // A field of the server would be in lower case.
                throw Invalid($"There is no setting '{name}'.");
            }
            else
            {
                settings.Json[field.Key] = field.Value is null ? null : Copy(field.Value);
            }
        }
        foreach (var part in parts)
        {
            var property = properties.Find(p => p.Name == part.Key)!;
            var isSet = part.Value.Any(p => p.Value is not null and not JsonArray { Count: 0 });
            Set(settings, property, wires[property.Name], isSet ? part.Value : null, isWire: false);
        }
    }

    private static void Set(NasConfiguration settings, PropertyInfo property, string wire, JsonNode? value, bool isWire)
    {
        try
        {
            if (value is null)
            {
                // What has a dot is part of an object, and has no field of its own.
                if (!wire.Contains('.'))
                {
                    settings.Json[wire] = null;
                }
                return;
            }
            property.SetValue(settings, Value(value, property.PropertyType, isWire));
        }
        catch (Exception e)
            when (e
                    is FormatException
                        or InvalidOperationException
                        or OverflowException
                        or JsonException
                        or ArgumentException
            )
        {
            throw Invalid($"{property.Name} cannot be {value?.ToJsonString()}: {e.Message}", e);
        }
    }

    private static object? Value(JsonNode node, Type type, bool isWire)
    {
        type = Nullable.GetUnderlyingType(type) ?? type;
        if (type == typeof(TimeSpan))
        {
            return SettingValues.Duration(node, isWire);
        }
        if (type == typeof(DateTimeOffset))
        {
            return SettingValues.Time(node);
        }
        if (type == typeof(string))
        {
            return TextOf(node);
        }
        if (type == typeof(bool))
        {
            return bool.Parse(TextOf(node is JsonObject flag ? flag["IsPresent"] ?? flag : node));
        }
        if (type.IsEnum)
        {
            return Enum.Parse(type, TextOf(node).Replace("_", "").Replace("-", ""), ignoreCase: true);
        }
        if (type.IsPrimitive)
        {
            return SettingValues.Number(TextOf(node), type);
        }
        if (type == typeof(Dictionary<string, string>))
        {
            return ObjectOf(node).ToDictionary(f => f.Key, f => f.Value is null ? "" : TextOf(f.Value));
        }
        return type.IsArray ? Array(node, type.GetElementType()!, isWire) : Object(node, type);
    }

    private static Array Array(JsonNode node, Type type, bool isWire)
    {
        // Windows PowerShell writes some arrays as objects, and beyond its depth ConvertTo-Json writes text.
        var items = node switch
        {
            JsonArray array => array.OfType<JsonNode>(),
            JsonObject { Count: 2 } wrapped when wrapped["value"] is JsonArray array && wrapped["Count"] is not null =>
                array.OfType<JsonNode>(),
            JsonValue text when text.TryGetValue<string>(out var plain) => SettingValues.Items(plain),
            _ => [node],
        };
        var values = items.Select(i => Value(i, type, isWire)).ToList();
        var result = System.Array.CreateInstance(type, values.Count);
        for (var i = 0; i < values.Count; i++)
        {
            result.SetValue(values[i], i);
        }
        return result;
    }

    private static NasConfiguration Object(JsonNode node, Type type)
    {
        var result = (NasConfiguration)Activator.CreateInstance(type)!;
        var name = node is JsonValue && !TextOf(node).TrimStart().StartsWith("{", StringComparison.Ordinal);
        // The name of a stream stands for it as a source.
        Plain.Read(name ? new JsonObject { ["Name"] = TextOf(node) } : ObjectOf(node), result);
        foreach (var empty in result.Json.Where(f => f.Value is null).Select(f => f.Key).ToList())
        {
            result.Json.Remove(empty);
        }
        return result;
    }

    private static JsonObject ObjectOf(JsonNode node) => node as JsonObject ?? ParseObject(TextOf(node));

    private static string TextOf(JsonNode node) =>
        node is JsonValue value
            ? value.TryGetValue<string>(out var text)
                ? text
                : value.ToJsonString()
            : throw new FormatException("it is not one value.");

    private static JsonNode Copy(JsonNode node) => JsonNode.Parse(node.ToJsonString())!;

    private static bool Is(string a, string b) => string.Equals(a, b, StringComparison.OrdinalIgnoreCase);

    private static NasException Invalid(string message, Exception? inner = null) =>
        new(NasError.InvalidOption, message, inner) { Code = "InvalidConfiguration" };
}

using System.Collections;
using System.Management.Automation;
using System.Reflection;
using System.Text.Json;
using NasPubSub.JetStream;

namespace NasPubSub.Payloads;

/// <summary>
/// Settings in whatever form a user has them: a configuration, what has one, a hashtable, an object, JSON, or a file
/// with JSON. Keys are names of properties, whose durations are seconds or have a unit; names in lower case in JSON are
/// those on the wire, with nanoseconds and with subjects as they stand.
/// </summary>
internal static class ConfigurationReader
{
    /// <param name="given">The settings.</param>
    /// <param name="fullPath">Makes a path of the shell's location a path of the file system.</param>
    /// <returns>A configuration that nobody else has.</returns>
    /// <exception cref="NasException">InvalidConfiguration, ConfigurationNotFound.</exception>
    public static T Read<T>(object given, Func<string, string> fullPath)
        where T : NasConfiguration, new()
    {
        switch (given.Unwrap())
        {
            case T configuration:
                var copy = new T { IsRaw = configuration.IsRaw };
                using (var fields = JsonDocument.Parse(configuration.ToJson()))
                {
                    SetFields(copy, fields.RootElement);
                }
                return copy;
            case string text when text.TrimStart().StartsWith("{", StringComparison.Ordinal):
                return ReadJson<T>(text);
            case string path:
                return ReadJson<T>(ReadFile(fullPath(path)));
            case FileInfo file:
                return ReadJson<T>(ReadFile(file.FullName));
            case IDictionary table:
                return ReadEntries<T>(SettingValue.Entries(table), fullPath);
            case { } other when other is not ValueType and not Array:
                return ReadEntries<T>(SettingValue.Entries(given), fullPath);
            default:
                throw Invalid("It is no object with settings.");
        }
    }

    private static T ReadEntries<T>(IEnumerable<(string Name, object? Value)> given, Func<string, string> fullPath)
        where T : NasConfiguration, new()
    {
        var entries = given.ToList();
        if (entries.Find(e => e.Name.Equals("Configuration", StringComparison.OrdinalIgnoreCase)).Value is { } inner)
        {
            return Read<T>(inner, fullPath);
        }
        var configuration = new T();
        foreach (var (name, value) in entries)
        {
            Assign(configuration, name, value);
        }
        return configuration;
    }

    private static T ReadJson<T>(string text)
        where T : NasConfiguration, new()
    {
        using var document = ParseJson(text);
        var root = document.RootElement;
        if (root.ValueKind != JsonValueKind.Object)
        {
            throw Invalid("The JSON is no object.");
        }
        foreach (var name in new[] { "config", "Configuration" })
        {
            if (root.TryGetProperty(name, out var inner) && inner.ValueKind == JsonValueKind.Object)
            {
                root = inner;
            }
        }
        var configuration = new T();
        foreach (var field in root.EnumerateObject().Where(f => f.Value.ValueKind != JsonValueKind.Null))
        {
            if (field.Name.Any(char.IsUpper))
            {
                Assign(configuration, field.Name, SettingValue.Of(field.Value));
            }
            else
            {
                configuration.SetField(field.Name, field.Value.GetRawText());
                configuration.IsRaw = true;
            }
        }
        return configuration;
    }

    /// <summary>Sets a property, or a field of the server that no property stands for.</summary>
    private static void Assign(NasConfiguration configuration, string name, object? value)
    {
        if (value.Unwrap() is null)
        {
            return;
        }
        if (SettingValue.FindProperty(configuration.GetType(), name) is { } property)
        {
            try
            {
                SettingValue.Set(configuration, property, value);
            }
            catch (Exception e) when (e is PSInvalidCastException or FormatException or InvalidCastException)
            {
                throw Invalid($"The value of {property.Name} does not fit: {e.Message}", e);
            }
        }
        else if (name.Any(char.IsUpper))
        {
            throw Invalid($"There is no setting '{name}'.");
        }
        else
        {
            configuration.SetField(name, SettingValue.ToJson(value));
        }
    }

    private static void SetFields(NasConfiguration configuration, JsonElement fields)
    {
        foreach (var field in fields.EnumerateObject())
        {
            configuration.SetField(field.Name, field.Value.GetRawText());
        }
    }

    private static JsonDocument ParseJson(string text)
    {
        try
        {
            return JsonDocument.Parse(
                text,
                new JsonDocumentOptions { CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true }
            );
        }
        catch (JsonException e)
        {
            throw Invalid($"It is no JSON: {e.Message}", e);
        }
    }

    /// <exception cref="NasException">ConfigurationNotFound.</exception>
    public static string ReadFile(string path)
    {
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception e)
            when (e is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            throw new NasException(NasError.InvalidOption, $"The configuration '{path}' cannot be read: {e.Message}", e)
            {
                Code = "ConfigurationNotFound",
                Target = path,
            };
        }
    }

    private static NasException Invalid(string why, Exception? inner = null) =>
        new(NasError.InvalidOption, $"The configuration cannot be used. {why}", inner)
        {
            Code = "InvalidConfiguration",
        };
}

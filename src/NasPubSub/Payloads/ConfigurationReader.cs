using System.Collections;
using System.Text;
using System.Text.Json;
using NasPubSub.JetStream;

namespace NasPubSub.Payloads;

/// <summary>Files with settings.</summary>
internal static class ConfigurationReader
{
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
}

/// <summary>
/// Settings in whatever form a user has them: a configuration or what has one, a hashtable or an object, JSON, or a
/// file with JSON.
/// </summary>
/// <param name="parse">Reads one configuration from JSON.</param>
/// <param name="own">Takes a copy of the settings of an object of the library; null for any other object.</param>
/// <param name="fullPath">Makes a path of the shell's location a path of the file system.</param>
/// <param name="cancel">Ends the writing of an object that has no end.</param>
internal sealed class ConfigurationReader<T>(
    Func<string, T> parse,
    Func<object?, T?> own,
    Func<string, string> fullPath,
    CancellationToken cancel
)
    where T : NasConfiguration
{
    private const int Depth = 20;

    /// <returns>Configurations that nobody else has; several where the JSON is an array.</returns>
    /// <exception cref="NasException">InvalidConfiguration, ConfigurationNotFound.</exception>
    public IReadOnlyList<T> Read(object given) =>
        given.Unwrap() switch
        {
            var known when own(known) is { } configuration => [configuration],
            string text when text.TrimStart() is { Length: > 0 } json && json[0] is ('{' or '[') => ReadJson(text),
            string path => ReadJson(ConfigurationReader.ReadFile(fullPath(path))),
            FileInfo file => ReadJson(ConfigurationReader.ReadFile(file.FullName)),
            IList lines when JsonOf(lines) is { } json => ReadJson(json),
            IList several => [.. several.Cast<object>().SelectMany(Read)],
            _ => [parse(ToJson(given))],
        };

    /// <summary>Names of parameters with their values; null, or an empty text, sets a setting back.</summary>
    /// <exception cref="NasException">InvalidConfiguration.</exception>
    public T ReadParameters(IEnumerable<KeyValuePair<string, object>> parameters) =>
        parse(ToJson(parameters.ToDictionary(p => p.Key, p => ToSetting(p.Value))));

    private static object? ToSetting(object value) =>
        value.Unwrap() switch
        {
            NasDuration duration => duration.Whole,
            NasDuration[] durations => durations.Select(d => d.Whole).ToArray(),
            string { Length: 0 } => null,
            NasStream stream => stream.Stream,
            object[] several => several.Select(v => v.Unwrap() is NasStream s ? s.Stream : v).ToArray(),
            _ => value,
        };

    private IReadOnlyList<T> ReadJson(string text)
    {
        if (text.TrimStart() is { } start && !start.StartsWith("[", StringComparison.Ordinal))
        {
            return [parse(text)];
        }
        try
        {
            using var document = JsonDocument.Parse(text);
            return [.. document.RootElement.EnumerateArray().Select(e => parse(e.GetRawText()))];
        }
        catch (JsonException e)
        {
            throw new NasException(NasError.InvalidOption, $"The configuration cannot be read as JSON: {e.Message}", e)
            {
                Code = "InvalidConfiguration",
            };
        }
    }

    /// <summary>The lines of a file, as Get-Content outputs them; null for anything else.</summary>
    private static string? JsonOf(IList lines)
    {
        var texts = lines.Cast<object>().Select(line => line.Unwrap()).OfType<string>().ToList();
        if (texts.Count < lines.Count || texts.Find(text => text.Trim().Length > 0)?.TrimStart() is not { } first)
        {
            return null;
        }
        return first[0] is ('{' or '[') && !IsJson(first) ? string.Join("\n", texts) : null;
    }

    private static bool IsJson(string text)
    {
        try
        {
            using var _ = JsonDocument.Parse(text);
            return true;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private string ToJson(object value)
    {
        using var writer = new JsonPayloadWriter(Depth, enumsAsStrings: true, cancel);
        return Encoding.UTF8.GetString(writer.Write(value).ToArray());
    }
}

using System.Collections;
using System.Text;
using System.Text.Json;
using NasPubSub.JetStream;

namespace NasPubSub.Payloads;

/// <summary>
/// Settings of streams in whatever form a user has them: a stream or a configuration, a hashtable or an object, JSON,
/// or a file with JSON.
/// </summary>
internal sealed class StreamConfigurationReader(Func<string, string> fullPath, CancellationToken cancel)
{
    private const int Depth = 20;

    /// <returns>Configurations that nobody else has; several where the JSON is an array.</returns>
    /// <exception cref="NasException">InvalidConfiguration, ConfigurationNotFound.</exception>
    public IReadOnlyList<NasStreamConfiguration> Read(object given) =>
        given.Unwrap() switch
        {
            NasStream stream => [stream.ToConfiguration()],
            NasStreamConfiguration configuration => [configuration.Copy()],
            string text when text.TrimStart() is { Length: > 0 } json && json[0] is ('{' or '[') => ReadJson(text),
            string path => ReadJson(ConfigurationReader.ReadFile(fullPath(path))),
            FileInfo file => ReadJson(ConfigurationReader.ReadFile(file.FullName)),
            IList several => [.. several.Cast<object>().SelectMany(Read)],
            _ => [NasStreamConfiguration.Parse(ToJson(given))],
        };

    /// <summary>Names of parameters with their values; null sets a setting back.</summary>
    /// <exception cref="NasException">InvalidConfiguration.</exception>
    public NasStreamConfiguration ReadParameters(IDictionary parameters) =>
        NasStreamConfiguration.Parse(ToJson(parameters));

    private static IReadOnlyList<NasStreamConfiguration> ReadJson(string text)
    {
        if (text.TrimStart()[0] != '[')
        {
            return [NasStreamConfiguration.Parse(text)];
        }
        try
        {
            using var document = JsonDocument.Parse(text);
            return [.. document.RootElement.EnumerateArray().Select(e => NasStreamConfiguration.Parse(e.GetRawText()))];
        }
        catch (JsonException e)
        {
            throw new NasException(NasError.InvalidOption, $"The configuration cannot be read as JSON: {e.Message}", e)
            {
                Code = "InvalidConfiguration",
            };
        }
    }

    private string ToJson(object value)
    {
        using var writer = new JsonPayloadWriter(Depth, enumsAsStrings: true, cancel);
        return Encoding.UTF8.GetString(writer.Write(value).ToArray());
    }
}

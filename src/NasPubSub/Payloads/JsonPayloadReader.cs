using System.Management.Automation;
using System.Numerics;
using System.Text.Json;

namespace NasPubSub.Payloads;

/// <summary>JSON as PowerShell objects: custom objects, arrays, numbers, text; text in the form of a point in time is one, as with ConvertFrom-Json.</summary>
internal static class JsonPayloadReader
{
    private static readonly JsonDocumentOptions Options = new() { MaxDepth = 1024, AllowTrailingCommas = true, CommentHandling = JsonCommentHandling.Skip };

    /// <exception cref="JsonException">No JSON.</exception>
    public static object? Read(ReadOnlyMemory<byte> json)
    {
        var span = json.Span;
        // A byte order mark is no JSON, but some writers put it there.
        if (span.Length >= 3 && span[0] == 0xEF && span[1] == 0xBB && span[2] == 0xBF) json = json.Slice(3);
        using var document = JsonDocument.Parse(json, Options);
        return Value(document.RootElement);
    }

    private static object? Value(JsonElement element) => element.ValueKind switch
    {
        JsonValueKind.Object => Object(element),
        JsonValueKind.Array => element.EnumerateArray().Select(Value).ToArray(),
        JsonValueKind.String => Text(element),
        JsonValueKind.Number => Number(element),
        JsonValueKind.True => true,
        JsonValueKind.False => false,
        _ => null,
    };

    private static PSObject Object(JsonElement element)
    {
        var result = new PSObject();
        foreach (var property in element.EnumerateObject())
        {
            // Names that differ in case only, or are empty, are no two properties to PowerShell: the last one stays.
            if (property.Name.Length == 0) continue;
            if (result.Properties[property.Name] is { } there) result.Properties.Remove(there.Name);
            result.Properties.Add(new PSNoteProperty(property.Name, Value(property.Value)));
        }
        return result;
    }

    private static object Text(JsonElement element)
    {
        var text = element.GetString()!;
        // 2026-01-31T12:00:00...
        return text.Length is >= 19 and <= 35 && text[4] == '-' && text[10] == 'T' && element.TryGetDateTime(out var time) ? time : text;
    }

    private static object Number(JsonElement element)
    {
        if (element.TryGetInt64(out var whole)) return whole;
        var text = element.GetRawText();
        return text.IndexOfAny(['.', 'e', 'E']) < 0 && BigInteger.TryParse(text, out var large) ? large : element.GetDouble();
    }
}

using System.Globalization;
using System.Management.Automation;
using System.Numerics;
using System.Text.Json;

namespace NasPubSub.Payloads;

/// <summary>
/// JSON as PowerShell objects: custom objects, arrays, numbers, text; text in the form of a point in time is one, as
/// with ConvertFrom-Json.
/// </summary>
internal static class JsonPayloadReader
{
    private static readonly JsonDocumentOptions Options = new()
    {
        MaxDepth = 1024,
        AllowTrailingCommas = true,
        CommentHandling = JsonCommentHandling.Skip,
    };

    /// <summary>Names by which PowerShell reaches an object's own sides.</summary>
    private static readonly HashSet<string> Reserved = new(StringComparer.OrdinalIgnoreCase)
    {
        "psobject",
        "psbase",
        "psadapted",
        "psextended",
        "pstypenames",
    };

    /// <exception cref="JsonException">No JSON, or some that no object can carry.</exception>
    public static object? Read(ReadOnlyMemory<byte> json)
    {
        var span = json.Span;
        // A byte order mark is no JSON, but some writers put it there.
        if (span.Length >= 3 && span[0] == 0xEF && span[1] == 0xBB && span[2] == 0xBF)
        {
            json = json.Slice(3);
        }

        using var document = JsonDocument.Parse(json, Options);
        try
        {
            return Value(document.RootElement);
        }
        catch (InvalidOperationException e)
        {
            // Text that is no UTF-8, half a surrogate pair.
            throw new JsonException(e.Message, e);
        }
    }

    private static object? Value(JsonElement element) =>
        element.ValueKind switch
        {
            JsonValueKind.Object => Object(element),
            JsonValueKind.Array => Array(element),
            JsonValueKind.String => Text(element),
            JsonValueKind.Number => Number(element),
            JsonValueKind.True => true,
            JsonValueKind.False => false,
            _ => null,
        };

    private static object?[] Array(JsonElement element)
    {
        var result = new object?[element.GetArrayLength()];
        var i = 0;
        foreach (var item in element.EnumerateArray())
        {
            result[i++] = Value(item);
        }

        return result;
    }

    private static PSObject Object(JsonElement element)
    {
        var result = new PSObject();
        var properties = result.Properties;
        var names = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (var property in element.EnumerateObject())
        {
            var name = property.Name;
            var value = Value(property.Value);
            if (name.Length == 0)
            {
                throw new JsonException("an object has a property without a name.");
            }

            if (names.Add(name))
            {
                if (Reserved.Contains(name))
                {
                    throw new JsonException($"no object can have a property '{name}'.");
                }
                // Checked here: the engine's own checks cost twice as much as all the rest.
                properties.Add(new PSNoteProperty(name, value), preValidated: true);
                continue;
            }
            // The same name twice is legal JSON, and the last one counts. PowerShell cannot tell apart what differs in
            // case only.
            var there = properties[name];
            if (there.Name != name)
            {
                throw new JsonException($"an object has both '{there.Name}' and '{name}', which differ in case only.");
            }

            there.Value = value;
        }
        return result;
    }

    private static object Text(JsonElement element)
    {
        var text = element.GetString()!;
        // 2026-01-31T12:00:00...
        return
            text.Length is >= 19 and <= 35 && text[4] == '-' && text[10] == 'T' && element.TryGetDateTime(out var time)
            ? time
            : text;
    }

    private static object Number(JsonElement element)
    {
        if (element.TryGetInt64(out var whole))
        {
            return whole;
        }

        var text = element.GetRawText();
        if (text.IndexOfAny(['.', 'e', 'E']) >= 0)
        {
            return element.TryGetDouble(out var real) && !double.IsInfinity(real)
                ? real
                : throw new JsonException("a number is too large.");
        }
        // Reading digits takes time by their square: nobody means a million of them.
        return text.Length <= 1000
            ? BigInteger.Parse(text, CultureInfo.InvariantCulture)
            : throw new JsonException("a number is too large.");
    }
}

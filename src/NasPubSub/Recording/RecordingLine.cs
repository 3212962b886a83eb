using System.Text;
using System.Text.Json;

namespace NasPubSub.Recording;

/// <summary>
/// One line of a recording: a JSON object with time, subject, replyTo, headers (each with all its values), and the
/// payload as text, or as base64 where it is no UTF-8. A header block that these headers do not give byte for byte,
/// such as one with a status, is there as base64 too, as headerBlock.
/// </summary>
internal static class RecordingLine
{
    /// <param name="json">Where to write the object.</param>
    /// <param name="message">The message.</param>
    /// <param name="onWire">Records the subjects on the wire instead of those without the namespace.</param>
    public static void Write(Utf8JsonWriter json, NasMessage message, bool onWire)
    {
        json.WriteStartObject();
        json.WriteString("time", message.Timestamp.UtcDateTime);
        json.WriteString("subject", onWire ? message.Topic : message.Subject);
        // Where a consumer waits for an acknowledgement nobody can reply later.
        if (message.Consumer is null && (onWire ? message.ReplyTopic : message.ReplyTo) is { } reply)
        {
            json.WriteString("replyTo", reply);
        }
        if (message.HasHeaders)
        {
            WriteHeaders(json, message.Headers);
        }
        if (TryDecode(message.Payload, out var text))
        {
            json.WriteString("text", text);
        }
        else
        {
            json.WriteBase64String("base64", message.Payload);
        }
        json.WriteEndObject();
    }

    /// <summary>The message of a line.</summary>
    /// <param name="line">The line.</param>
    /// <param name="hasTime">Does the line say when the message came?</param>
    /// <exception cref="FormatException">The line is no recorded message.</exception>
    public static NasMessage Read(string line, out bool hasTime)
    {
        try
        {
            using var document = JsonDocument.Parse(line);
            var root = document.RootElement;
            if (root.ValueKind != JsonValueKind.Object)
            {
                throw new FormatException("It is not a JSON object.");
            }
            DateTimeOffset? time = root.TryGetProperty("time", out var at) ? at.GetDateTimeOffset() : null;
            hasTime = time is not null;
            var subject = Text(root, "subject") ?? throw new FormatException("It has no subject.");
            return NasMessage.Create(subject, Payload(root), Headers(root), Text(root, "replyTo"), null, time);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or NasException)
        {
            throw new FormatException(e.Message, e);
        }
    }

    private static void WriteHeaders(Utf8JsonWriter json, NasHeaders headers)
    {
        json.WriteStartObject("headers");
        foreach (var field in headers)
        {
            json.WriteStartArray(field.Name);
            foreach (var value in field.Values)
            {
                json.WriteStringValue(value);
            }
            json.WriteEndArray();
        }
        json.WriteEndObject();
        var block = headers.ToByteArray();
        if (ToBlock(headers.Select(h => (h.Name, h.Values))) is not { } again || !again.AsSpan().SequenceEqual(block))
        {
            json.WriteBase64String("headerBlock", block);
        }
    }

    /// <returns>Is it UTF-8? Then the text gives the very bytes again.</returns>
    private static bool TryDecode(byte[] payload, out string text)
    {
        text = Encoding.UTF8.GetString(payload);
        return text.IndexOf('\uFFFD') < 0 || Encoding.UTF8.GetBytes(text).AsSpan().SequenceEqual(payload);
    }

    private static byte[] Payload(JsonElement root)
    {
        if (root.TryGetProperty("base64", out var base64))
        {
            return base64.GetBytesFromBase64();
        }
        return Text(root, "text") is { } text ? Encoding.UTF8.GetBytes(text) : [];
    }

    private static NasHeaders? Headers(JsonElement root)
    {
        if (root.TryGetProperty("headerBlock", out var block))
        {
            return NasHeaders.FromByteArray(block.GetBytesFromBase64());
        }
        if (!root.TryGetProperty("headers", out var headers) || headers.ValueKind == JsonValueKind.Null)
        {
            return null;
        }
        return ToBlock(headers.EnumerateObject().Select(h => (h.Name, Values(h.Value)))) is { } bytes
            ? NasHeaders.FromByteArray(bytes)
            : throw new FormatException("It has a header with a malformed name or value.");
    }

    private static string[] Values(JsonElement value) =>
        value.ValueKind == JsonValueKind.Array
            ? [.. value.EnumerateArray().Select(v => v.GetString() ?? "")]
            : [value.GetString() ?? ""];

    private static string? Text(JsonElement root, string name) =>
        root.TryGetProperty(name, out var value) ? value.GetString() : null;

    /// <returns>The block of these headers; null where a name or value cannot be sent.</returns>
    private static byte[]? ToBlock(IEnumerable<(string Name, string[] Values)> fields)
    {
        var block = new StringBuilder("NATS/1.0\r\n");
        foreach (var (name, values) in fields)
        {
            if (name.Length == 0 || name.Any(c => c is <= ' ' or > '~' or ':'))
            {
                return null;
            }
            foreach (var value in values)
            {
                if (value.IndexOfAny(['\r', '\n']) >= 0)
                {
                    return null;
                }
                block.Append(name).Append(": ").Append(value).Append("\r\n");
            }
        }
        return Encoding.UTF8.GetBytes(block.Append("\r\n").ToString());
    }
}

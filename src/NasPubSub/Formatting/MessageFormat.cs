using System.Globalization;
using System.Management.Automation;
using System.Text;
using NasPubSub.Diagnostics;

namespace NasPubSub.Formatting;

/// <summary>
/// Messages as the format file shows them. Nothing that a peer or server chose reaches the terminal as a control
/// sequence.
/// </summary>
public static class MessageFormat
{
    private const int MostCharacters = 200;
    private const int MostBytes = 10;
    private static readonly UTF8Encoding Strict = new(false, throwOnInvalidBytes: true);

    /// <summary>When it came, to the millisecond.</summary>
    public static string Time(NasMessage message) =>
        message.Timestamp.ToString("HH:mm:ss.fff", CultureInfo.InvariantCulture);

    /// <summary>
    /// The payload's beginning as one line of text, or a few bytes in hex where it is no text; the status where there
    /// is one.
    /// </summary>
    public static string Payload(NasMessage message)
    {
        if (message.Status != 0)
        {
            return TerminalText.Line($"{message.Status} {message.StatusText}");
        }

        return message.Payload.Length == 0 ? "" : Text(message.Payload) ?? Hex(message.Payload);
    }

    /// <summary>The message with the views that begin with its place in the stream.</summary>
    internal static PSObject AsStored(NasMessage message)
    {
        var stored = new PSObject(message);
        stored.TypeNames.Insert(0, "NasPubSub.NasMessage#Stored");
        return stored;
    }

    /// <summary>All headers in one line.</summary>
    public static string Headers(NasMessage message) => message.Headers.ToString();

    /// <summary>The values of one header in one line.</summary>
    public static string Values(NasHeader header) => TerminalText.Line(string.Join(", ", header.Values));

    /// <summary>A subject, a name or another text as one line.</summary>
    public static string Line(string? text) => TerminalText.Line(text);

    /// <summary>A number of bytes for people.</summary>
    public static string Size(long bytes) =>
        bytes switch
        {
            < 1024 => $"{bytes} B",
            < 1024 * 1024 => (bytes / 1024d).ToString("0.0 KiB", CultureInfo.InvariantCulture),
            < 1024L * 1024 * 1024 => (bytes / 1048576d).ToString("0.0 MiB", CultureInfo.InvariantCulture),
            _ => (bytes / 1073741824d).ToString("0.0 GiB", CultureInfo.InvariantCulture),
        };

    private static string? Text(byte[] payload)
    {
        try
        {
            // A character has four bytes at most; cut where one begins.
            var length = Math.Min(payload.Length, MostCharacters * 4);
            while (length < payload.Length && length > 0 && (payload[length] & 0xC0) == 0x80)
            {
                length--;
            }

            var text = Strict.GetString(payload, 0, length);
            if (text.IndexOf('\0') >= 0)
            {
                return null;
            }

            return TerminalText.Line(text.Length <= MostCharacters ? text : text.Substring(0, MostCharacters));
        }
        catch (DecoderFallbackException)
        {
            return null;
        }
    }

    private static string Hex(byte[] payload)
    {
        var shown = BitConverter
            .ToString(payload, 0, Math.Min(payload.Length, MostBytes))
            .Replace('-', ' ')
            .ToLowerInvariant();
        return payload.Length > MostBytes ? shown + " …" : shown;
    }
}

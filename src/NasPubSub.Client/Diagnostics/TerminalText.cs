using System.Text;

namespace NasPubSub.Diagnostics;

/// <summary>
/// Text that others may have chosen, made safe to show: a terminal obeys control characters, and characters that change
/// the direction of writing hide what a text says. Views, errors, events and completions all use this.
/// </summary>
public static class TerminalText
{
    private const char Replacement = '·';

    /// <summary>One line: line breaks and tabs become blanks.</summary>
    public static string Line(string? text)
    {
        if (text is null)
        {
            return "";
        }

        var first = 0;
        while (first < text.Length && !IsUnsafe(text[first]))
        {
            first++;
        }

        if (first == text.Length)
        {
            return text;
        }

        var clean = new StringBuilder(text, 0, first, text.Length);
        for (var i = first; i < text.Length; i++)
        {
            if (text[i] is '\r' && i + 1 < text.Length && text[i + 1] == '\n')
            {
                continue;
            }

            clean.Append(
                text[i] is '\n' or '\t' or '\r' ? ' '
                : IsUnsafe(text[i]) ? Replacement
                : text[i]
            );
        }
        return clean.ToString();
    }

    /// <summary>Text of several lines keeps its line breaks and tabs.</summary>
    public static string Lines(string text)
    {
        if (!text.Any(IsUnsafe))
        {
            return text;
        }

        var clean = new StringBuilder(text.Length);
        for (var i = 0; i < text.Length; i++)
        {
            // A carriage return alone would overwrite the line.
            var isKept = text[i] is '\n' or '\t' || (text[i] == '\r' && i + 1 < text.Length && text[i + 1] == '\n');
            clean.Append(!isKept && IsUnsafe(text[i]) ? Replacement : text[i]);
        }
        return clean.ToString();
    }

    /// <summary>
    /// The error itself, or, where its text or that of an error inside is unsafe, one that says the same safely.
    /// </summary>
    public static Exception Error(Exception error)
    {
        for (var e = error; e is not null; e = e.InnerException)
        {
            if (Lines(e.Message) != e.Message)
            {
                return Copy(error);
            }
        }
        return error;
    }

    /// <summary>
    /// Control characters, line separators, and characters that embed, override or isolate a direction.
    /// </summary>
    public static bool IsUnsafe(char c) =>
        char.IsControl(c)
        || c is '\u2028' or '\u2029' or (>= '\u202A' and <= '\u202E') or (>= '\u2066' and <= '\u2069');

    /// <summary>
    /// The beginning of a text, for a message: 80 characters at most, control characters as \x and a number.
    /// </summary>
    internal static string Excerpt(string text)
    {
        var shown = text.Length > 80 ? text.Substring(0, 77) + "..." : text;
        return shown.Any(char.IsControl)
            ? string.Concat(shown.Select(c => char.IsControl(c) ? $"\\x{(int)c:x2}" : c.ToString()))
            : shown;
    }

    private static Exception Copy(Exception error) =>
        new(Lines(error.Message), error.InnerException is null ? null : Copy(error.InnerException));
}

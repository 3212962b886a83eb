using System.Text.RegularExpressions;

namespace NasPubSub.Help;

/// <summary>The little Markdown that help pages are written in.</summary>
internal static partial class Markdown
{
    /// <summary>
    /// Splits at headings of a level, outside of code; what stands before the first has an empty title.
    /// </summary>
    public static List<(string Title, string Text)> Split(string text, int level)
    {
        var mark = new string('#', level) + " ";
        var parts = new List<(string, string)>();
        var (title, lines, inCode) = ("", new List<string>(), false);
        foreach (var line in text.ReplaceLineEndings("\n").Split('\n'))
        {
            if (line.StartsWith("```", StringComparison.Ordinal))
            {
                inCode = !inCode;
            }

            if (inCode || !line.StartsWith(mark, StringComparison.Ordinal))
            {
                lines.Add(line);
                continue;
            }
            parts.Add((title, string.Join("\n", lines).Trim()));
            (title, lines) = (line[mark.Length..].Trim(), []);
        }
        parts.Add((title, string.Join("\n", lines).Trim()));
        return parts;
    }

    /// <summary>
    /// Blocks of a text in order: paragraphs as one line, each list item, code as it stands, and tables as code with
    /// their columns side by side.
    /// </summary>
    public static IEnumerable<(bool IsCode, string Text)> Blocks(string text)
    {
        foreach (Match block in BlockPattern().Matches(text.ReplaceLineEndings("\n")))
        {
            if (block.Groups["code"].Success)
            {
                yield return (true, block.Groups["code"].Value);
            }
            else if (block.Value.StartsWith('|'))
            {
                yield return (true, Table(block.Value));
            }
            else if (Comment().Replace(block.Value, "").Trim() is { Length: > 0 } prose)
            {
                foreach (var item in ListItem().Split(prose))
                {
                    yield return (false, Plain(item));
                }
            }
        }
    }

    private static string Table(string markdown)
    {
        var rows = markdown
            .Split('\n', StringSplitOptions.RemoveEmptyEntries)
            .Where(line => !line.StartsWith("|-", StringComparison.Ordinal))
            .Select(line => line.Trim('|').Split('|').Select(Plain).ToArray())
            .ToList();
        var widths = Enumerable.Range(0, rows[0].Length).Select(i => rows.Max(row => row[i].Length)).ToArray();
        return string.Join(
            "\n",
            rows.Select(row => string.Join("  ", row.Select((cell, i) => cell.PadRight(widths[i]))).TrimEnd())
        );
    }

    /// <summary>Text without marks.</summary>
    public static string Plain(string text) =>
        Blank().Replace(Marks().Replace(Link().Replace(text, "$1"), "$1$2"), " ").Trim();

    [GeneratedRegex(@"```\w*\n(?<code>[\s\S]*?)\n```|(?:(?!```)[^\n]+(?:\n|$))+")]
    private static partial Regex BlockPattern();

    [GeneratedRegex(@"\n(?=- )")]
    private static partial Regex ListItem();

    [GeneratedRegex(@"<!--[\s\S]*?-->")]
    private static partial Regex Comment();

    [GeneratedRegex(@"\[([^\]]+)\]\([^)]*\)")]
    private static partial Regex Link();

    [GeneratedRegex(@"\*\*([^*]+)\*\*|`([^`]+)`")]
    private static partial Regex Marks();

    [GeneratedRegex(@"\s+")]
    private static partial Regex Blank();
}

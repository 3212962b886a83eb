using System.Text;

namespace NasPubSub.Help;

/// <summary>An about page as the text that Get-Help shows: 80 columns, titles in capitals.</summary>
internal static class AboutText
{
    private const int Width = 76,
        Indent = 4;

    public static string Of(string markdown)
    {
        var (topic, text) = Markdown.Split(markdown, 1)[^1];
        var to = new StringBuilder().Append("TOPIC\n    ").Append(topic).Append('\n');
        foreach (var (title, section) in Markdown.Split(text, 2).Skip(1))
        {
            to.Append('\n').Append(title.ToUpperInvariant()).Append('\n');
            foreach (var (name, part) in Markdown.Split(section, 3))
            {
                if (name.Length > 0)
                {
                    to.Append('\n').Append("  ").Append(Markdown.Plain(name)).Append('\n');
                }

                Append(to, part);
            }
        }
        return to.ToString();
    }

    private static void Append(StringBuilder to, string text)
    {
        var first = true;
        foreach (var (isCode, block) in Markdown.Blocks(text))
        {
            if (!first && !block.StartsWith("- ", StringComparison.Ordinal))
            {
                to.Append('\n');
            }

            first = false;
            if (isCode)
            {
                foreach (var line in block.Split('\n'))
                {
                    to.Append(line.Length == 0 ? "" : new string(' ', 2 * Indent) + line).Append('\n');
                }
            }
            else
            {
                Wrap(to, block);
            }
        }
    }

    private static void Wrap(StringBuilder to, string text)
    {
        var line = new string(' ', Indent);
        var hang = text.StartsWith("- ", StringComparison.Ordinal) ? Indent + 2 : Indent;
        foreach (var word in text.Split(' '))
        {
            if (line.Trim().Length > 0 && line.Length + 1 + word.Length > Width)
            {
                to.Append(line).Append('\n');
                line = new string(' ', hang);
            }
            line += line.Trim().Length == 0 ? word : " " + word;
        }
        to.Append(line).Append('\n');
    }
}

using System.Management.Automation.Language;
using System.Text;
using NasPubSub.Diagnostics;

namespace NasPubSub.Completion;

/// <summary>
/// Values as arguments of a command. A peer may have chosen the value, so accepting a completion must never run
/// anything: the parser decides whether a text is one constant string of that value.
/// </summary>
internal static class CompletionText
{
    /// <summary>The shortest argument that is this value and nothing else; null where no text is.</summary>
    public static string? Of(string value)
    {
        if (!value.Any(TerminalText.IsUnsafe))
        {
            if (IsPlain(value) && IsConstant(value, value))
            {
                return value;
            }

            var quoted = "'" + CodeGeneration.EscapeSingleQuotedStringContent(value) + "'";
            return IsConstant(quoted, value) ? quoted : null;
        }
        // Windows PowerShell has no escape for most of these characters, which the parser tells.
        var escaped = Escape(value);
        return IsConstant(escaped, value) ? escaped : null;
    }

    /// <summary>The value of the typed text, whose quotes may still be open.</summary>
    public static string ValueOf(string word)
    {
        if (word.Length == 0 || !IsQuote(word[0]))
        {
            return word;
        }

        var isSingle = IsSingleQuote(word[0]);
        var end =
            word.Length > 1 && IsQuote(word[word.Length - 1]) && IsSingleQuote(word[word.Length - 1]) == isSingle
                ? 1
                : 0;
        var closed = (isSingle ? "'" : "\"") + word.Substring(1, word.Length - 1 - end) + (isSingle ? "'" : "\"");
        return Constant("x " + closed)?.Value ?? word.Substring(1, word.Length - 1 - end);
    }

    private static bool IsPlain(string value) =>
        value.Length > 0
        && char.IsLetter(value[0])
        && value.All(c => char.IsLetterOrDigit(c) || c is '.' or '-' or '_');

    private static bool IsQuote(char c) => IsSingleQuote(c) || IsDoubleQuote(c);

    private static bool IsSingleQuote(char c) => c is '\'' or (>= '\u2018' and <= '\u201B');

    private static bool IsDoubleQuote(char c) => c is '"' or (>= '\u201C' and <= '\u201E');

    /// <summary>Alone, behind a parameter's name, and in a list.</summary>
    private static bool IsConstant(string text, string value) =>
        Constant("x " + text)?.Value == value
        && Constant("x -p " + text)?.Value == value
        && Constant("x a, " + text)?.Value == value;

    /// <summary>
    /// The constant string that is the last, or only, argument of the line's command; null where the line is anything
    /// else.
    /// </summary>
    private static StringConstantExpressionAst? Constant(string line)
    {
        var script = Parser.ParseInput(line, out _, out var errors);
        if (
            errors.Length > 0
            || script.ParamBlock is not null
            || script.EndBlock?.Statements is not { Count: 1 } statements
        )
        {
            return null;
        }

        if (statements[0] is not PipelineAst { PipelineElements: { Count: 1 } elements })
        {
            return null;
        }

        if (elements[0] is not CommandAst { Redirections.Count: 0 } command || command.Extent.EndOffset != line.Length)
        {
            return null;
        }

        var last = command.CommandElements[command.CommandElements.Count - 1];
        if (last is ArrayLiteralAst { Elements: { Count: 2 } list })
        {
            last = list[1] as CommandElementAst;
        }

        var expected = line.StartsWith("x -p ", StringComparison.Ordinal) ? 3 : 2;
        return command.CommandElements.Count == expected ? last as StringConstantExpressionAst : null;
    }

    private static string Escape(string value)
    {
        var text = new StringBuilder("\"");
        foreach (var c in value)
        {
            if (TerminalText.IsUnsafe(c))
            {
                text.Append("`u{")
                    .Append(((int)c).ToString("x", System.Globalization.CultureInfo.InvariantCulture))
                    .Append('}');
            }
            else
            {
                if (c is '`' or '$' || IsDoubleQuote(c))
                {
                    text.Append('`');
                }

                text.Append(c);
            }
        }
        return text.Append('"').ToString();
    }
}

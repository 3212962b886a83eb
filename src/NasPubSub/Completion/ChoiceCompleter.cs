using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;
using NasPubSub.Diagnostics;

namespace NasPubSub.Completion;

/// <summary>Offers those of its choices that begin with what was typed.</summary>
public abstract class ChoiceCompleter : IArgumentCompleter
{
    /// <summary>Nobody reads more, and the parser checks each.</summary>
    private const int Most = 200;

    /// <summary>What there is to choose from, each with its tip, in any order.</summary>
    private protected virtual IEnumerable<(string Text, string Tip)> Choices => [];

    /// <summary>As <see cref="Choices"/>, where they depend on what else the line says.</summary>
    /// <param name="start">What was typed.</param>
    /// <param name="bound">The parameters of the line that have a value.</param>
    private protected virtual IEnumerable<(string Text, string Tip)> ChoicesFor(string start, IDictionary bound) =>
        Choices;

    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName,
        string parameterName,
        string wordToComplete,
        CommandAst commandAst,
        IDictionary fakeBoundParameters
    )
    {
        var start = CompletionText.ValueOf(wordToComplete);
        return ChoicesFor(start, fakeBoundParameters)
            .Where(c => c.Text.StartsWith(start, StringComparison.OrdinalIgnoreCase))
            .Distinct()
            .OrderBy(c => c.Text, StringComparer.OrdinalIgnoreCase)
            .Take(Most)
            .Select(c => Result(c.Text, c.Tip))
            .OfType<CompletionResult>();
    }

    private static CompletionResult? Result(string value, string tip)
    {
        if (CompletionText.Of(value) is not { } text)
        {
            return null;
        }
        // The engine takes no empty text.
        var shown = TerminalText.Line(value) is { Length: > 0 } line ? line : text;
        return new CompletionResult(
            text,
            shown,
            CompletionResultType.ParameterValue,
            tip.Length > 0 ? TerminalText.Line(tip) : shown
        );
    }
}

using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;
using NasPubSub.Diagnostics;
using NasPubSub.Sessions;

namespace NasPubSub.Completion;

/// <summary>Names of live sessions. It asks nobody but this runspace.</summary>
public sealed class SessionCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName,
        string parameterName,
        string wordToComplete,
        CommandAst commandAst,
        IDictionary fakeBoundParameters
    ) =>
        Choice.Of(
            wordToComplete,
            SessionStore
                .Current.All.Where(s => s.Connection.State != NasConnectionState.Closed)
                .Select(s => (s.Name, s.Connection.ToString()))
        );
}

/// <summary>Subjects of this runspace's subscriptions.</summary>
public sealed class SubjectCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName,
        string parameterName,
        string wordToComplete,
        CommandAst commandAst,
        IDictionary fakeBoundParameters
    ) =>
        Choice.Of(
            wordToComplete,
            SessionStore.Current.All.SelectMany(s => SeenSubjects.Of(s.Connection)).Select(s => (s, s))
        );
}

/// <summary>Names of encodings.</summary>
public sealed class EncodingCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName,
        string parameterName,
        string wordToComplete,
        CommandAst commandAst,
        IDictionary fakeBoundParameters
    ) => Choice.Of(wordToComplete, Payloads.EncodingTransformationAttribute.Names.Select(n => (n, n)));
}

internal static class Choice
{
    public static IEnumerable<CompletionResult> Of(string word, IEnumerable<(string Text, string Tip)> all)
    {
        var start = CompletionText.ValueOf(word);
        return all.Where(c => c.Text.StartsWith(start, StringComparison.OrdinalIgnoreCase))
            .Distinct()
            .OrderBy(c => c.Text, StringComparer.OrdinalIgnoreCase)
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

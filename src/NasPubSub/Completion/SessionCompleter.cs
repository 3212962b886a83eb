using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;
using NasPubSub.Sessions;

namespace NasPubSub.Completion;

/// <summary>Names of live sessions. It asks nobody but this runspace.</summary>
public sealed class SessionCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters) =>
        Choice.Of(wordToComplete, SessionStore.Current.All.Where(s => s.Connection.State != NasConnectionState.Closed).Select(s => (s.Name, s.Connection.ToString())));
}

/// <summary>Subjects of this runspace's subscriptions.</summary>
public sealed class SubjectCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters) =>
        Choice.Of(wordToComplete, SessionStore.Current.All.SelectMany(s => SeenSubjects.Of(s.Connection)).Select(s => (s, s)));
}

/// <summary>Names of encodings.</summary>
public sealed class EncodingCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(string commandName, string parameterName, string wordToComplete, CommandAst commandAst, IDictionary fakeBoundParameters) =>
        Choice.Of(wordToComplete, Payloads.EncodingTransformationAttribute.Names.Select(n => (n, n)));
}

internal static class Choice
{
    public static IEnumerable<CompletionResult> Of(string word, IEnumerable<(string Text, string Tip)> all)
    {
        var start = word.Trim('\'', '"');
        return all.Where(c => c.Text.StartsWith(start, StringComparison.OrdinalIgnoreCase)).Distinct().OrderBy(c => c.Text, StringComparer.OrdinalIgnoreCase)
            .Select(c => new CompletionResult(Quote(c.Text), c.Text, CompletionResultType.ParameterValue, c.Tip.Length > 0 ? c.Tip : c.Text));
    }

    private static string Quote(string text) =>
        text.Any(c => char.IsWhiteSpace(c) || c is '$' or '>' or '*' or '\'' or ';' or '|' or '&' or '(' or ')') ? "'" + text.Replace("'", "''") + "'" : text;
}

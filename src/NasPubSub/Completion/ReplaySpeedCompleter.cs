using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;

namespace NasPubSub.Completion;

/// <summary>Speeds of a replay.</summary>
public sealed class ReplaySpeedCompleter : IArgumentCompleter
{
    private static readonly (string, string)[] Speeds =
    [
        ("1", "The recorded pace"),
        ("10", "Ten times as fast"),
        ("Max", "No waits"),
    ];

    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName,
        string parameterName,
        string wordToComplete,
        CommandAst commandAst,
        IDictionary fakeBoundParameters
    ) => Choice.Of(wordToComplete, Speeds);
}

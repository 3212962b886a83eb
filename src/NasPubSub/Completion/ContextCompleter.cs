using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;

namespace NasPubSub.Completion;

/// <summary>Names of the nats command's contexts.</summary>
public sealed class ContextCompleter : IArgumentCompleter
{
    /// <inheritdoc/>
    public IEnumerable<CompletionResult> CompleteArgument(
        string commandName,
        string parameterName,
        string wordToComplete,
        CommandAst commandAst,
        IDictionary fakeBoundParameters
    ) => Choice.Of(wordToComplete, NasContext.Names.Select(n => (n, n)));
}

using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Language;

namespace NasPubSub.Completion;

/// <summary>The release that this module is tested with, and those that were downloaded.</summary>
public sealed class ServerVersionCompleter : IArgumentCompleter
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
            ServerBinary.ReleasedVersions.Append(ServerDownload.PinnedVersion).Select(v => (v, v))
        );
}

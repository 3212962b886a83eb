namespace NasPubSub.Completion;

/// <summary>The release that this module is tested with, and those that were downloaded.</summary>
public sealed class ServerVersionCompleter : ChoiceCompleter
{
    private protected override IEnumerable<(string Text, string Tip)> Choices =>
        ServerBinary.ReleasedVersions.Append(ServerDownload.PinnedVersion).Select(v => (v, v));
}

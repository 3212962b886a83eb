namespace NasPubSub.Completion;

/// <summary>Speeds of a replay.</summary>
public sealed class ReplaySpeedCompleter : ChoiceCompleter
{
    private protected override IEnumerable<(string Text, string Tip)> Choices =>
        [("1", "The recorded pace"), ("10", "Ten times as fast"), ("Max", "No waits")];
}

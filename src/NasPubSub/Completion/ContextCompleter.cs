namespace NasPubSub.Completion;

/// <summary>Names of the nats command's contexts.</summary>
public sealed class ContextCompleter : ChoiceCompleter
{
    private protected override IEnumerable<(string Text, string Tip)> Choices =>
        NasContext.Names.Select(n => (n, n));
}

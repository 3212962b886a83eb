using NasPubSub.Sessions;

namespace NasPubSub.Completion;

/// <summary>Names of live sessions. It asks nobody but this runspace.</summary>
public sealed class SessionCompleter : ChoiceCompleter
{
    private protected override IEnumerable<(string Text, string Tip)> Choices =>
        SessionStore
            .Current.All.Where(s => s.Connection.State != NasConnectionState.Closed)
            .Select(s => (s.Name, s.Connection.ToString()));
}

/// <summary>Subjects of this runspace's subscriptions.</summary>
public sealed class SubjectCompleter : ChoiceCompleter
{
    private protected override IEnumerable<(string Text, string Tip)> Choices =>
        SessionStore.Current.All.SelectMany(s => SeenSubjects.Of(s.Connection)).Select(s => (s, s));
}

/// <summary>Names of encodings.</summary>
public sealed class EncodingCompleter : ChoiceCompleter
{
    private protected override IEnumerable<(string Text, string Tip)> Choices =>
        Payloads.EncodingTransformationAttribute.Names.Select(n => (n, n));
}

namespace NasPubSub.JetStream;

/// <summary>Where the JetStream API of a session is, and how long a call may take.</summary>
public sealed record NasJetStreamOptions
{
    /// <summary>
    /// The domain whose JetStream is used, behind a leaf node for example; null for that of the connected server.
    /// </summary>
    public string? Domain { get; init; }

    /// <summary>
    /// The subject that API calls begin with, where an import of the account maps it; null for <c>$JS.API</c>, or
    /// <c>$JS.domain.API</c> with a <see cref="Domain"/>. Takes precedence over the domain.
    /// </summary>
    public string? ApiPrefix { get; init; }

    /// <summary>How long a call may take, retries included; 5 s unless set.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>What the subjects of API calls begin with, such as <c>$JS.API</c>; without a dot at its end.</summary>
    public string Prefix =>
        ApiPrefix is { Length: > 0 } ? ApiPrefix.TrimEnd('.')
        : Domain is { Length: > 0 } ? $"$JS.{Domain}.API"
        : "$JS.API";
}

namespace NasPubSub.JetStream;

/// <summary>Which stored messages to read. Unless set, all, up to the last one at the moment of the call.</summary>
public sealed record NasMessageRange
{
    /// <summary>A subject, which may have wildcards; null for every subject of the stream.</summary>
    public string? Subject { get; init; }

    /// <summary>The first sequence.</summary>
    public ulong FromSequence { get; init; } = 1;

    /// <summary>
    /// When the first message was stored at the earliest; takes precedence over <see cref="FromSequence"/>.
    /// </summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>The last sequence; null for the last one of the stream.</summary>
    public ulong? ToSequence { get; init; }

    /// <summary>How many messages; null for all.</summary>
    public long? Count { get; init; }

    /// <summary>
    /// Read from the leader of the stream. Otherwise any server that has a copy answers where the stream allows it,
    /// which is faster, and may be a moment behind (ADR-31).
    /// </summary>
    public bool FromLeader { get; init; }

    /// <summary>Does the subject get the connection's namespace?</summary>
    public bool UseNamespace { get; init; } = true;
}

namespace NasPubSub.JetStream;

/// <summary>How a stream is copied.</summary>
public sealed record NasCopyOptions
{
    /// <summary>The name of the destination; null for that of the source.</summary>
    public string? Destination { get; init; }

    /// <summary>
    /// The subjects of the destination where it does not exist; null for those of the source. They get the namespace of
    /// the destination's connection unless <see cref="UseNamespace"/> is false.
    /// </summary>
    public IReadOnlyList<string>? Subjects { get; init; }

    /// <summary>Copy only messages of this subject, which may have wildcards; null for all.</summary>
    public string? Filter { get; init; }

    /// <summary>Do filter and subjects get the namespace of their connection?</summary>
    public bool UseNamespace { get; init; } = true;

    /// <summary>
    /// Returns what is copied instead of each message: the same one, another one, several, or none. Null copies every
    /// message as it is. It is called for one message at a time.
    /// </summary>
    public Func<NasMessage, ValueTask<IReadOnlyList<NasMessage>>>? Transform { get; init; }

    /// <summary>The messages that may wait for their acknowledgement; 1,000 unless set.</summary>
    public int MaxPending { get; init; } = 1000;

    /// <summary>How long to try to store a message, over breaks of the connection; 1 min unless set.</summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromMinutes(1);
}

/// <summary>What a copy has done.</summary>
public sealed record NasCopyResult
{
    /// <summary>The stream that was copied.</summary>
    public string Stream { get; init; } = "";

    /// <summary>The stream that has the copies.</summary>
    public string Destination { get; init; } = "";

    /// <summary>The first sequence that was looked at: behind what an earlier copy had done.</summary>
    public ulong FromSequence { get; init; }

    /// <summary>The last sequence that was looked at: the last of the source when the copy began.</summary>
    public ulong ToSequence { get; init; }

    /// <summary>The messages that were read.</summary>
    public long Read { get; init; }

    /// <summary>The messages that the destination stored.</summary>
    public long Copied { get; init; }

    /// <summary>The messages of which nothing was copied, because the transformation dropped them.</summary>
    public long Dropped { get; init; }

    /// <summary>The messages that the destination has from an earlier copy.</summary>
    public long Skipped { get; init; }
}

/// <summary>How far a copy is.</summary>
/// <param name="Read">The messages that were read.</param>
/// <param name="Total">About how many there are to read.</param>
public readonly record struct NasCopyProgress(long Read, long Total);

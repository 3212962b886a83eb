namespace NasPubSub.JetStream;

/// <summary>How a stream is backed up.</summary>
public sealed record NasBackupOptions
{
    /// <summary>Back up the consumers and how far each of them is; yes unless set.</summary>
    public bool Consumers { get; init; } = true;

    /// <summary>The server first checks every message, which can take long.</summary>
    public bool Check { get; init; }

    /// <summary>Replace a backup that the folder has. It stays as it is until the new one is whole.</summary>
    public bool Replace { get; init; }

    /// <summary>With <see cref="Replace"/>: replace files that are read-only, too.</summary>
    public bool ReplaceReadOnly { get; init; }

    /// <summary>The bytes of a chunk, 1 KiB to 1 MiB; 128 KiB unless set.</summary>
    public int ChunkSize { get; init; } = 128 * 1024;

    /// <summary>How long the server may send nothing; 30 s unless set. The whole transfer has no limit.</summary>
    public TimeSpan IdleTimeout { get; init; } = TimeSpan.FromSeconds(30);
}

/// <summary>How a backup is restored. What is null is as in the backup.</summary>
public sealed record NasRestoreOptions
{
    /// <summary>The name of the stream. Another one than that of the backup needs nats-server 2.15.</summary>
    public string? Stream { get; init; }

    /// <summary>The subjects, with the connection's namespace unless <see cref="UseNamespace"/> is false.</summary>
    public IReadOnlyList<string>? Subjects { get; init; }

    /// <summary>Do the subjects get the connection's namespace?</summary>
    public bool UseNamespace { get; init; } = true;

    /// <summary>Where messages are kept. Another storage than that of the backup needs nats-server 2.15.</summary>
    public NasStorage? Storage { get; init; }

    /// <summary>The servers that keep the stream.</summary>
    public int? Replicas { get; init; }

    /// <summary>
    /// How long the server may leave a chunk unanswered; 30 s unless set. The whole transfer has no limit.
    /// </summary>
    public TimeSpan IdleTimeout { get; init; } = TimeSpan.FromSeconds(30);
}

/// <summary>How far a transfer is.</summary>
/// <param name="Bytes">The bytes that were transferred.</param>
/// <param name="Total">The bytes to transfer; for a backup the size of the messages before compression.</param>
public readonly record struct NasTransferProgress(long Bytes, long Total);

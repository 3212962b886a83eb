namespace NasPubSub.JetStream;

/// <summary>When a stream lets messages go.</summary>
public enum NasRetention
{
    /// <summary>When a limit is reached.</summary>
    Limits,

    /// <summary>Also when every consumer has acknowledged them.</summary>
    Interest,

    /// <summary>Also when the one consumer that takes them has acknowledged them.</summary>
    WorkQueue,
}

/// <summary>What a stream does when a limit is reached.</summary>
public enum NasDiscard
{
    /// <summary>Removes the oldest messages.</summary>
    Old,

    /// <summary>Refuses new messages.</summary>
    New,
}

/// <summary>Where a stream keeps its messages.</summary>
public enum NasStorage
{
    /// <summary>In files.</summary>
    File,

    /// <summary>In memory: they are lost when the server ends, unless another replica has them.</summary>
    Memory,
}

/// <summary>How a stream compresses its files (nats-server 2.10).</summary>
public enum NasCompression
{
    /// <summary>Not at all.</summary>
    None,

    /// <summary>With S2, a fast relative of Snappy.</summary>
    S2,
}

/// <summary>When a stream acknowledges a message (nats-server 2.12).</summary>
public enum NasPersistMode
{
    /// <summary>When it is written.</summary>
    Default,

    /// <summary>Before: faster, but a crash of the server may lose acknowledged messages.</summary>
    Async,
}

namespace NasPubSub;

/// <summary>The state of a connection.</summary>
public enum NasConnectionState
{
    /// <summary>Not connected, and not connecting: before the first connect, or after it failed.</summary>
    Disconnected,

    /// <summary>The first connect is under way.</summary>
    Connecting,

    /// <summary>The server answered the handshake.</summary>
    Connected,

    /// <summary>The connection broke; the client is connecting again.</summary>
    Reconnecting,

    /// <summary>Closing: subscriptions end, buffered messages are sent.</summary>
    Draining,

    /// <summary>Closed for good.</summary>
    Closed,
}

/// <summary>The kind of a <see cref="NasEvent"/>.</summary>
public enum NasEventKind
{
    /// <summary>The first connect succeeded.</summary>
    Connected,

    /// <summary>The connection broke.</summary>
    Disconnected,

    /// <summary>The client connected again, and its subscriptions are restored.</summary>
    Reconnected,

    /// <summary>An attempt to connect failed; another follows.</summary>
    ConnectAttemptFailed,

    /// <summary>Closed for good.</summary>
    Closed,

    /// <summary>The server announced its shutdown (lame duck mode), and there is no other to move to.</summary>
    LameDuck,

    /// <summary>The client moved to another server before the one in lame duck mode shut down.</summary>
    Moved,

    /// <summary>The server named servers of its cluster that were not known before.</summary>
    ServersDiscovered,

    /// <summary>A subscription's buffer is full; one event for each episode.</summary>
    SlowConsumer,

    /// <summary>The server reported an error, or user code failed.</summary>
    Error,
}

/// <summary>Something that happened to a connection.</summary>
/// <param name="Kind">What happened.</param>
/// <param name="Server">The server's address, without credentials.</param>
/// <param name="Message">One sentence for a person.</param>
/// <param name="Exception">The error, where there is one.</param>
/// <param name="Time">When, in UTC.</param>
public sealed record NasEvent(
    NasEventKind Kind,
    string? Server,
    string Message,
    Exception? Exception,
    DateTimeOffset Time
);

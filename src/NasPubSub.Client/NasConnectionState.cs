namespace NasPubSub;

/// <summary>Where a connection stands.</summary>
public enum NasConnectionState
{
    /// <summary>Never connected yet.</summary>
    Disconnected,

    /// <summary>The first connect is under way.</summary>
    Connecting,

    /// <summary>The server answered the handshake.</summary>
    Connected,

    /// <summary>The connection broke; another is being made.</summary>
    Reconnecting,

    /// <summary>Subscriptions end, what is buffered is being sent.</summary>
    Draining,

    /// <summary>Closed for good.</summary>
    Closed,
}

/// <summary>What a <see cref="NasEvent"/> tells.</summary>
public enum NasEventKind
{
    /// <summary>The first connect succeeded.</summary>
    Connected,

    /// <summary>The connection broke.</summary>
    Disconnected,

    /// <summary>The connection is back, subscriptions and all.</summary>
    Reconnected,

    /// <summary>An attempt to connect failed; another follows.</summary>
    ConnectAttemptFailed,

    /// <summary>Closed for good.</summary>
    Closed,

    /// <summary>The server announced its end (lame duck mode).</summary>
    LameDuck,

    /// <summary>Moved to another server before the lame duck went away.</summary>
    Moved,

    /// <summary>The server told of servers not known before.</summary>
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

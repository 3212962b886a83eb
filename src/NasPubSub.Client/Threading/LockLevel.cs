namespace NasPubSub.Threading;

/// <summary>
/// The locks of a connection, in the order in which they nest: a thread that holds one takes only those below it.
/// Locks that are not here protect a few fields, and no other lock is taken inside them.
/// </summary>
internal enum LockLevel
{
    /// <summary>The counters of all connections of the process.</summary>
    Metrics,

    /// <summary>The end of a connection.</summary>
    Shutdown,

    /// <summary>The list of dedicated connections.</summary>
    Dedicated,

    /// <summary>Which link is the present one.</summary>
    Reconnect,

    /// <summary>What a second link delivers while the client moves to it.</summary>
    Migration,

    /// <summary>The requests that wait for a reply, and their inbox.</summary>
    Requests,

    /// <summary>The live subscriptions.</summary>
    Subscriptions,

    /// <summary>The bytes to send.</summary>
    SendBuffer,

    /// <summary>The fences of one link.</summary>
    Link,

    /// <summary>The messages of one subscription that wait to be handled or read.</summary>
    MessageBuffer,

    /// <summary>State, server and last error of the connection.</summary>
    Status,

    /// <summary>The servers to try.</summary>
    ServerPool,

    /// <summary>What the server denied and nobody knows of yet.</summary>
    Denials,
}

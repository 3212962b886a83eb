namespace NasPubSub.Threading;

/// <summary>
/// The locks of a connection, in the order in which they nest: a thread that holds one takes only those below it.
/// </summary>
internal enum LockLevel
{
    /// <summary>Which link is the present one.</summary>
    Reconnect,

    /// <summary>What a second link brings while the client moves to it.</summary>
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
}

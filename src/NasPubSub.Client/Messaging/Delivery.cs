namespace NasPubSub.Messaging;

/// <summary>What the read loop has to do after messages were added to a buffer.</summary>
[Flags]
internal enum Delivery
{
    None = 0,

    /// <summary>The last message of the maximum came: the subscription ends.</summary>
    ReachedMax = 1,

    /// <summary>From now on messages are dropped: tell the user once.</summary>
    BecameSlow = 2,

    /// <summary>One message waits for room: read no more until it has some.</summary>
    LacksRoom = 4,

    /// <summary>The handler is to be started: it takes messages until it gets none.</summary>
    StartHandler = 8,

    /// <summary>Somebody waits to read.</summary>
    WakeReader = 16,
}

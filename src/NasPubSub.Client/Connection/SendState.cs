namespace NasPubSub.Connection;

/// <summary>
/// What a <see cref="SendBuffer"/> does with what is written to it.
/// <code>
/// state    | a publish is                      | SUB, UNSUB are | a fence is              | the write loop takes
/// Detached | kept, up to ReconnectBufferBytes  | dropped        | refused: NotConnected   | nothing
/// Flowing  | buffered, up to SendBufferBytes   | buffered       | buffered                | everything, when due
/// Pausing  | buffered, up to SendBufferBytes   | buffered       | buffered                | everything, then the fence
/// Paused   | buffered, up to SendBufferBytes   | buffered       | kept for the next link  | nothing
/// Closed   | refused: ConnectionClosed         | dropped        | refused                 | nothing
///
/// Attach: Detached, Pausing, Paused -> Flowing, on the new link
/// Detach: Flowing, Pausing, Paused -> Detached
/// Pause:  Flowing -> Pausing, and the write loop's next turn -> Paused
/// Resume: Pausing, Paused -> Flowing
/// Close:  any -> Closed
/// Refuse: no change; every later publish is refused, and what is buffered still leaves
/// </code>
/// </summary>
internal enum SendState
{
    /// <summary>There is no connection.</summary>
    Detached,

    /// <summary>What is written is sent.</summary>
    Flowing,

    /// <summary>What was written is sent once more before the pause.</summary>
    Pausing,

    /// <summary>What is written waits for another connection.</summary>
    Paused,

    /// <summary>The end.</summary>
    Closed,
}

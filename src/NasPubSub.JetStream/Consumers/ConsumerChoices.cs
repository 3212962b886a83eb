namespace NasPubSub.JetStream;

/// <summary>Where a consumer begins in its stream.</summary>
public enum NasDeliverPolicy
{
    /// <summary>With the first message.</summary>
    All,

    /// <summary>With the last message.</summary>
    Last,

    /// <summary>With the next message that is stored.</summary>
    New,

    /// <summary>With the message of a sequence.</summary>
    ByStartSequence,

    /// <summary>With the first message of a time.</summary>
    ByStartTime,

    /// <summary>With the last message of each subject; needs a filter.</summary>
    LastPerSubject,
}

/// <summary>What acknowledgement a consumer asks for.</summary>
public enum NasAckPolicy
{
    /// <summary>None: a message is done when it was sent.</summary>
    None,

    /// <summary>That of a message is that of all before it as well.</summary>
    All,

    /// <summary>That of each message.</summary>
    Explicit,

    /// <summary>That of the flow control; needs nats-server 2.14.</summary>
    FlowControl,
}

/// <summary>How fast a consumer delivers what is stored.</summary>
public enum NasReplayPolicy
{
    /// <summary>As fast as it is taken.</summary>
    Instant,

    /// <summary>As fast as it was published.</summary>
    Original,
}

/// <summary>Which of the clients that pull from a consumer get messages (ADR-42).</summary>
public enum NasPriorityPolicy
{
    /// <summary>All of them, in turn.</summary>
    None,

    /// <summary>Some only while enough messages wait.</summary>
    Overflow,

    /// <summary>One of each group, until it stops pulling.</summary>
    PinnedClient,

    /// <summary>Those of the best priority first; needs nats-server 2.12.</summary>
    Prioritized,
}

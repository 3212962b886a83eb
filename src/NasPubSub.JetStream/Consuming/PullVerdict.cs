namespace NasPubSub.JetStream.Consuming;

/// <summary>What a status of a pull means for whoever drives it.</summary>
internal enum PullVerdict
{
    /// <summary>Nothing but the counts changed.</summary>
    Continue,

    /// <summary>The fetch is over, or there is nothing more for now.</summary>
    End,

    /// <summary>The requests are lost: ask again at once.</summary>
    AskAgain,

    /// <summary>Nobody answers: no such consumer, or no leader. Ask again after a while, and find out.</summary>
    NoResponders,

    /// <summary>Too many requests wait at the consumer: ask again after a while.</summary>
    TooManyRequests,

    /// <summary>The request was larger than the consumer's configuration allows: read that, and ask for less.</summary>
    TooLarge,

    /// <summary>A message is larger than the limit in bytes, which was raised.</summary>
    MaxBytesRaised,

    /// <summary>A message is larger than the limit in bytes: a fetch ended without one.</summary>
    MaxBytesExceeded,

    /// <summary>This client does not hold the pin of the group, or no longer.</summary>
    Unpinned,

    /// <summary>The consumer was deleted.</summary>
    Deleted,

    /// <summary>The consumer delivers to a subject by itself.</summary>
    IsPush,

    /// <summary>The server refuses such requests.</summary>
    Refused,
}

namespace NasPubSub;

/// <summary>
/// Counters of a connection since it was made; reconnects do not reset them (ADR-40). Messages in are MSG and HMSG,
/// messages out are PUB and HPUB; bytes are payload and headers.
/// </summary>
/// <param name="MessagesIn">Messages received.</param>
/// <param name="MessagesOut">Messages published, what is still buffered among them.</param>
/// <param name="BytesIn">Bytes received.</param>
/// <param name="BytesOut">Bytes published.</param>
/// <param name="Reconnects">How often the connection came back.</param>
/// <param name="Dropped">Messages dropped because a subscription was full.</param>
/// <param name="Unconfirmed">
/// Messages that had been handed to the network when a connection broke, without the server having confirmed them by a
/// PONG since, and messages kept that the next server did not take: an upper bound of those lost.
/// </param>
public sealed record NasStatistics(
    long MessagesIn,
    long MessagesOut,
    long BytesIn,
    long BytesOut,
    long Reconnects,
    long Dropped,
    long Unconfirmed
);

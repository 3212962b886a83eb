namespace NasPubSub;

/// <summary>
/// Counters of a connection since it was made; reconnects do not reset them (ADR-40). Messages in are MSG and HMSG,
/// messages out are PUB and HPUB; bytes are payload and headers.
/// </summary>
/// <param name="MessagesIn">Messages received.</param>
/// <param name="MessagesOut">Messages published, buffered ones included.</param>
/// <param name="BytesIn">Bytes received.</param>
/// <param name="BytesOut">Bytes published.</param>
/// <param name="Reconnects">How often the client connected again after a break.</param>
/// <param name="Dropped">Messages dropped because the buffer of a subscription was full.</param>
/// <param name="Unconfirmed">
/// An upper bound of the messages that breaks lost: those that the network had taken and no PONG had confirmed, and
/// buffered ones that the next server did not accept.
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

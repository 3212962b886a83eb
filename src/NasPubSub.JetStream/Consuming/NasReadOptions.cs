namespace NasPubSub.JetStream;

/// <summary>
/// How messages of a consumer are read (ADR-37). Immutable, thread-safe; make a changed copy with <c>with</c>.
/// </summary>
public sealed record NasReadOptions
{
    /// <summary>
    /// Messages asked for at most that were not read yet: what the client buffers. Default: 500, or what the consumer's
    /// configuration allows. Ignored with <see cref="MaxBytes"/>, except by a fetch.
    /// </summary>
    public int? Batch { get; init; }

    /// <summary>
    /// Bytes asked for at most that were not read yet, instead of messages; 0 for no limit. Default: 0.
    /// </summary>
    public long MaxBytes { get; init; }

    /// <summary>Messages (bytes with <see cref="MaxBytes"/>) below which more is asked for. Default: half.</summary>
    public long? Threshold { get; init; }

    /// <summary>
    /// How long a request waits at the server, 1 s at least; a fetch may wait shorter. Reading without end makes
    /// another when it is over. Default: 30 s.
    /// </summary>
    public TimeSpan Expires { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// The time between the server's heartbeats while nothing comes, half of <see cref="Expires"/> at most. Two that
    /// are missing mean that the request was lost. Default: half of <see cref="Expires"/>, from 0.5 s to 30 s.
    /// </summary>
    public TimeSpan? Heartbeat { get; init; }

    /// <summary>Ends after this number of messages, and asks for no more; 0 for never. Default: 0.</summary>
    public long Count { get; init; }

    /// <summary>Ends when the consumer has no more messages for now. Default: no.</summary>
    public bool NoWait { get; init; }

    /// <summary>
    /// Asks for no message before it is read where a message that is not read would be spoiled: where the consumer has
    /// a maximum of deliveries, or asks for no acknowledgement. An explicit <see cref="Batch"/> takes precedence.
    /// Default: no.
    /// </summary>
    public bool SpareDeliveries { get; init; }

    /// <summary>The priority group to read with (ADR-42); needs nats-server 2.11.</summary>
    public string? Group { get; init; }

    /// <summary>The priority in a prioritized group, 0 to 9, where 0 is served first; needs nats-server 2.12.</summary>
    public int? Priority { get; init; }

    /// <summary>In an overflow group: served only if so many messages wait, or...</summary>
    public long MinPending { get; init; }

    /// <summary>...if so many messages are not acknowledged yet.</summary>
    public long MinAckPending { get; init; }

    /// <summary>
    /// Called when nothing comes and there is a reason for it, once until messages come again. It runs on a thread of
    /// the pool, or within a read, and must return at once.
    /// </summary>
    public Action<NasReadNotice>? OnNotice { get; init; }

    /// <exception cref="NasException">InvalidOption.</exception>
    internal void Check()
    {
        Require(Batch is null or > 0, "Batch must be at least 1.");
        Require(MaxBytes >= 0, "MaxBytes must not be negative.");
        Require(Threshold is null or > 0, "Threshold must be at least 1.");
        Require(Expires > TimeSpan.Zero, "Expires must be greater than zero.");
        Require(
            Heartbeat is not { } beat || (beat > TimeSpan.Zero && beat.Ticks <= Expires.Ticks / 2),
            "Heartbeat must be at most half of Expires."
        );
        Require(Count >= 0, "Count must not be negative.");
        Require(Priority is null or (>= 0 and <= 9), "Priority must be from 0 to 9.");
        Require(MinPending >= 0 && MinAckPending >= 0, "MinPending and MinAckPending must not be negative.");
        Require(
            Group is { Length: > 0 } || (Priority is null && MinPending == 0 && MinAckPending == 0),
            "Priority, MinPending and MinAckPending require a Group."
        );
    }

    private static void Require(bool isSo, string rule)
    {
        if (!isSo)
        {
            throw new NasException(NasError.InvalidOption, rule);
        }
    }
}

using System.Numerics;

namespace NasPubSub.JetStream;

/// <summary>Which messages a new one replaces.</summary>
public enum NasRollup
{
    /// <summary>None.</summary>
    None,

    /// <summary>All earlier messages on its subject.</summary>
    Subject,

    /// <summary>All earlier messages of the stream.</summary>
    Stream,
}

/// <summary>What a message asks of the stream that stores it. Immutable, thread-safe.</summary>
public sealed record NasPublishOptions
{
    /// <summary>
    /// The ids that a publisher chooses begin with this. Such an id belongs to one publish: leave it out of the headers
    /// of a message that is published again, or the stream drops that as a duplicate.
    /// </summary>
    public const string ChosenIdPrefix = "_NAS.";

    /// <summary>
    /// Recognizes the message: within the stream's <c>duplicate_window</c> a second one with the same id is not stored.
    /// Null: the publisher chooses an id, so that it can send the message again after a break.
    /// </summary>
    public string? MessageId { get; init; }

    /// <summary>Stored only by the stream of this name.</summary>
    public string? ExpectedStream { get; init; }

    /// <summary>Stored only if this is the last sequence of the stream.</summary>
    public ulong? ExpectedLastSequence { get; init; }

    /// <summary>Stored only if this is the last sequence of its subject; 0 where there must be no message.</summary>
    public ulong? ExpectedSubjectSequence { get; init; }

    /// <summary>
    /// The subject that <see cref="ExpectedSubjectSequence"/> is about, without the namespace; it may hold wildcards.
    /// Null for the message's own. Needs nats-server 2.11.
    /// </summary>
    public string? ExpectedSubject { get; init; }

    /// <summary>Stored only if the last message of the stream has this id.</summary>
    public string? ExpectedLastMessageId { get; init; }

    /// <summary>
    /// How long the stream keeps the message, whole seconds; <see cref="Timeout.InfiniteTimeSpan"/> for ever. The
    /// stream needs <c>allow_msg_ttl</c>, the server 2.11 (ADR-43).
    /// </summary>
    public TimeSpan? TimeToLive { get; init; }

    /// <summary>Removes earlier messages; the stream needs <c>allow_rollup_hdrs</c>.</summary>
    public NasRollup Rollup { get; init; }

    /// <summary>The server publishes the message by this schedule, in place of now.</summary>
    public NasMessageSchedule? Schedule { get; init; }

    /// <summary>
    /// Adds to the counter of the subject; the payload is empty, the stream has <c>allow_msg_counter</c>. Needs
    /// nats-server 2.12 (ADR-49).
    /// </summary>
    public BigInteger? Increment { get; init; }

    /// <summary>Headers of the message. Do not change them later.</summary>
    public NasHeaders? Headers { get; init; }

    /// <summary>False publishes to the subjects as they stand, without the namespace. Default: yes.</summary>
    public bool UseNamespace { get; init; } = true;

    /// <summary>Does it ask for what older servers do not know?</summary>
    internal bool NeedsServer =>
        TimeToLive is not null || Schedule is not null || Increment is not null || ExpectedSubject is not null;

    /// <summary>Does storing it depend on what is stored already?</summary>
    internal bool HasExpectation =>
        ExpectedLastSequence is not null || ExpectedSubjectSequence is not null || ExpectedLastMessageId is not null;
}

using System.Text.Json.Nodes;
using NasPubSub.JetStream.Api;

namespace NasPubSub.JetStream;

/// <summary>
/// A consumer as it was when the server was asked. Immutable, except for <see cref="Configuration"/>.
/// </summary>
public sealed class NasConsumer
{
    internal NasConsumer(JsonObject info, NasConnection connection)
    {
        Configuration = new NasConsumerConfiguration((info["config"] as JsonObject)?.DeepClone() as JsonObject ?? [])
        {
            IsRaw = true,
        };
        (Stream, Consumer) = (info.Text("stream_name"), info.Text("name"));
        Created = info.Time("created");
        FilterSubjects = [.. Configuration.FilterSubjects.Select(connection.FromWireSubject)];
        var (delivered, floor) = (info["delivered"], info["ack_floor"]);
        (DeliveredSequence, Deliveries) = (delivered.ULong("stream_seq"), delivered.ULong("consumer_seq"));
        (AckFloorSequence, AckFloor) = (floor.ULong("stream_seq"), floor.ULong("consumer_seq"));
        (LastDelivered, LastAck) = (delivered.Time("last_active"), floor.Time("last_active"));
        Pending = info.ULong("num_pending");
        AckPending = info.Long("num_ack_pending");
        Redelivered = info.Long("num_redelivered");
        Waiting = info.Long("num_waiting");
        IsPaused = info.Flag("paused");
        PauseRemaining = IsPaused ? info.Duration("pause_remaining") : null;
        IsPushBound = info.Flag("push_bound");
        PriorityGroups = NasPriorityGroup.Of(info, Configuration.PriorityGroups);
        var cluster = info["cluster"];
        (Cluster, Leader) = (cluster.TextOrNull("name"), cluster.TextOrNull("leader"));
        Replicas = NasReplica.Of(cluster);
        Time = info.Time("ts");
    }

    /// <summary>The stream that it reads.</summary>
    public string Stream { get; }

    /// <summary>Its name.</summary>
    public string Consumer { get; }

    /// <summary>When it was made.</summary>
    public DateTimeOffset? Created { get; }

    /// <summary>For people to read.</summary>
    public string? Description => Configuration.Description;

    /// <summary>Does it stay when nobody uses it?</summary>
    public bool IsDurable => Configuration.DurableName is not null;

    /// <summary>Does the server send its messages to a subject, instead of waiting for pulls?</summary>
    public bool IsPush => Configuration.DeliverSubject is not null;

    /// <summary>Does somebody receive what a push consumer sends?</summary>
    public bool IsPushBound { get; }

    /// <summary>The subjects it delivers, without the namespace; empty for all of the stream.</summary>
    public string[] FilterSubjects { get; }

    /// <summary>Where it began in the stream; null for a policy that this library does not know.</summary>
    public NasDeliverPolicy? DeliverPolicy => Configuration.DeliverPolicy;

    /// <summary>What acknowledgement it asks for; null for a policy that this library does not know.</summary>
    public NasAckPolicy? AckPolicy => Configuration.AckPolicy;

    /// <summary>How long it waits for an acknowledgement before it delivers the message again.</summary>
    public TimeSpan? AckWait => Configuration.AckWait;

    /// <summary>How often it delivers a message at most; -1 for without end.</summary>
    public long? MaxDeliver => Configuration.MaxDeliver;

    /// <summary>How many messages may be delivered and not acknowledged; -1 for any number.</summary>
    public long? MaxAckPending => Configuration.MaxAckPending;

    /// <summary>How many messages it has still to deliver for the first time.</summary>
    public ulong Pending { get; }

    /// <summary>How many messages it has delivered that are not acknowledged yet.</summary>
    public long AckPending { get; }

    /// <summary>How many of them it has delivered more than once.</summary>
    public long Redelivered { get; }

    /// <summary>How many pulls wait.</summary>
    public long Waiting { get; }

    /// <summary>The sequence in the stream of the last message that it delivered.</summary>
    public ulong DeliveredSequence { get; }

    /// <summary>How many deliveries it has made.</summary>
    public ulong Deliveries { get; }

    /// <summary>When it delivered the last one; null for never.</summary>
    public DateTimeOffset? LastDelivered { get; }

    /// <summary>The sequence in the stream up to which everything is acknowledged.</summary>
    public ulong AckFloorSequence { get; }

    /// <summary>The delivery up to which everything is acknowledged.</summary>
    public ulong AckFloor { get; }

    /// <summary>When the last acknowledgement came; null for never.</summary>
    public DateTimeOffset? LastAck { get; }

    /// <summary>Is it paused?</summary>
    public bool IsPaused { get; }

    /// <summary>How long it stays paused; null where it is not.</summary>
    public TimeSpan? PauseRemaining { get; }

    /// <summary>When it ends to be paused; null where it is not.</summary>
    public DateTimeOffset? PausedUntil => IsPaused ? Configuration.PauseUntil : null;

    /// <summary>Its priority groups, and who is pinned in them.</summary>
    public NasPriorityGroup[] PriorityGroups { get; }

    /// <summary>The cluster that it is in; null for a server alone.</summary>
    public string? Cluster { get; }

    /// <summary>The server that leads it; null where there is none now.</summary>
    public string? Leader { get; }

    /// <summary>The other servers that have it.</summary>
    public NasReplica[] Replicas { get; }

    /// <summary>When the server was asked, by its clock; null for servers before 2.10.</summary>
    public DateTimeOffset? Time { get; }

    /// <summary>All its settings, with subjects as on the wire. Changes go to the server with UpdateAsync.</summary>
    public NasConsumerConfiguration Configuration { get; }

    /// <inheritdoc/>
    public override string ToString() => Diagnostics.TerminalText.Line($"{Stream}/{Consumer}");
}

/// <summary>A priority group of a consumer (ADR-42).</summary>
/// <param name="Group">Its name.</param>
/// <param name="PinnedClientId">The id that the pinned client pulls with; null where none is pinned.</param>
/// <param name="PinnedSince">Since when.</param>
public sealed record NasPriorityGroup(string Group, string? PinnedClientId, DateTimeOffset? PinnedSince)
{
    internal static NasPriorityGroup[] Of(JsonObject info, string[] configured)
    {
        // The server leaves out groups that nobody has pulled in yet.
        var states = (info["priority_groups"] as JsonArray ?? []).OfType<JsonObject>().ToList();
        return
        [
            .. configured
                .Select(name => states.Find(s => s.Text("group") == name) ?? new JsonObject { ["group"] = name })
                .Select(s => new NasPriorityGroup(
                    s.Text("group"),
                    s.TextOrNull("pinned_client_id"),
                    s.Time("pinned_ts")
                )),
        ];
    }
}

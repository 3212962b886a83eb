using System.Text.Json.Nodes;
using NasPubSub.JetStream.Api;
using NasPubSub.JetStream.Configuration;
using NasPubSub.JetStream.Consumers;

namespace NasPubSub.JetStream;

/// <summary>
/// A consumer as it was when it was asked for: its settings and its state. Subjects are without the namespace of the
/// connection, where all of them lie in it; else as on the wire. Thread-safe: it does not change.
/// </summary>
public sealed class NasConsumer
{
    private readonly NasJetStream _jetStream;
    private readonly JsonObject _config;
    private readonly NasConsumerConfiguration _shown;

    internal NasConsumer(JsonObject response, NasJetStream jetStream)
    {
        var connection = jetStream.Connection;
        _jetStream = jetStream;
        _config = response["config"] as JsonObject ?? [];
        _shown = new NasConsumerConfiguration(NasConfiguration.Copy(_config));
        var isIn = ConsumerSettings.AreInNamespace(_shown, connection);
        if (isIn)
        {
            ConsumerSettings.Map(_shown, connection.FromWireSubject);
        }
        Namespace = isIn ? connection.Namespace : null;

        (Stream, Consumer) = (response.Text("stream_name"), response.Text("name"));
        Created = response.Time("created");
        var (delivered, floor) = (response["delivered"], response["ack_floor"]);
        (DeliveredSequence, DeliveryCount) = (delivered.ULong("stream_seq"), delivered.ULong("consumer_seq"));
        (AckFloorSequence, AckFloor) = (floor.ULong("stream_seq"), floor.ULong("consumer_seq"));
        (LastDelivered, LastAck) = (delivered.Time("last_active"), floor.Time("last_active"));
        Pending = response.ULong("num_pending");
        AckPending = response.Long("num_ack_pending");
        Redelivered = response.Long("num_redelivered");
        Waiting = response.Long("num_waiting");
        IsPaused = response.Flag("paused");
        PauseRemaining = IsPaused ? response.Duration("pause_remaining") : null;
        IsPushBound = response.Flag("push_bound");
        PriorityGroupStates = NasPriorityGroup.Of(response, PriorityGroups);
        var cluster = response["cluster"];
        (Cluster, Leader) = (cluster.TextOrNull("name"), cluster.TextOrNull("leader"));
        Peers = [.. (cluster?["replicas"] as JsonArray ?? []).Select(p => new NasStreamPeer(p!))];
        OtherSettings = _shown.OthersToJson();
    }

    /// <summary>The stream that it reads.</summary>
    public string Stream { get; }

    /// <summary>Its name.</summary>
    public string Consumer { get; }

    /// <inheritdoc cref="NasConsumerConfiguration.Description"/>
    public string? Description => _shown.Description;

    /// <summary>Does it stay when nobody uses it?</summary>
    public bool IsDurable => DurableName is not null;

    /// <summary>Does the server send its messages to a subject, instead of waiting for pulls?</summary>
    public bool IsPush => DeliverSubject is not null;

    /// <summary>Does somebody receive what a push consumer sends?</summary>
    public bool IsPushBound { get; }

    /// <inheritdoc cref="NasConsumerConfiguration.FilterSubjects"/>
    public string[] FilterSubjects => _shown.FilterSubjects;

    /// <summary>The namespace that the subjects are shown without; null where they are shown as on the wire.</summary>
    public string? Namespace { get; }

    /// <summary>The messages that it has still to deliver for the first time.</summary>
    public ulong Pending { get; }

    /// <summary>The messages that were delivered and are not acknowledged yet.</summary>
    public long AckPending { get; }

    /// <summary>The messages among them that were delivered more than once.</summary>
    public long Redelivered { get; }

    /// <summary>The pulls that wait.</summary>
    public long Waiting { get; }

    /// <summary>The sequence in the stream of the last message that was delivered.</summary>
    public ulong DeliveredSequence { get; }

    /// <summary>The number of deliveries.</summary>
    public ulong DeliveryCount { get; }

    /// <summary>The time of the last delivery; null for never.</summary>
    public DateTimeOffset? LastDelivered { get; }

    /// <summary>The sequence in the stream up to which everything is acknowledged.</summary>
    public ulong AckFloorSequence { get; }

    /// <summary>The delivery up to which everything is acknowledged.</summary>
    public ulong AckFloor { get; }

    /// <summary>The time of the last acknowledgement; null for never.</summary>
    public DateTimeOffset? LastAck { get; }

    /// <summary>Is it paused?</summary>
    public bool IsPaused { get; }

    /// <summary>How long it stays paused; null where it is not.</summary>
    public TimeSpan? PauseRemaining { get; }

    /// <summary>The priority groups, and who is pinned in each.</summary>
    public NasPriorityGroup[] PriorityGroupStates { get; }

    /// <summary>When it was made.</summary>
    public DateTimeOffset? Created { get; }

    /// <summary>The cluster that it is in; null for a server alone.</summary>
    public string? Cluster { get; }

    /// <summary>The server that leads it; null where there is none now.</summary>
    public string? Leader { get; }

    /// <summary>The other servers that have it.</summary>
    public NasStreamPeer[] Peers { get; }

    /// <inheritdoc cref="NasConsumerConfiguration.DurableName"/>
    public string? DurableName => _shown.DurableName;

    /// <inheritdoc cref="NasConsumerConfiguration.DeliverPolicy"/>
    public NasDeliverPolicy? DeliverPolicy => _shown.DeliverPolicy;

    /// <inheritdoc cref="NasConsumerConfiguration.StartSequence"/>
    public ulong? StartSequence => _shown.StartSequence;

    /// <inheritdoc cref="NasConsumerConfiguration.StartTime"/>
    public DateTimeOffset? StartTime => _shown.StartTime;

    /// <inheritdoc cref="NasConsumerConfiguration.AckPolicy"/>
    public NasAckPolicy? AckPolicy => _shown.AckPolicy;

    /// <inheritdoc cref="NasConsumerConfiguration.AckWait"/>
    public TimeSpan? AckWait => _shown.AckWait;

    /// <inheritdoc cref="NasConsumerConfiguration.MaxDeliver"/>
    public long? MaxDeliver => _shown.MaxDeliver;

    /// <inheritdoc cref="NasConsumerConfiguration.Backoff"/>
    public TimeSpan[] Backoff => _shown.Backoff;

    /// <inheritdoc cref="NasConsumerConfiguration.ReplayPolicy"/>
    public NasReplayPolicy? ReplayPolicy => _shown.ReplayPolicy;

    /// <inheritdoc cref="NasConsumerConfiguration.RateLimit"/>
    public ulong? RateLimit => _shown.RateLimit;

    /// <inheritdoc cref="NasConsumerConfiguration.SampleFrequency"/>
    public string? SampleFrequency => _shown.SampleFrequency;

    /// <inheritdoc cref="NasConsumerConfiguration.MaxWaiting"/>
    public long? MaxWaiting => _shown.MaxWaiting;

    /// <inheritdoc cref="NasConsumerConfiguration.MaxAckPending"/>
    public long? MaxAckPending => _shown.MaxAckPending;

    /// <inheritdoc cref="NasConsumerConfiguration.HeadersOnly"/>
    public bool HeadersOnly => _shown.HeadersOnly ?? false;

    /// <inheritdoc cref="NasConsumerConfiguration.MaxBatch"/>
    public long? MaxBatch => _shown.MaxBatch;

    /// <inheritdoc cref="NasConsumerConfiguration.MaxExpires"/>
    public TimeSpan? MaxExpires => _shown.MaxExpires;

    /// <inheritdoc cref="NasConsumerConfiguration.MaxBytes"/>
    public long? MaxBytes => _shown.MaxBytes;

    /// <inheritdoc cref="NasConsumerConfiguration.InactiveThreshold"/>
    public TimeSpan? InactiveThreshold => _shown.InactiveThreshold;

    /// <inheritdoc cref="NasConsumerConfiguration.Replicas"/>
    public long? Replicas => _shown.Replicas;

    /// <inheritdoc cref="NasConsumerConfiguration.MemoryStorage"/>
    public bool MemoryStorage => _shown.MemoryStorage ?? false;

    /// <inheritdoc cref="NasConsumerConfiguration.Metadata"/>
    public Dictionary<string, string> Metadata => _shown.Metadata;

    /// <inheritdoc cref="NasConsumerConfiguration.PauseUntil"/>
    public DateTimeOffset? PauseUntil => _shown.PauseUntil;

    /// <inheritdoc cref="NasConsumerConfiguration.PriorityGroups"/>
    public string[] PriorityGroups => _shown.PriorityGroups;

    /// <inheritdoc cref="NasConsumerConfiguration.PriorityPolicy"/>
    public NasPriorityPolicy? PriorityPolicy => _shown.PriorityPolicy;

    /// <inheritdoc cref="NasConsumerConfiguration.PriorityTimeout"/>
    public TimeSpan? PriorityTimeout => _shown.PriorityTimeout;

    /// <inheritdoc cref="NasConsumerConfiguration.DeliverSubject"/>
    public string? DeliverSubject => _shown.DeliverSubject;

    /// <inheritdoc cref="NasConsumerConfiguration.DeliverGroup"/>
    public string? DeliverGroup => _shown.DeliverGroup;

    /// <inheritdoc cref="NasConsumerConfiguration.FlowControl"/>
    public bool FlowControl => _shown.FlowControl ?? false;

    /// <inheritdoc cref="NasConsumerConfiguration.IdleHeartbeat"/>
    public TimeSpan? IdleHeartbeat => _shown.IdleHeartbeat;

    /// <summary>Settings that this library does not know, as JSON; null where there are none.</summary>
    public string? OtherSettings { get; }

    /// <summary>
    /// All its settings, with subjects as on the wire; a copy. <see cref="NasConsumers.UpdateAsync(string, string,
    /// Action{NasConsumerConfiguration}, CancellationToken)"/> changes a consumer.
    /// </summary>
    public NasConsumerConfiguration ToConfiguration() => new(NasConfiguration.Copy(_config)) { IsRaw = true };

    /// <summary>The JetStream that it was found in.</summary>
    public NasJetStream GetJetStream() => _jetStream;

    /// <inheritdoc/>
    public override string ToString() => Diagnostics.TerminalText.Line($"{Stream}/{Consumer}");
}

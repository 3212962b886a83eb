using System.Text.Json.Nodes;
using NasPubSub.JetStream.Api;
using NasPubSub.JetStream.Streams;

namespace NasPubSub.JetStream;

/// <summary>
/// A stream as it was when it was asked for: its settings and its state. Subjects are without the namespace of the
/// connection, where all of them lie in it; else as on the wire. Thread-safe: it does not change.
/// </summary>
public sealed class NasStream
{
    private readonly NasJetStream _jetStream;
    private readonly JsonObject _config;
    private readonly NasStreamConfiguration _shown;

    internal NasStream(JsonObject response, NasJetStream jetStream)
    {
        var connection = jetStream.Connection;
        _config = response["config"] as JsonObject ?? [];
        var isIn = StreamSubjects.AreInNamespace(_config, connection);
        var shown = NasConfiguration.Copy(_config);
        if (isIn)
        {
            StreamSubjects.Map(shown, connection.FromWireSubject);
        }
        _shown = new NasStreamConfiguration(shown) { IsRaw = !isIn };
        Namespace = isIn ? connection.Namespace : null;
        _jetStream = jetStream;

        Created = response.Time("created");
        var state = response["state"];
        Messages = state.ULong("messages");
        Bytes = state.ULong("bytes");
        FirstSequence = state.ULong("first_seq");
        FirstTime = state.Time("first_ts");
        LastSequence = state.ULong("last_seq");
        LastTime = state.Time("last_ts");
        ConsumerCount = state.Long("consumer_count");
        SubjectCount = state.ULong("num_subjects");
        DeletedCount = state.ULong("num_deleted");
        LostCount = (state?["lost"]?["msgs"] as JsonArray)?.Count ?? 0;
        DeletedSequences = (state?["deleted"] as JsonArray)?.Select(s => s!.GetValue<ulong>()).ToArray();
        Domain = response["domain"]?.GetValue<string>();
        Cluster = response["cluster"]?["name"]?.GetValue<string>();
        Leader = response["cluster"]?["leader"]?.GetValue<string>();
        Peers = [.. (response["cluster"]?["replicas"] as JsonArray ?? []).Select(p => new NasStreamPeer(p!))];
        MirrorState = response["mirror"] is JsonObject mirror ? new NasStreamSourceState(mirror) : null;
        SourceStates = [.. (response["sources"] as JsonArray ?? []).Select(s => new NasStreamSourceState(s!))];
        OtherSettings = _shown.OthersToJson();
    }

    /// <summary>The name of the stream.</summary>
    public string Stream => _config.Text("name");

    /// <inheritdoc cref="NasStreamConfiguration.Description"/>
    public string? Description => _shown.Description;

    /// <inheritdoc cref="NasStreamConfiguration.Subjects"/>
    public string[] Subjects => _shown.Subjects;

    /// <summary>The namespace that the subjects are shown without; null where they are shown as on the wire.</summary>
    public string? Namespace { get; }

    /// <summary>The number of messages.</summary>
    public ulong Messages { get; }

    /// <summary>Their size, in bytes.</summary>
    public ulong Bytes { get; }

    /// <summary>The sequence of the first message; of the next one where there is none.</summary>
    public ulong FirstSequence { get; }

    /// <summary>When the first message was stored; null where there is none.</summary>
    public DateTimeOffset? FirstTime { get; }

    /// <summary>The sequence of the last message that was stored, even if it is gone; 0 for none.</summary>
    public ulong LastSequence { get; }

    /// <summary>When the last message was stored; null for none.</summary>
    public DateTimeOffset? LastTime { get; }

    /// <summary>The number of consumers.</summary>
    public long ConsumerCount { get; }

    /// <summary>The number of different subjects among the messages.</summary>
    public ulong SubjectCount { get; }

    /// <summary>The messages that were removed between the first and the last.</summary>
    public ulong DeletedCount { get; }

    /// <summary>The messages that the server has lost, by a damaged file for example.</summary>
    public int LostCount { get; }

    /// <summary>The sequences of the removed messages; null unless they were asked for.</summary>
    public ulong[]? DeletedSequences { get; }

    /// <summary>When the stream was made.</summary>
    public DateTimeOffset? Created { get; }

    /// <summary>The JetStream domain; null for none.</summary>
    public string? Domain { get; }

    /// <summary>The cluster; null outside a cluster.</summary>
    public string? Cluster { get; }

    /// <summary>The server that leads the stream; null while there is none.</summary>
    public string? Leader { get; }

    /// <summary>The other servers that keep the stream.</summary>
    public NasStreamPeer[] Peers { get; }

    /// <summary>How far the mirrored stream is copied; null where this is no mirror.</summary>
    public NasStreamSourceState? MirrorState { get; }

    /// <summary>How far each source is copied.</summary>
    public NasStreamSourceState[] SourceStates { get; }

    /// <inheritdoc cref="NasStreamConfiguration.Retention"/>
    public NasRetention Retention => _shown.Retention ?? default;

    /// <inheritdoc cref="NasStreamConfiguration.Storage"/>
    public NasStorage Storage => _shown.Storage ?? default;

    /// <inheritdoc cref="NasStreamConfiguration.Replicas"/>
    public int? Replicas => _shown.Replicas;

    /// <inheritdoc cref="NasStreamConfiguration.MaxMessages"/>
    public long? MaxMessages => _shown.MaxMessages;

    /// <inheritdoc cref="NasStreamConfiguration.MaxBytes"/>
    public long? MaxBytes => _shown.MaxBytes;

    /// <inheritdoc cref="NasStreamConfiguration.MaxAge"/>
    public TimeSpan? MaxAge => _shown.MaxAge;

    /// <inheritdoc cref="NasStreamConfiguration.MaxMessagesPerSubject"/>
    public long? MaxMessagesPerSubject => _shown.MaxMessagesPerSubject;

    /// <inheritdoc cref="NasStreamConfiguration.MaxMessageSize"/>
    public long? MaxMessageSize => _shown.MaxMessageSize;

    /// <inheritdoc cref="NasStreamConfiguration.MaxConsumers"/>
    public long? MaxConsumers => _shown.MaxConsumers;

    /// <inheritdoc cref="NasStreamConfiguration.Discard"/>
    public NasDiscard Discard => _shown.Discard ?? default;

    /// <inheritdoc cref="NasStreamConfiguration.DiscardNewPerSubject"/>
    public bool DiscardNewPerSubject => _shown.DiscardNewPerSubject ?? false;

    /// <inheritdoc cref="NasStreamConfiguration.NoAck"/>
    public bool NoAck => _shown.NoAck ?? false;

    /// <inheritdoc cref="NasStreamConfiguration.DuplicateWindow"/>
    public TimeSpan? DuplicateWindow => _shown.DuplicateWindow;

    /// <inheritdoc cref="NasPlacement.Cluster"/>
    public string? PlacementCluster => _shown.Placement?.Cluster;

    /// <inheritdoc cref="NasPlacement.Tags"/>
    public string[] PlacementTags => _shown.Placement?.Tags ?? [];

    /// <inheritdoc cref="NasStreamConfiguration.Mirror"/>
    public NasStreamSource? Mirror => _shown.Mirror;

    /// <inheritdoc cref="NasStreamConfiguration.Sources"/>
    public NasStreamSource[] Sources => _shown.Sources;

    /// <inheritdoc cref="NasStreamConfiguration.Compression"/>
    public NasCompression Compression => _shown.Compression ?? default;

    /// <inheritdoc cref="NasStreamConfiguration.InitialSequence"/>
    public ulong? InitialSequence => _shown.InitialSequence;

    /// <inheritdoc cref="NasStreamConfiguration.SubjectTransform"/>
    public NasSubjectTransform? SubjectTransform => _shown.SubjectTransform;

    /// <inheritdoc cref="NasStreamConfiguration.Republish"/>
    public NasRepublish? Republish => _shown.Republish;

    /// <inheritdoc cref="NasStreamConfiguration.AllowDirect"/>
    public bool AllowDirect => _shown.AllowDirect ?? false;

    /// <inheritdoc cref="NasStreamConfiguration.MirrorDirect"/>
    public bool MirrorDirect => _shown.MirrorDirect ?? false;

    /// <inheritdoc cref="NasStreamConfiguration.Sealed"/>
    public bool Sealed => _shown.Sealed ?? false;

    /// <inheritdoc cref="NasStreamConfiguration.DenyDelete"/>
    public bool DenyDelete => _shown.DenyDelete ?? false;

    /// <inheritdoc cref="NasStreamConfiguration.DenyPurge"/>
    public bool DenyPurge => _shown.DenyPurge ?? false;

    /// <inheritdoc cref="NasStreamConfiguration.AllowRollup"/>
    public bool AllowRollup => _shown.AllowRollup ?? false;

    /// <inheritdoc cref="NasConsumerLimits.InactiveThreshold"/>
    public TimeSpan? ConsumerInactiveThreshold => _shown.ConsumerLimits?.InactiveThreshold;

    /// <inheritdoc cref="NasConsumerLimits.MaxAckPending"/>
    public long? ConsumerMaxAckPending => _shown.ConsumerLimits?.MaxAckPending;

    /// <inheritdoc cref="NasStreamConfiguration.AllowMessageTtl"/>
    public bool AllowMessageTtl => _shown.AllowMessageTtl ?? false;

    /// <inheritdoc cref="NasStreamConfiguration.SubjectDeleteMarkerTtl"/>
    public TimeSpan? SubjectDeleteMarkerTtl => _shown.SubjectDeleteMarkerTtl;

    /// <inheritdoc cref="NasStreamConfiguration.AllowAtomic"/>
    public bool AllowAtomic => _shown.AllowAtomic ?? false;

    /// <inheritdoc cref="NasStreamConfiguration.AllowBatched"/>
    public bool AllowBatched => _shown.AllowBatched ?? false;

    /// <inheritdoc cref="NasStreamConfiguration.AllowMessageCounter"/>
    public bool AllowMessageCounter => _shown.AllowMessageCounter ?? false;

    /// <inheritdoc cref="NasStreamConfiguration.AllowMessageSchedules"/>
    public bool AllowMessageSchedules => _shown.AllowMessageSchedules ?? false;

    /// <inheritdoc cref="NasStreamConfiguration.PersistMode"/>
    public NasPersistMode PersistMode => _shown.PersistMode ?? default;

    /// <inheritdoc cref="NasStreamConfiguration.Metadata"/>
    public Dictionary<string, string> Metadata => _shown.Metadata;

    /// <summary>
    /// Settings that this library does not know, as JSON with the names of the server; null for none.
    /// </summary>
    public string? OtherSettings { get; }

    /// <summary>
    /// The settings, with subjects as on the wire, and with those that this library does not know. A copy: to change it
    /// changes nothing here.
    /// </summary>
    public NasStreamConfiguration ToConfiguration() => new(NasConfiguration.Copy(_config)) { IsRaw = true };

    /// <summary>The JetStream that it is in.</summary>
    /// <remarks>No property, so that the stream as JSON is the stream alone.</remarks>
    public NasJetStream GetJetStream() => _jetStream;

    /// <summary>The name of the stream.</summary>
    public override string ToString() => Stream;
}

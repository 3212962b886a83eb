using System.Text.Json.Nodes;
using NasPubSub.JetStream.Configuration;
using NasPubSub.JetStream.Streams;

namespace NasPubSub.JetStream;

/// <summary>
/// The settings of a stream: all that servers 2.9 to 2.15 know. What is not set has the server's default, or stays as
/// it is where a stream is changed. Not thread-safe.
/// </summary>
public sealed class NasStreamConfiguration : NasConfiguration
{
    /// <summary>Makes an empty one.</summary>
    public NasStreamConfiguration()
        : base([]) { }

    /// <summary>Makes one for a stream that stores messages with these subjects.</summary>
    public NasStreamConfiguration(string name, params string[] subjects)
        : base([])
    {
        Name = name;
        if (subjects.Length > 0)
        {
            Subjects = subjects;
        }
    }

    internal NasStreamConfiguration(JsonObject json)
        : base(json) { }

    /// <summary>The name of the stream.</summary>
    public string? Name
    {
        get => Text("name");
        set => Set("name", value);
    }

    /// <summary>What the stream is for; up to 4 KiB.</summary>
    public string? Description
    {
        get => Text("description");
        set => Set("description", value);
    }

    /// <summary>
    /// The subjects whose messages are stored, which may hold wildcards; none means the name of the stream.
    /// </summary>
    public string[] Subjects
    {
        get => Texts("subjects");
        set => Set("subjects", value);
    }

    /// <summary>When messages are let go.</summary>
    public NasRetention? Retention
    {
        get => Choice<NasRetention>("retention");
        set => Set("retention", value?.ToString().ToLowerInvariant());
    }

    /// <summary>The consumers that the stream may have; -1 for no limit.</summary>
    public long? MaxConsumers
    {
        get => Value<long>("max_consumers");
        set => Set("max_consumers", value);
    }

    /// <summary>The messages to keep; -1 for no limit.</summary>
    [Setting("max_msgs")]
    public long? MaxMessages
    {
        get => Value<long>("max_msgs");
        set => Set("max_msgs", value);
    }

    /// <summary>The bytes to keep; -1 for no limit.</summary>
    public long? MaxBytes
    {
        get => Value<long>("max_bytes");
        set => Set("max_bytes", value);
    }

    /// <summary>How long to keep messages, 100 ms or more; zero for no limit.</summary>
    public TimeSpan? MaxAge
    {
        get => Duration("max_age");
        set => Set("max_age", value);
    }

    /// <summary>The messages to keep of each subject; -1 for no limit.</summary>
    [Setting("max_msgs_per_subject")]
    public long? MaxMessagesPerSubject
    {
        get => Value<long>("max_msgs_per_subject");
        set => Set("max_msgs_per_subject", value);
    }

    /// <summary>The largest message in bytes, headers included; -1 for no limit but the server's.</summary>
    [Setting("max_msg_size")]
    public long? MaxMessageSize
    {
        get => Value<long>("max_msg_size");
        set => Set("max_msg_size", value);
    }

    /// <summary>What happens when a limit is reached.</summary>
    public NasDiscard? Discard
    {
        get => Choice<NasDiscard>("discard");
        set => Set("discard", value);
    }

    /// <summary>
    /// With <see cref="NasDiscard.New"/>: also refuses new messages where a subject has reached its limit.
    /// </summary>
    public bool? DiscardNewPerSubject
    {
        get => Value<bool>("discard_new_per_subject");
        set => Set("discard_new_per_subject", value);
    }

    /// <summary>Where messages are kept. It cannot change.</summary>
    public NasStorage? Storage
    {
        get => Choice<NasStorage>("storage");
        set => Set("storage", value);
    }

    /// <summary>The servers that keep the stream, 1 to 5.</summary>
    [Setting("num_replicas")]
    public int? Replicas
    {
        get => Value<int>("num_replicas");
        set => Set("num_replicas", value);
    }

    /// <summary>Does not acknowledge messages.</summary>
    public bool? NoAck
    {
        get => Value<bool>("no_ack");
        set => Set("no_ack", value);
    }

    /// <summary>
    /// How long a message id is remembered; 2 min by default, and no longer than <see cref="MaxAge"/>.
    /// </summary>
    public TimeSpan? DuplicateWindow
    {
        get => Duration("duplicate_window");
        set => Set("duplicate_window", value);
    }

    /// <summary>On which servers the stream may be.</summary>
    public NasPlacement? Placement
    {
        get => Object("placement", json => new NasPlacement(json));
        set => Set("placement", value);
    }

    /// <summary>The stream that this one is a copy of. It can only be taken away (nats-server 2.12).</summary>
    public NasStreamSource? Mirror
    {
        get => Object("mirror", json => new NasStreamSource(json));
        set => Set("mirror", value);
    }

    /// <summary>Streams whose messages this one stores as well.</summary>
    public NasStreamSource[] Sources
    {
        get => Objects("sources", json => new NasStreamSource(json));
        set => Set("sources", value);
    }

    /// <summary>How files are compressed (nats-server 2.10).</summary>
    public NasCompression? Compression
    {
        get => Choice<NasCompression>("compression");
        set => Set("compression", value);
    }

    /// <summary>The sequence of the first message (nats-server 2.10). It cannot change.</summary>
    [Setting("first_seq")]
    public ulong? InitialSequence
    {
        get => Value<ulong>("first_seq");
        set => Set("first_seq", value);
    }

    /// <summary>Changes the subjects of messages before they are stored (nats-server 2.10).</summary>
    public NasSubjectTransform? SubjectTransform
    {
        get => Object("subject_transform", json => new NasSubjectTransform(json));
        set => Set("subject_transform", value);
    }

    /// <summary>Publishes each message once it is stored.</summary>
    public NasRepublish? Republish
    {
        get => Object("republish", json => new NasRepublish(json));
        set => Set("republish", value);
    }

    /// <summary>Lets every replica answer reads of single messages, not the leader alone (ADR-31).</summary>
    public bool? AllowDirect
    {
        get => Value<bool>("allow_direct");
        set => Set("allow_direct", value);
    }

    /// <summary>Lets a mirror answer such reads for the stream that it copies.</summary>
    public bool? MirrorDirect
    {
        get => Value<bool>("mirror_direct");
        set => Set("mirror_direct", value);
    }

    /// <summary>Nothing comes in or goes out any more. It cannot be taken back.</summary>
    public bool? Sealed
    {
        get => Value<bool>("sealed");
        set => Set("sealed", value);
    }

    /// <summary>Messages cannot be removed one by one. It cannot be taken back.</summary>
    public bool? DenyDelete
    {
        get => Value<bool>("deny_delete");
        set => Set("deny_delete", value);
    }

    /// <summary>The stream cannot be emptied. It cannot be taken back.</summary>
    public bool? DenyPurge
    {
        get => Value<bool>("deny_purge");
        set => Set("deny_purge", value);
    }

    /// <summary>Messages may replace all earlier ones, with the header Nats-Rollup.</summary>
    [Setting("allow_rollup_hdrs")]
    public bool? AllowRollup
    {
        get => Value<bool>("allow_rollup_hdrs");
        set => Set("allow_rollup_hdrs", value);
    }

    /// <summary>What consumers may set at most (nats-server 2.10).</summary>
    public NasConsumerLimits? ConsumerLimits
    {
        get => Object("consumer_limits", json => new NasConsumerLimits(json));
        set => Set("consumer_limits", value);
    }

    /// <summary>Names and values that the server stores and does not use (nats-server 2.10).</summary>
    public Dictionary<string, string> Metadata
    {
        get => Map("metadata");
        set => Set("metadata", value);
    }

    /// <summary>
    /// Messages may have a time to live of their own (nats-server 2.11, ADR-43). It cannot be taken back.
    /// </summary>
    [Setting("allow_msg_ttl")]
    public bool? AllowMessageTtl
    {
        get => Value<bool>("allow_msg_ttl");
        set => Set("allow_msg_ttl", value);
    }

    /// <summary>
    /// How long a marker stays that says that the last message of a subject has expired (nats-server 2.11); zero for
    /// none.
    /// </summary>
    public TimeSpan? SubjectDeleteMarkerTtl
    {
        get => Duration("subject_delete_marker_ttl");
        set => Set("subject_delete_marker_ttl", value);
    }

    /// <summary>Stores several messages together or none (nats-server 2.12, ADR-50).</summary>
    public bool? AllowAtomic
    {
        get => Value<bool>("allow_atomic");
        set => Set("allow_atomic", value);
    }

    /// <summary>Subjects are counters (nats-server 2.12, ADR-49). It cannot change.</summary>
    [Setting("allow_msg_counter")]
    public bool? AllowMessageCounter
    {
        get => Value<bool>("allow_msg_counter");
        set => Set("allow_msg_counter", value);
    }

    /// <summary>
    /// Messages may be published at a later time (nats-server 2.12, ADR-51). It cannot be taken back.
    /// </summary>
    [Setting("allow_msg_schedules")]
    public bool? AllowMessageSchedules
    {
        get => Value<bool>("allow_msg_schedules");
        set => Set("allow_msg_schedules", value);
    }

    /// <summary>When messages are acknowledged (nats-server 2.12). It cannot change.</summary>
    public NasPersistMode? PersistMode
    {
        get => Choice<NasPersistMode>("persist_mode");
        set => Set("persist_mode", value);
    }

    /// <summary>Takes batches that are acknowledged together, for speed (nats-server 2.14, ADR-50).</summary>
    public bool? AllowBatched
    {
        get => Value<bool>("allow_batched");
        set => Set("allow_batched", value);
    }

    /// <summary>
    /// Reads settings from JSON: as the server returns them, alone or as <c>config</c>; with the names of these
    /// properties, in any case; or as <c>ConvertTo-Json</c> writes a <see cref="NasStream"/>, depth 2 included.
    /// </summary>
    /// <remarks>
    /// What is complete as the server returns it has the subjects on the wire: <see cref="NasConfiguration.IsRaw"/> is
    /// true. A setting that is null there is null here: where a stream is changed, it goes back to its default.
    /// </remarks>
    /// <exception cref="NasException">InvalidConfiguration: no JSON object, or a value that cannot be read.</exception>
    public static new NasStreamConfiguration Parse(string json) => StreamSettings.Read(json);

    /// <summary>A configuration of its own with the same settings.</summary>
    public NasStreamConfiguration Copy() => new(Copy(Json)) { IsRaw = IsRaw };

    /// <summary>
    /// Takes over what another configuration sets. What was read as null there goes back to its default here. Both have
    /// the same kind of subjects: on the wire, or as typed.
    /// </summary>
    public void Apply(NasStreamConfiguration changes)
    {
        foreach (var field in changes.Json)
        {
            Set(field.Key, field.Value is null ? null : JsonNode.Parse(field.Value.ToJsonString()));
        }
    }

    /// <summary>Only these properties, or fields.</summary>
    internal NasStreamConfiguration Only(IReadOnlyCollection<string> names)
    {
        var known = Settings.ToDictionary(s => s.Wire, s => s.Name);
        var only = Copy();
        foreach (var field in Json.Select(f => f.Key).ToList())
        {
            if (!names.Contains(known.TryGetValue(field, out var name) ? name : field))
            {
                only.Json.Remove(field);
            }
        }
        return only;
    }
}

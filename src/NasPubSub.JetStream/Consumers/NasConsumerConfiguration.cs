using System.Text.Json.Nodes;
using NasPubSub.JetStream.Api;
using NasPubSub.JetStream.Configuration;
using NasPubSub.JetStream.Consumers;

namespace NasPubSub.JetStream;

/// <summary>
/// The settings of a consumer (ADR-15, ADR-17, ADR-42). A property is null, or empty, where it is not set; then the
/// server decides. Not thread-safe.
/// </summary>
public sealed class NasConsumerConfiguration : NasConfiguration
{
    /// <summary>Settings of a consumer without a name.</summary>
    public NasConsumerConfiguration()
        : this([]) { }

    /// <summary>
    /// Settings of a durable consumer, which stays until it is deleted, and that asks for the acknowledgement of each
    /// message.
    /// </summary>
    public NasConsumerConfiguration(string durableName)
        : this([])
    {
        Name = durableName;
        DurableName = durableName;
        AckPolicy = NasAckPolicy.Explicit;
    }

    internal NasConsumerConfiguration(JsonObject json)
        : base(json) { }

    /// <summary>
    /// Reads settings from JSON: the server's, with its names and units, or that of <c>ConvertTo-Json</c>. A setting
    /// that is null there goes back to its default where <see cref="Apply"/> takes it over.
    /// </summary>
    /// <exception cref="NasException">InvalidConfiguration: it is no JSON object, or a value cannot be read.
    /// </exception>
    public static new NasConsumerConfiguration Parse(string json) => ConsumerSettings.Read(json);

    /// <summary>One filter is in a field of its own, which servers of all versions know.</summary>
    internal override JsonObject Normalized
    {
        get
        {
            var fields = Copy(Json);
            if (fields.Remove("filter_subject") && FilterSubjects is { Length: > 0 } filters)
            {
                fields["filter_subjects"] = new JsonArray([.. filters.Select(f => (JsonNode?)f)]);
            }
            return fields;
        }
    }

    /// <summary>A configuration of its own with the same settings.</summary>
    public NasConsumerConfiguration Copy() => new(Copy(Json)) { IsRaw = IsRaw };

    /// <summary>
    /// Takes over what another configuration sets. What was read as null there goes back to its default here. Both have
    /// the same kind of subjects: on the wire, or as typed.
    /// </summary>
    public void Apply(NasConsumerConfiguration changes)
    {
        if (changes.Json.ContainsKey("filter_subject") || changes.Json.ContainsKey("filter_subjects"))
        {
            // One takes the place of the other.
            (Json["filter_subject"], Json["filter_subjects"]) = (null, null);
        }
        foreach (var field in changes.Json)
        {
            Json[field.Key] = field.Value is null ? null : JsonNode.Parse(field.Value.ToJsonString());
        }
    }

    /// <summary>The name. A consumer without a <see cref="DurableName"/> is deleted when it is inactive.</summary>
    public string? Name
    {
        get => Text("name") ?? DurableName;
        set => Set("name", (JsonNode?)value);
    }

    /// <summary>The name of a consumer that stays until it is deleted, or inactive where that is limited.</summary>
    public string? DurableName
    {
        get => Text("durable_name");
        set => Set("durable_name", (JsonNode?)value);
    }

    /// <summary>For people to read.</summary>
    public string? Description
    {
        get => Text("description");
        set => Set("description", (JsonNode?)value);
    }

    /// <summary>Where it begins in the stream. Cannot be changed.</summary>
    public NasDeliverPolicy? DeliverPolicy
    {
        get => Choice<NasDeliverPolicy>("deliver_policy");
        set => Set("deliver_policy", value);
    }

    /// <summary>The first sequence, with <see cref="NasDeliverPolicy.ByStartSequence"/>.</summary>
    [Setting("opt_start_seq")]
    public ulong? StartSequence
    {
        get => Value<ulong>("opt_start_seq");
        set => Set("opt_start_seq", (JsonNode?)value);
    }

    /// <summary>The time of the first message, with <see cref="NasDeliverPolicy.ByStartTime"/>.</summary>
    [Setting("opt_start_time")]
    public DateTimeOffset? StartTime
    {
        get => Time("opt_start_time");
        set => Set("opt_start_time", value);
    }

    /// <summary>What acknowledgement it asks for. Cannot be changed.</summary>
    public NasAckPolicy? AckPolicy
    {
        get => Choice<NasAckPolicy>("ack_policy");
        set => Set("ack_policy", value);
    }

    /// <summary>
    /// How long it waits for an acknowledgement before it delivers the message again; the server's default is 30 s.
    /// </summary>
    public TimeSpan? AckWait
    {
        get => Duration("ack_wait");
        set => Set("ack_wait", value);
    }

    /// <summary>How often it delivers a message at most; -1 for without end.</summary>
    public long? MaxDeliver
    {
        get => Value<long>("max_deliver");
        set => Set("max_deliver", (JsonNode?)value);
    }

    /// <summary>How long to wait before each further delivery; the last one repeats.</summary>
    public TimeSpan[] Backoff
    {
        get =>
            Json["backoff"] is JsonArray array
                ? [.. array.Select(item => JsonValues.ToTimeSpan(item!.As<long>("backoff")))]
                : [];
        set =>
            Set(
                "backoff",
                value is { Length: > 0 }
                    ? new JsonArray([.. value.Select(t => (JsonNode?)JsonValue.Create(JsonValues.ToNanoseconds(t)))])
                    : null
            );
    }

    /// <summary>
    /// The subjects it delivers, wildcards included; empty for all of the stream. Several need nats-server 2.10.
    /// </summary>
    public string[] FilterSubjects
    {
        get => Text("filter_subject") is { Length: > 0 } one ? [one] : Texts("filter_subjects");
        set
        {
            Set("filter_subject", value is { Length: 1 } ? (JsonNode?)value[0] : null);
            Set("filter_subjects", value is { Length: > 1 } ? value : null);
        }
    }

    /// <summary>How fast it delivers what is stored. Cannot be changed.</summary>
    public NasReplayPolicy? ReplayPolicy
    {
        get => Choice<NasReplayPolicy>("replay_policy");
        set => Set("replay_policy", value);
    }

    /// <summary>The rate of a push consumer at most, in bits per second.</summary>
    [Setting("rate_limit_bps")]
    public ulong? RateLimit
    {
        get => Value<ulong>("rate_limit_bps");
        set => Set("rate_limit_bps", (JsonNode?)value);
    }

    /// <summary>How many acknowledgements are reported as events of the server, such as <c>50%</c>.</summary>
    [Setting("sample_freq")]
    public string? SampleFrequency
    {
        get => Text("sample_freq");
        set => Set("sample_freq", (JsonNode?)value);
    }

    /// <summary>How many pulls may wait at a time. Cannot be changed.</summary>
    public long? MaxWaiting
    {
        get => Value<long>("max_waiting");
        set => Set("max_waiting", (JsonNode?)value);
    }

    /// <summary>
    /// How many messages may be delivered and not acknowledged; then it delivers no more. -1 for any number.
    /// </summary>
    public long? MaxAckPending
    {
        get => Value<long>("max_ack_pending");
        set => Set("max_ack_pending", (JsonNode?)value);
    }

    /// <summary>Delivers headers and the size of the payload, without the payload.</summary>
    public bool? HeadersOnly
    {
        get => Value<bool>("headers_only");
        set => Set("headers_only", (JsonNode?)value);
    }

    /// <summary>How many messages one pull may ask for.</summary>
    public long? MaxBatch
    {
        get => Value<long>("max_batch");
        set => Set("max_batch", (JsonNode?)value);
    }

    /// <summary>How long one pull may wait.</summary>
    public TimeSpan? MaxExpires
    {
        get => Duration("max_expires");
        set => Set("max_expires", value);
    }

    /// <summary>How many bytes one pull may ask for.</summary>
    public long? MaxBytes
    {
        get => Value<long>("max_bytes");
        set => Set("max_bytes", (JsonNode?)value);
    }

    /// <summary>How long it may be inactive before the server deletes it.</summary>
    public TimeSpan? InactiveThreshold
    {
        get => Duration("inactive_threshold");
        set => Set("inactive_threshold", value);
    }

    /// <summary>On how many servers it is; 0 for as many as its stream.</summary>
    [Setting("num_replicas")]
    public long? Replicas
    {
        get => Value<long>("num_replicas");
        set => Set("num_replicas", (JsonNode?)value);
    }

    /// <summary>Keeps its state in memory, whatever the stream does. Cannot be changed.</summary>
    [Setting("mem_storage")]
    public bool? MemoryStorage
    {
        get => Value<bool>("mem_storage");
        set => Set("mem_storage", (JsonNode?)value);
    }

    /// <summary>Texts for people and tools; needs nats-server 2.10. Those of the server are left out.</summary>
    public Dictionary<string, string> Metadata
    {
        get => Map("metadata");
        set => Set("metadata", value);
    }

    /// <summary>It delivers nothing until then; needs nats-server 2.11.</summary>
    public DateTimeOffset? PauseUntil
    {
        get => Time("pause_until");
        set => Set("pause_until", value);
    }

    /// <summary>The groups that clients pull in; needs nats-server 2.11.</summary>
    public string[] PriorityGroups
    {
        get => Texts("priority_groups");
        set => Set("priority_groups", value is { Length: > 0 } ? value : null);
    }

    /// <summary>Which clients of a group get messages; needs nats-server 2.11.</summary>
    public NasPriorityPolicy? PriorityPolicy
    {
        get => Choice<NasPriorityPolicy>("priority_policy");
        set => Set("priority_policy", value);
    }

    /// <summary>
    /// How long a pinned client may be silent before another one is pinned; longer than its pulls wait.
    /// </summary>
    public TimeSpan? PriorityTimeout
    {
        get => Duration("priority_timeout");
        set => Set("priority_timeout", value);
    }

    /// <summary>The subject that a push consumer delivers to; without it, clients pull.</summary>
    public string? DeliverSubject
    {
        get => Text("deliver_subject");
        set => Set("deliver_subject", (JsonNode?)value);
    }

    /// <summary>The queue group of those who receive from a push consumer. Cannot be changed.</summary>
    public string? DeliverGroup
    {
        get => Text("deliver_group");
        set => Set("deliver_group", (JsonNode?)value);
    }

    /// <summary>A push consumer waits until what it sent was processed.</summary>
    public bool? FlowControl
    {
        get => Value<bool>("flow_control");
        set => Set("flow_control", (JsonNode?)value);
    }

    /// <summary>After how much silence a push consumer says that it is alive.</summary>
    public TimeSpan? IdleHeartbeat
    {
        get => Duration("idle_heartbeat");
        set => Set("idle_heartbeat", value);
    }
}

using System.Text.Json.Nodes;

namespace NasPubSub.JetStream;

/// <summary>
/// What the consumers of a stream may set at most, and have where they set nothing (nats-server 2.10). Not thread-safe.
/// </summary>
public sealed class NasConsumerLimits : NasConfiguration
{
    /// <summary>Makes an empty one.</summary>
    public NasConsumerLimits()
        : base([]) { }

    internal NasConsumerLimits(JsonObject json)
        : base(json) { }

    /// <summary>The time without use after which a consumer is removed.</summary>
    public TimeSpan? InactiveThreshold
    {
        get => Duration("inactive_threshold");
        set => Set("inactive_threshold", value);
    }

    /// <summary>The messages that wait for an acknowledgement.</summary>
    public long? MaxAckPending
    {
        get => Value<long>("max_ack_pending");
        set => Set("max_ack_pending", value);
    }
}

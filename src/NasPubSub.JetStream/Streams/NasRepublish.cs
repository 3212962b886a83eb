using System.Text.Json.Nodes;
using NasPubSub.JetStream.Configuration;

namespace NasPubSub.JetStream;

/// <summary>Where a stream publishes each message once it is stored (ADR-28). Not thread-safe.</summary>
public sealed class NasRepublish : NasConfiguration
{
    /// <summary>Makes an empty one.</summary>
    public NasRepublish()
        : base([]) { }

    internal NasRepublish(JsonObject json)
        : base(json) { }

    /// <summary>The subjects that are republished, which may hold wildcards; null or empty for all.</summary>
    [Setting("src")]
    public string? Source
    {
        get => Text("src");
        set => Set("src", value);
    }

    /// <summary>The subject to publish on, such as <c>stored.{{wildcard(1)}}</c>.</summary>
    [Setting("dest")]
    public string? Destination
    {
        get => Text("dest");
        set => Set("dest", value);
    }

    /// <summary>Without the payload; its size is in the header Nats-Msg-Size.</summary>
    public bool? HeadersOnly
    {
        get => Value<bool>("headers_only");
        set => Set("headers_only", value);
    }
}

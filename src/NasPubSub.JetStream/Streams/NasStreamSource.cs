using System.Text.Json.Nodes;
using NasPubSub.JetStream.Configuration;

namespace NasPubSub.JetStream;

/// <summary>
/// A stream whose messages another stream copies, as its mirror or one of its sources. Not thread-safe.
/// </summary>
public sealed class NasStreamSource : NasConfiguration
{
    /// <summary>Makes an empty one.</summary>
    public NasStreamSource()
        : base([]) { }

    /// <summary>Copies the whole of a stream.</summary>
    public NasStreamSource(string name)
        : base([]) => Name = name;

    internal NasStreamSource(JsonObject json)
        : base(json) { }

    /// <summary>The name of the stream.</summary>
    public string? Name
    {
        get => Text("name");
        set => Set("name", value);
    }

    /// <summary>The sequence of the first message to copy.</summary>
    [Setting("opt_start_seq")]
    public ulong? StartSequence
    {
        get => Value<ulong>("opt_start_seq");
        set => Set("opt_start_seq", value);
    }

    /// <summary>Copies messages stored then or later.</summary>
    [Setting("opt_start_time")]
    public DateTimeOffset? StartTime
    {
        get => Time("opt_start_time");
        set => Set("opt_start_time", value);
    }

    /// <summary>Copies only messages with these subjects; it may hold wildcards.</summary>
    public string? FilterSubject
    {
        get => Text("filter_subject");
        set => Set("filter_subject", value);
    }

    /// <summary>Copies only messages with these subjects, and changes the subjects (nats-server 2.10).</summary>
    public NasSubjectTransform[] SubjectTransforms
    {
        get => Objects("subject_transforms", json => new NasSubjectTransform(json));
        set => Set("subject_transforms", value);
    }

    /// <summary>What API subjects of another account or domain begin with, such as <c>$JS.hub.API</c>.</summary>
    [Setting("external.api")]
    public string? ExternalApiPrefix
    {
        get => External("api");
        set => SetPart("external", "api", value);
    }

    /// <summary>The prefix of the subjects on which another account delivers.</summary>
    [Setting("external.deliver")]
    public string? ExternalDeliverPrefix
    {
        get => External("deliver");
        set => SetPart("external", "deliver", value);
    }

    /// <summary>The durable consumer of the copied stream to use (nats-server 2.14); null for one of its own.</summary>
    [Setting("consumer.name")]
    public string? ConsumerName
    {
        get => Json["consumer"]?["name"]?.GetValue<string>();
        set => SetPart("consumer", "name", value);
    }

    /// <summary>The subject on which that consumer delivers.</summary>
    [Setting("consumer.deliver_subject")]
    public string? ConsumerDeliverSubject
    {
        get => Json["consumer"]?["deliver_subject"]?.GetValue<string>();
        set => SetPart("consumer", "deliver_subject", value);
    }

    private string? External(string part) => Json["external"]?[part]?.GetValue<string>();
}

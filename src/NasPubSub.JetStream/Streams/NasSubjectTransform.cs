using System.Text.Json.Nodes;
using NasPubSub.JetStream.Configuration;

namespace NasPubSub.JetStream;

/// <summary>Subjects, and what they become when a message is stored (ADR-36). Not thread-safe.</summary>
public sealed class NasSubjectTransform : NasConfiguration
{
    /// <summary>Makes an empty one.</summary>
    public NasSubjectTransform()
        : base([]) { }

    internal NasSubjectTransform(JsonObject json)
        : base(json) { }

    /// <summary>The subjects that are changed, which may hold wildcards; null or empty for all.</summary>
    [Setting("src")]
    public string? Source
    {
        get => Text("src");
        set => Set("src", value);
    }

    /// <summary>The new subject, such as <c>archive.{{wildcard(1)}}</c>.</summary>
    [Setting("dest")]
    public string? Destination
    {
        get => Text("dest");
        set => Set("dest", value);
    }
}

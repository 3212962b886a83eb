using System.Text.Json.Nodes;

namespace NasPubSub.JetStream;

/// <summary>On which servers a stream may be. Not thread-safe.</summary>
public sealed class NasPlacement : NasConfiguration
{
    /// <summary>Makes an empty one.</summary>
    public NasPlacement()
        : base([]) { }

    internal NasPlacement(JsonObject json)
        : base(json) { }

    /// <summary>The name of the cluster.</summary>
    public string? Cluster
    {
        get => Text("cluster");
        set => Set("cluster", value);
    }

    /// <summary>Tags that the servers have.</summary>
    public string[] Tags
    {
        get => Texts("tags");
        set => Set("tags", value);
    }
}

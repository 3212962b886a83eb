using System.Text.Json.Nodes;
using NasPubSub.JetStream.Configuration;

namespace NasPubSub.JetStream.Streams;

/// <summary>The settings of a stream as people, the server and <c>ConvertTo-Json</c> write them.</summary>
internal static class StreamSettings
{
    private static readonly Dictionary<string, string> Aliases = new(StringComparer.OrdinalIgnoreCase)
    {
        ["Stream"] = "Name",
        ["Subject"] = "Subjects",
        ["Source"] = "Sources",
        ["PlacementCluster"] = "Placement.Cluster",
        ["PlacementTag"] = "Placement.Tags",
        ["PlacementTags"] = "Placement.Tags",
        ["ConsumerInactiveThreshold"] = "ConsumerLimits.InactiveThreshold",
        ["ConsumerMaxAckPending"] = "ConsumerLimits.MaxAckPending",
    };

    private static readonly SettingsReader Reader = new(
        Aliases,
        new HashSet<string>(
            typeof(NasStream).GetProperties().Select(p => p.Name).Append("IsRaw"),
            StringComparer.OrdinalIgnoreCase
        )
    );

    /// <exception cref="NasException">InvalidConfiguration.</exception>
    public static NasStreamConfiguration Read(string json)
    {
        var fields = SettingsReader.ParseObject(json);
        var settings = new NasStreamConfiguration { IsRaw = IsRaw(fields) };
        Reader.Read(fields, settings);
        return settings;
    }

    /// <summary>Complete as the server returns it, or a stream that was shown without a namespace.</summary>
    private static bool IsRaw(JsonObject fields) =>
        (fields.ContainsKey("num_replicas") && fields.ContainsKey("max_bytes"))
        || (fields.ContainsKey("Namespace") && fields["Namespace"] is null);
}

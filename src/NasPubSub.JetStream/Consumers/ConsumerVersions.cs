using System.Text.Json.Nodes;
using NasPubSub.JetStream.Api;
using NasPubSub.JetStream.Configuration;

namespace NasPubSub.JetStream.Consumers;

/// <summary>
/// Which server the settings of a consumer need. Servers before 2.12 drop settings that they do not know in silence, so
/// they are checked before anything is stored.
/// </summary>
internal static class ConsumerVersions
{
    /// <summary>The first server that tells create and update apart.</summary>
    public static readonly Version Action = new(2, 10);

    public static readonly Version Pause = new(2, 11);
    public static readonly Version Unpin = new(2, 11);
    public static readonly Version Reset = new(2, 14);

    private static readonly Dictionary<string, Version> Settings = new()
    {
        ["filter_subjects"] = new(2, 10),
        ["metadata"] = new(2, 10),
        ["pause_until"] = Pause,
        ["priority_groups"] = new(2, 11),
        ["priority_policy"] = new(2, 11),
        ["priority_timeout"] = new(2, 11),
    };

    /// <exception cref="NasException">UnsupportedByServer.</exception>
    public static async Task RequireAsync(ServerFeatures features, JsonObject settings, CancellationToken cancel)
    {
        foreach (var field in settings.Where(f => !ConfigurationDifference.IsDefault(f.Value)))
        {
            if (Settings.TryGetValue(field.Key, out var version))
            {
                await features.RequireAsync($"The setting {field.Key}", version, cancel).ConfigureAwait(false);
            }
        }
        if (settings.Text("ack_policy") == "flow_control")
        {
            await features
                .RequireAsync("The acknowledgement policy flow_control", new Version(2, 14), cancel)
                .ConfigureAwait(false);
        }
        if (settings.Text("priority_policy") == "prioritized")
        {
            await features
                .RequireAsync("The priority policy prioritized", new Version(2, 12), cancel)
                .ConfigureAwait(false);
        }
    }
}

using System.Text.Json.Nodes;
using NasPubSub.JetStream.Api;

namespace NasPubSub.JetStream;

/// <summary>Another server that has a stream or a consumer, beside the one that leads it.</summary>
/// <param name="Name">The name of the server.</param>
/// <param name="IsCurrent">Has it everything that the leader has?</param>
/// <param name="IsOffline">Can it not be reached?</param>
/// <param name="LastActive">How long ago the leader heard of it.</param>
/// <param name="Lag">How many operations it is behind.</param>
public sealed record NasReplica(string Name, bool IsCurrent, bool IsOffline, TimeSpan LastActive, ulong Lag)
{
    internal static NasReplica[] Of(JsonNode? cluster) =>
        [
            .. (cluster?["replicas"] as JsonArray ?? [])
                .OfType<JsonObject>()
                .Select(r => new NasReplica(
                    r.Text("name"),
                    r.Flag("current"),
                    r.Flag("offline"),
                    r.Duration("active") ?? TimeSpan.Zero,
                    r.ULong("lag")
                )),
        ];
}

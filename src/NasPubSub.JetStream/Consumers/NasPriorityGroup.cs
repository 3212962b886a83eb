using System.Text.Json.Nodes;
using NasPubSub.JetStream.Api;

namespace NasPubSub.JetStream;

/// <summary>A priority group of a consumer (ADR-42).</summary>
/// <param name="Group">Its name.</param>
/// <param name="PinnedClientId">The id that the pinned client pulls with; null where none is pinned.</param>
/// <param name="PinnedSince">Since when.</param>
public sealed record NasPriorityGroup(string Group, string? PinnedClientId, DateTimeOffset? PinnedSince)
{
    /// <inheritdoc/>
    public override string ToString() =>
        Diagnostics.TerminalText.Line(PinnedClientId is null ? Group : $"{Group}: {PinnedClientId}");

    internal static NasPriorityGroup[] Of(JsonObject response, string[] configured)
    {
        // The server leaves out groups that nobody has pulled in yet.
        var states = (response["priority_groups"] as JsonArray ?? []).OfType<JsonObject>().ToList();
        return
        [
            .. configured
                .Select(name => states.Find(s => s.Text("group") == name) ?? new JsonObject { ["group"] = name })
                .Select(s => new NasPriorityGroup(
                    s.Text("group"),
                    s.TextOrNull("pinned_client_id"),
                    s.Time("pinned_ts")
                )),
        ];
    }
}

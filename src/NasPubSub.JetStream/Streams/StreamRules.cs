using System.Text.Json.Nodes;
using NasPubSub.JetStream.Configuration;

namespace NasPubSub.JetStream.Streams;

/// <summary>Which settings of a stream cannot change, and whether a server stored what it was asked for.</summary>
internal static class StreamRules
{
    private static readonly HashSet<string> Fixed =
    [
        "name",
        "storage",
        "first_seq",
        "allow_msg_counter",
        "persist_mode",
    ];

    /// <summary>True for ever.</summary>
    private static readonly HashSet<string> OneWay =
    [
        "sealed",
        "deny_delete",
        "deny_purge",
        "allow_msg_ttl",
        "allow_msg_schedules",
    ];

    /// <summary>Keeps settings that mean the same as before as they were, such as a default left out.</summary>
    public static void KeepUnchanged(NasStreamConfiguration before, NasStreamConfiguration after)
    {
        var fields = after.Json.Select(f => f.Key).ToList();
        foreach (var field in fields.Where(f => AreEqual(before.Json[f], after.Json[f])))
        {
            after.Json.Remove(field);
            if (before.Json[field] is { } same)
            {
                after.Json[field] = CopyOf(same);
            }
        }
    }

    /// <exception cref="NasException">InvalidConfiguration: a setting cannot change, or not in that way.</exception>
    public static void CheckChange(string stream, NasStreamConfiguration before, NasStreamConfiguration after)
    {
        var names = before.Settings.ToDictionary(s => s.Wire, s => s.Name);
        foreach (var (field, name) in names.Select(n => (n.Key, n.Value)))
        {
            var (old, now) = (before.Json[field], after.Json[field]);
            if (AreEqual(old, now))
            {
                continue;
            }
            var why =
                Fixed.Contains(field) ? "it cannot change"
                : OneWay.Contains(field) && !ConfigurationDifference.IsDefault(old) ? "it cannot be undone"
                : field == "mirror" && now is not null ? "a mirror can only be removed"
                : field == "retention" && (Is(old, "workqueue") || Is(now, "workqueue"))
                    ? "it cannot change to or from a work queue"
                : null;
            if (why is not null)
            {
                var change = before.ChangesTo(after).FirstOrDefault(c => c.Setting == name);
                throw new NasException(
                    NasError.InvalidOption,
                    $"The stream '{stream}' cannot change {(object?)change ?? name}: {why}."
                )
                {
                    Code = "InvalidConfiguration",
                    Target = stream,
                };
            }
        }
    }

    /// <summary>Compares what the server stored with what was asked for.</summary>
    /// <param name="stream">The stream, which exists with other settings if this fails.</param>
    /// <param name="asked">What was asked for.</param>
    /// <param name="stored">What the server returned.</param>
    /// <exception cref="NasException">SettingsNotApplied.</exception>
    public static void CheckStored(string stream, NasStreamConfiguration asked, NasStreamConfiguration stored)
    {
        var wires = asked.Settings.ToDictionary(s => s.Name, s => s.Wire);
        var shown = new NasStreamConfiguration(NasConfiguration.Copy(asked.Json));
        foreach (var field in asked.Json.Select(f => f.Key).ToList())
        {
            if (ConfigurationDifference.IsDefault(asked.Json[field]) || Includes(asked.Json[field], stored.Json[field]))
            {
                shown.Json.Remove(field);
            }
        }
        if (shown.Json.Count == 0)
        {
            return;
        }
        var differences = shown
            .Json.Select(f => f.Key)
            .SelectMany(field =>
            {
                var (a, b) = (new NasStreamConfiguration(), new NasStreamConfiguration());
                a.Json[field] = CopyOf(shown.Json[field]);
                b.Json[field] = CopyOf(stored.Json[field]);
                return a.ChangesTo(b);
            });
        throw new NasException(
            NasError.ServerError,
            $"The server stored the stream '{stream}' with other settings than requested: {string.Join("; ", differences)}."
        )
        {
            Code = "SettingsNotApplied",
            Target = stream,
        };
    }

    /// <summary>Equal, also where one has left out the default.</summary>
    private static bool AreEqual(JsonNode? a, JsonNode? b) =>
        ConfigurationDifference.AreEqual(a, b) || (IsDefault(a) && IsDefault(b));

    private static bool IsDefault(JsonNode? value) =>
        ConfigurationDifference.IsDefault(value) || Is(value, "none") || Is(value, "default");

    private static bool Is(JsonNode? value, string text) =>
        value is JsonValue plain && plain.TryGetValue<string>(out var own) && own == text;

    /// <summary>The server may add fields to objects, such as those of its own to the metadata.</summary>
    private static bool Includes(JsonNode? asked, JsonNode? stored) =>
        (asked, stored) switch
        {
            (JsonObject a, JsonObject b) => a.All(f => Includes(f.Value, b[f.Key])),
            (JsonArray a, JsonArray b) => a.Count == b.Count && !a.Where((item, i) => !Includes(item, b[i])).Any(),
            _ => AreEqual(asked, stored),
        };

    private static JsonNode? CopyOf(JsonNode? node) => node is null ? null : JsonNode.Parse(node.ToJsonString());
}

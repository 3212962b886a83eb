using System.Text.Json.Nodes;
using NasPubSub.JetStream.Api;
using NasPubSub.JetStream.Configuration;

namespace NasPubSub.JetStream.Streams;

/// <summary>
/// Which server each setting of a stream needs. Servers before 2.12 drop what they do not know in silence, and later
/// ones refuse the whole, so a setting that asks for nothing is left out, and any other is an error before anything is
/// stored.
/// </summary>
internal static class StreamSupport
{
    private static readonly Version V210 = new(2, 10),
        V211 = new(2, 11),
        V212 = new(2, 12),
        V214 = new(2, 14);

    private static readonly (string Field, string Name, Version Since)[] Settings =
    [
        ("subject_transform", nameof(NasStreamConfiguration.SubjectTransform), V210),
        ("compression", nameof(NasStreamConfiguration.Compression), V210),
        ("first_seq", nameof(NasStreamConfiguration.InitialSequence), V210),
        ("consumer_limits", nameof(NasStreamConfiguration.ConsumerLimits), V210),
        ("metadata", nameof(NasStreamConfiguration.Metadata), V210),
        ("allow_msg_ttl", nameof(NasStreamConfiguration.AllowMessageTtl), V211),
        ("subject_delete_marker_ttl", nameof(NasStreamConfiguration.SubjectDeleteMarkerTtl), V211),
        ("allow_atomic", nameof(NasStreamConfiguration.AllowAtomic), V212),
        ("allow_msg_counter", nameof(NasStreamConfiguration.AllowMessageCounter), V212),
        ("allow_msg_schedules", nameof(NasStreamConfiguration.AllowMessageSchedules), V212),
        ("persist_mode", nameof(NasStreamConfiguration.PersistMode), V212),
        ("allow_batched", nameof(NasStreamConfiguration.AllowBatched), V214),
    ];

    private static readonly (string Field, string Name, Version Since)[] SourceSettings =
    [
        ("subject_transforms", nameof(NasStreamSource.SubjectTransforms), V210),
        ("consumer", nameof(NasStreamSource.ConsumerName), V214),
    ];

    /// <summary>
    /// Requires what settings need, and removes those that the server does not know and that ask for nothing.
    /// </summary>
    /// <exception cref="NasException">UnsupportedByServer.</exception>
    public static void Require(JsonObject settings, Version server)
    {
        RequireEach(settings, Settings, server);
        foreach (var source in (settings["sources"] as JsonArray ?? []).Append(settings["mirror"]))
        {
            if (source is JsonObject fields)
            {
                RequireEach(fields, SourceSettings, server);
            }
        }
    }

    /// <exception cref="NasException">UnsupportedByServer.</exception>
    public static void RequirePromotion(Version server) => Require("Turning a mirror into a stream", V212, server);

    private static void RequireEach(
        JsonObject settings,
        (string Field, string Name, Version Since)[] known,
        Version server
    )
    {
        foreach (var (field, name, since) in known)
        {
            if (server >= since)
            {
                continue;
            }
            if (!AsksForNothing(settings[field]))
            {
                Require($"The setting {name}", since, server);
            }
            settings.Remove(field);
        }
    }

    private static bool AsksForNothing(JsonNode? value) =>
        ConfigurationDifference.IsDefault(value)
        || (value is JsonValue text && text.TryGetValue<string>(out var plain) && plain is "none" or "default");

    private static void Require(string feature, Version since, Version server)
    {
        if (server < since)
        {
            throw ApiErrors.Unsupported(feature, since.ToString(2), server.ToString());
        }
    }
}

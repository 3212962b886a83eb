using System.Text.Json.Nodes;

namespace NasPubSub.JetStream.Streams;

/// <summary>The subjects among the settings of a stream: those that begin with the namespace on the wire.</summary>
internal static class StreamSubjects
{
    /// <summary>Replaces each subject.</summary>
    public static void Map(JsonObject settings, Func<string, string> map)
    {
        if (settings["subjects"] is JsonArray subjects)
        {
            for (var i = 0; i < subjects.Count; i++)
            {
                subjects[i] = subjects[i] is { } subject ? map(subject.GetValue<string>()) : null;
            }
        }
        MapSource(settings["mirror"], map);
        foreach (var source in settings["sources"] as JsonArray ?? [])
        {
            MapSource(source, map);
        }
        MapTransform(settings["subject_transform"], map);
        MapTransform(settings["republish"], map);
    }

    /// <summary>
    /// Do all subjects lie in the namespace of the connection, or where no namespace applies? Then they can be shown
    /// without it, and go back to what they are.
    /// </summary>
    public static bool AreInNamespace(JsonObject settings, NasConnection connection)
    {
        var areIn = true;
        Map(
            settings,
            subject =>
            {
                areIn &= connection.ToWireSubject(connection.FromWireSubject(subject)) == subject;
                return subject;
            }
        );
        return areIn;
    }

    private static void MapSource(JsonNode? source, Func<string, string> map)
    {
        MapField(source, "filter_subject", map);
        foreach (var transform in source?["subject_transforms"] as JsonArray ?? [])
        {
            MapTransform(transform, map);
        }
    }

    private static void MapTransform(JsonNode? transform, Func<string, string> map)
    {
        MapField(transform, "src", map);
        MapField(transform, "dest", map);
    }

    private static void MapField(JsonNode? node, string name, Func<string, string> map)
    {
        if (node is JsonObject fields && fields[name]?.GetValue<string>() is { Length: > 0 } subject)
        {
            fields[name] = map(subject);
        }
    }
}

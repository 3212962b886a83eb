using System.Text.Json.Nodes;
using NasPubSub.JetStream.Api;

namespace NasPubSub.JetStream.Streams;

/// <summary>The settings of a stream as they are sent, and what an answer that refuses them means.</summary>
internal static class StreamRequest
{
    /// <summary>Fields that the server itself puts into the metadata.</summary>
    private const string Reserved = "_nats.";

    /// <summary>
    /// Without fields that are null, without lists that are empty, which the server itself leaves out and takes for
    /// another setting, and without what it added.
    /// </summary>
    public static JsonObject Of(string name, NasStreamConfiguration settings)
    {
        var body = NasConfiguration.Copy(settings.Json);
        body["name"] = name;
        foreach (var empty in body.Where(f => f.Value is null or JsonArray { Count: 0 }).Select(f => f.Key).ToList())
        {
            body.Remove(empty);
        }
        RemoveReserved(body);
        return body;
    }

    /// <summary>Removes what the server itself put into the metadata; it does so in some responses only.</summary>
    public static void RemoveReserved(JsonObject settings)
    {
        if (settings["metadata"] is not JsonObject metadata)
        {
            return;
        }
        var reserved = metadata.Select(m => m.Key).Where(k => k.StartsWith(Reserved, StringComparison.Ordinal));
        foreach (var own in reserved.ToList())
        {
            metadata.Remove(own);
        }
        if (metadata.Count == 0)
        {
            settings.Remove("metadata");
        }
    }

    /// <summary>Names share no namespace and subjects do, so an error about a conflict says where it is.</summary>
    public static NasException Explain(NasException error, JsonObject settings, NasConnection connection)
    {
        var subjects = (settings["subjects"] as JsonArray ?? []).Select(s => $"{s}").ToList();
        var ns = connection.Namespace;
        var isInside = ns is not null && subjects.TrueForAll(s => s.StartsWith(ns + ".", StringComparison.Ordinal));
        var more = error.Code switch
        {
            "StreamExists" when ns is not null =>
                $" All namespaces share the names of streams; this session's is '{ns}'.",
            "SubjectsOverlap" or "InvalidConfiguration"
                when subjects.Count > 0 && error.Message.IndexOf("subject", StringComparison.OrdinalIgnoreCase) >= 0 =>
                $" The subjects are '{string.Join("', '", subjects)}'{(isInside ? $" (namespace '{ns}')" : "")}.",
            _ => "",
        };
        return more.Length == 0
            ? error
            : new NasException(error.Error, error.Message + more, error)
            {
                Code = error.Code,
                ApiErrorCode = error.ApiErrorCode,
                ApiErrorDescription = error.ApiErrorDescription,
                Target = error.Target,
            };
    }
}

using System.Text.Json.Nodes;
using NasPubSub.JetStream.Api;

namespace NasPubSub.JetStream.Messages;

/// <summary>From which to which sequence a stream has messages.</summary>
internal readonly record struct StreamSpan(ulong First, ulong Last)
{
    /// <summary>Does it have no message?</summary>
    public bool IsEmpty => Last < First || Last == 0;

    /// <exception cref="NasException">StreamNotFound, or another error of the API.</exception>
    public static async Task<StreamSpan> OfAsync(JetStreamApi api, string stream, CancellationToken cancel)
    {
        var info = await InfoAsync(api, stream, null, cancel).ConfigureAwait(false);
        return Of(info);
    }

    public static StreamSpan Of(JsonObject info) =>
        new(info["state"].ULong("first_seq"), info["state"].ULong("last_seq"));

    /// <summary>The subjects with messages that match a filter, a page at a time.</summary>
    public static async IAsyncEnumerable<IReadOnlyList<string>> SubjectsAsync(
        JetStreamApi api,
        string stream,
        string topic,
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancel
    )
    {
        for (long offset = 0; ;)
        {
            var request = new JsonObject { ["subjects_filter"] = topic, ["offset"] = offset };
            var info = await InfoAsync(api, stream, request, cancel).ConfigureAwait(false);
            if (info["state"]?["subjects"] is not JsonObject { Count: > 0 } subjects)
            {
                yield break;
            }
            yield return [.. subjects.Select(subject => subject.Key)];
            offset += subjects.Count;
            if (offset >= info.Long("total"))
            {
                yield break;
            }
        }
    }

    private static Task<JsonObject> InfoAsync(
        JetStreamApi api,
        string stream,
        JsonObject? request,
        CancellationToken cancel
    ) => api.CallAsync($"STREAM.INFO.{stream}", request, isSafe: true, subject: stream, cancel: cancel);
}

using System.Text.Json.Nodes;
using NasPubSub.JetStream.Api;

namespace NasPubSub.JetStream.Messages;

/// <summary>Reads one message: by a direct get where the stream allows it, else from its leader. Thread-safe.</summary>
internal sealed class SingleGet(JetStreamApi api, DirectGet direct)
{
    /// <returns>Null where there is no such message.</returns>
    public Task<NasMessage?> AtAsync(string stream, ulong sequence, bool fromLeader, CancellationToken cancel) =>
        GetAsync(stream, new JsonObject { ["seq"] = sequence }, null, fromLeader, cancel);

    /// <param name="stream">The stream.</param>
    /// <param name="topic">The subject on the wire; it may have wildcards.</param>
    /// <param name="fromLeader">Not by a direct get.</param>
    /// <param name="cancel">Ends the wait.</param>
    /// <returns>Null where there is no such message.</returns>
    public Task<NasMessage?> LastAsync(string stream, string topic, bool fromLeader, CancellationToken cancel) =>
        GetAsync(
            stream,
            new JsonObject { ["last_by_subj"] = topic },
            topic.IndexOfAny(['*', '>']) < 0 ? topic : null,
            fromLeader,
            cancel
        );

    /// <summary>The first message of a subject that has this sequence or a later one.</summary>
    /// <returns>Null where there is no such message.</returns>
    public Task<NasMessage?> NextAsync(
        string stream,
        string topic,
        ulong sequence,
        bool fromLeader,
        CancellationToken cancel
    ) => GetAsync(stream, new JsonObject { ["seq"] = sequence, ["next_by_subj"] = topic }, null, fromLeader, cancel);

    private async Task<NasMessage?> GetAsync(
        string stream,
        JsonObject request,
        string? subject,
        bool fromLeader,
        CancellationToken cancel
    )
    {
        if (!fromLeader)
        {
            var (outcome, message) = await direct
                .OneAsync(stream, subject is null ? request : null, subject, cancel)
                .ConfigureAwait(false);
            if (outcome is DirectOutcome.Complete or DirectOutcome.NotFound)
            {
                return message;
            }
        }
        try
        {
            var response = await api
                .CallAsync($"STREAM.MSG.GET.{stream}", request, isSafe: true, subject: stream, cancel: cancel)
                .ConfigureAwait(false);
            return StoredMessage.FromJson(api.Connection, stream, response);
        }
        catch (NasException e) when (e.ApiErrorCode == ApiErrors.MessageNotFound)
        {
            return null;
        }
    }
}

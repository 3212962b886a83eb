using System.Text;
using System.Text.Json.Nodes;
using NasPubSub.JetStream.Api;

namespace NasPubSub.JetStream.Publishing;

/// <summary>
/// Finds out whether a message with an expectation was stored by an attempt that was never answered: then it stands
/// directly behind what it expected.
/// </summary>
internal static class OutcomeLookup
{
    /// <returns>Its acknowledgement; null where another message is there.</returns>
    /// <exception cref="NasException">Those of the API.</exception>
    public static async Task<PubAck?> FindAsync(
        JetStreamApi api,
        PublishTarget target,
        string id,
        NasPublishOptions expectation,
        CancellationToken cancel
    )
    {
        var stream =
            target.Stream?.Name
            ?? throw new NasException(NasError.ServerError, "The stream of the subject is not known.");
        var query = new JsonObject();
        if (expectation.ExpectedLastSequence is { } last)
        {
            query["seq"] = last + 1;
        }
        else if (expectation.ExpectedSubjectSequence is { } sequence)
        {
            query["next_by_subj"] = target.Publisher.Topic;
            query["seq"] = sequence + 1;
        }
        else
        {
            query["last_by_subj"] = target.Publisher.Topic;
        }
        try
        {
            var call = api.CallAsync($"STREAM.MSG.GET.{stream}", query, isSafe: true, cancel: cancel);
            var message = (await call.ConfigureAwait(false))["message"];
            var headers = message.Text("hdrs");
            var found = headers.Length == 0 ? null : Encoding.UTF8.GetString(Convert.FromBase64String(headers));
            return found?.Contains($"\r\n{PublishHeaders.MessageId}: {id}\r\n", StringComparison.Ordinal) == true
                ? new PubAck
                {
                    Origin = new AckOrigin(stream, null),
                    Sequence = message.ULong("seq"),
                    IsDuplicate = true,
                }
                : null;
        }
        catch (NasException e) when (e.Code == "MessageNotFound")
        {
            return null;
        }
    }
}

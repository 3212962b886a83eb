using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using NasPubSub.JetStream.Api;

namespace NasPubSub.JetStream.Messages;

/// <summary>
/// Reads the last message of each of many subjects: by one request where the server can (2.11) and the stream allows
/// it, else subject by subject. Thread-safe.
/// </summary>
internal sealed class LastPerSubjectRead(JetStreamApi api, DirectGet direct, SingleGet single)
{
    /// <summary>The server answers no request that more than 1,024 subjects match (status 413).</summary>
    private const int SubjectsPerRequest = 1000;
    private const int CharactersPerRequest = 64 * 1024;
    private const int BytesPerRequest = 4 * 1024 * 1024;
    private const int Concurrent = 16;

    /// <param name="stream">The stream.</param>
    /// <param name="topics">The subjects on the wire; they may have wildcards.</param>
    /// <param name="upTo">The last sequence to look at; 0 for all.</param>
    /// <param name="upToTime">The last time to look at; null for all.</param>
    /// <param name="fromLeader">Not by direct gets.</param>
    /// <param name="cancel">Ends the wait.</param>
    /// <exception cref="NasException">UnsupportedByServer: an end was given, and the server or the stream has no direct
    /// get that takes it.</exception>
    public async IAsyncEnumerable<NasMessage> ReadAsync(
        string stream,
        IReadOnlyList<string> topics,
        ulong upTo,
        DateTimeOffset? upToTime,
        bool fromLeader,
        [EnumeratorCancellation] CancellationToken cancel
    )
    {
        var outcome = DirectOutcome.Refused;
        if (!fromLeader)
        {
            await foreach (var step in MultiAsync(stream, topics, upTo, upToTime, cancel).ConfigureAwait(false))
            {
                outcome = step.Outcome;
                if (step.Message is not null)
                {
                    yield return step.Message;
                }
            }
        }
        if (outcome is DirectOutcome.Complete or DirectOutcome.NotFound)
        {
            yield break;
        }
        // Also says that the stream does not exist.
        var span = await StreamSpan.OfAsync(api, stream, cancel).ConfigureAwait(false);
        if (outcome != DirectOutcome.TooMany && (upTo > 0 || upToTime is not null))
        {
            throw NoEnd(stream, outcome);
        }
        var end = upTo > 0 ? upTo : span.Last;
        await foreach (var part in PartsAsync(stream, topics, cancel).ConfigureAwait(false))
        {
            var messages =
                outcome == DirectOutcome.TooMany
                    ? MessagesAsync(stream, part, upToTime is null ? end : 0, upToTime, cancel)
                    : SinglesAsync(stream, part, fromLeader, cancel);
            await foreach (var message in messages.ConfigureAwait(false))
            {
                yield return message;
            }
        }
    }

    private NasException NoEnd(string stream, DirectOutcome outcome)
    {
        const string Feature = "The last messages up to a sequence or time";
        return outcome == DirectOutcome.Unsupported
            ? ApiErrors.Unsupported(Feature, "2.11", api.Connection.ServerInfo?.Version)
            : new NasException(NasError.ServerError, $"{Feature} need a direct get; '{stream}' does not allow it.")
            {
                Code = "DirectGetNotAllowed",
                Target = stream,
            };
    }

    /// <summary>The subjects that exist, in parts that one request can name.</summary>
    private async IAsyncEnumerable<IReadOnlyList<string>> PartsAsync(
        string stream,
        IReadOnlyList<string> topics,
        [EnumeratorCancellation] CancellationToken cancel
    )
    {
        var seen = new HashSet<string>(StringComparer.Ordinal);
        var part = new List<string>();
        var length = 0;
        foreach (var topic in topics)
        {
            await foreach (var page in SubjectsAsync(stream, topic, cancel).ConfigureAwait(false))
            {
                foreach (var subject in page.Where(seen.Add))
                {
                    part.Add(subject);
                    length += subject.Length;
                    if (part.Count == SubjectsPerRequest || length > CharactersPerRequest)
                    {
                        yield return part;
                        (part, length) = ([], 0);
                    }
                }
            }
        }
        if (part.Count > 0)
        {
            yield return part;
        }
    }

    private async IAsyncEnumerable<IReadOnlyList<string>> SubjectsAsync(
        string stream,
        string topic,
        [EnumeratorCancellation] CancellationToken cancel
    )
    {
        if (topic.IndexOfAny(['*', '>']) < 0)
        {
            yield return [topic];
            yield break;
        }
        await foreach (var page in StreamSpan.SubjectsAsync(api, stream, topic, cancel).ConfigureAwait(false))
        {
            yield return page;
        }
    }

    /// <summary>Messages, and how it ended: the outcome of the last step counts.</summary>
    private async IAsyncEnumerable<(DirectOutcome Outcome, NasMessage? Message)> MultiAsync(
        string stream,
        IReadOnlyList<string> topics,
        ulong upTo,
        DateTimeOffset? upToTime,
        [EnumeratorCancellation] CancellationToken cancel
    )
    {
        for (ulong from = 0; ;)
        {
            var request = new JsonObject
            {
                ["multi_last"] = new JsonArray([.. topics.Select(topic => (JsonNode?)JsonValue.Create(topic))]),
                ["max_bytes"] = BytesPerRequest,
            };
            if (from > 0)
            {
                request["seq"] = from;
            }
            if (upTo > 0)
            {
                request["up_to_seq"] = upTo;
            }
            else if (upToTime is { } time)
            {
                request["up_to_time"] = JsonValues.ToText(time);
            }
            var batch = direct.Batch(stream, request);
            await foreach (var message in batch.ReadAsync(cancel).ConfigureAwait(false))
            {
                yield return (DirectOutcome.Complete, message);
            }
            if (batch.Last == 0 || !batch.HasMore)
            {
                yield return (batch.Outcome, null);
                yield break;
            }
            from = batch.Last + 1;
            if (batch.UpTo is { } end)
            {
                (upTo, upToTime) = (end, null);
            }
        }
    }

    private async IAsyncEnumerable<NasMessage> MessagesAsync(
        string stream,
        IReadOnlyList<string> topics,
        ulong upTo,
        DateTimeOffset? upToTime,
        [EnumeratorCancellation] CancellationToken cancel
    )
    {
        await foreach (var (_, message) in MultiAsync(stream, topics, upTo, upToTime, cancel).ConfigureAwait(false))
        {
            if (message is not null)
            {
                yield return message;
            }
        }
    }

    private async IAsyncEnumerable<NasMessage> SinglesAsync(
        string stream,
        IReadOnlyList<string> topics,
        bool fromLeader,
        [EnumeratorCancellation] CancellationToken cancel
    )
    {
        var asked = new Queue<Task<NasMessage?>>();
        foreach (var topic in topics)
        {
            asked.Enqueue(single.LastAsync(stream, topic, fromLeader, cancel));
            if (asked.Count == Concurrent && await asked.Dequeue().ConfigureAwait(false) is { } message)
            {
                yield return message;
            }
        }
        while (asked.Count > 0)
        {
            if (await asked.Dequeue().ConfigureAwait(false) is { } message)
            {
                yield return message;
            }
        }
    }
}

using System.Runtime.CompilerServices;
using System.Text.Json.Nodes;
using NasPubSub.JetStream.Api;

namespace NasPubSub.JetStream.Messages;

/// <summary>
/// Reads the messages of a part of a stream in order: in batches where the server and the stream allow it, else one
/// after the other. Thread-safe.
/// </summary>
internal sealed class RangeRead(JetStreamApi api, DirectGet direct, SingleGet single)
{
    private const int BatchMessages = 500;
    private const int BatchBytes = 4 * 1024 * 1024;

    /// <param name="stream">The stream.</param>
    /// <param name="topic">The filter on the wire.</param>
    /// <param name="from">The first sequence.</param>
    /// <param name="since">When the first message was stored at the earliest; beats the sequence.</param>
    /// <param name="to">The last sequence.</param>
    /// <param name="count">The number of messages.</param>
    /// <param name="fromLeader">Not by direct gets.</param>
    /// <param name="cancel">Ends the wait.</param>
    public async IAsyncEnumerable<NasMessage> ReadAsync(
        string stream,
        string topic,
        ulong from,
        DateTimeOffset? since,
        ulong to,
        long count,
        bool fromLeader,
        [EnumeratorCancellation] CancellationToken cancel
    )
    {
        var isBatched = !fromLeader;
        while (isBatched && count > 0 && from <= to)
        {
            var request = new JsonObject
            {
                ["next_by_subj"] = topic,
                ["batch"] = Math.Min(count, BatchMessages),
                ["max_bytes"] = BatchBytes,
            };
            request[since is null ? "seq" : "start_time"] = since is { } time ? JsonValues.ToText(time) : from;
            var batch = direct.Batch(stream, request);
            var isTimeIgnored = false;
            await foreach (var message in batch.ReadAsync(cancel).ConfigureAwait(false))
            {
                // A server before 2.11 does not look at the time.
                if (message.Timestamp < since)
                {
                    isTimeIgnored = true;
                    break;
                }
                if (message.Sequence > to)
                {
                    yield break;
                }
                yield return message;
                count--;
                from = message.Sequence!.Value + 1;
                since = null;
            }
            if (batch.Outcome is DirectOutcome.Complete or DirectOutcome.NotFound && !batch.HasMore)
            {
                yield break;
            }
            isBatched = !isTimeIgnored && batch.Last > 0 && batch.HasMore;
        }
        if (since is { } start)
        {
            from = await FirstSinceAsync(stream, start, fromLeader, cancel).ConfigureAwait(false);
        }
        while (count-- > 0 && from <= to)
        {
            var message = await single.NextAsync(stream, topic, from, fromLeader, cancel).ConfigureAwait(false);
            if (message is null || message.Sequence > to)
            {
                yield break;
            }
            yield return message;
            from = message.Sequence!.Value + 1;
        }
    }

    /// <summary>
    /// The last messages, oldest first. It looks at ever larger parts from the end, because only the number of messages
    /// that match is known, not where they are.
    /// </summary>
    public async Task<IReadOnlyList<NasMessage>> LastAsync(
        string stream,
        string topic,
        StreamSpan span,
        int count,
        bool fromLeader,
        CancellationToken cancel
    )
    {
        var found = new List<NasMessage>();
        var (end, width) = (span.Last, (ulong)count);
        while (found.Count < count && end >= span.First && end > 0)
        {
            var start = end - span.First < width ? span.First : end - width + 1;
            var part = new Queue<NasMessage>();
            await foreach (
                var message in ReadAsync(stream, topic, start, null, end, long.MaxValue, fromLeader, cancel)
                    .ConfigureAwait(false)
            )
            {
                part.Enqueue(message);
                if (part.Count > count - found.Count)
                {
                    part.Dequeue();
                }
            }
            found.InsertRange(0, part);
            (end, width) = (start - 1, width * 4);
        }
        return found;
    }

    /// <summary>The first sequence that was stored at a time or later: the times of a stream grow.</summary>
    private async Task<ulong> FirstSinceAsync(
        string stream,
        DateTimeOffset since,
        bool fromLeader,
        CancellationToken cancel
    )
    {
        var span = await StreamSpan.OfAsync(api, stream, cancel).ConfigureAwait(false);
        var (low, high) = (span.First, span.Last + 1);
        while (low < high)
        {
            var middle = low + (high - low) / 2;
            var message = await single.NextAsync(stream, ">", middle, fromLeader, cancel).ConfigureAwait(false);
            if (message is null || message.Timestamp >= since)
            {
                high = middle;
            }
            else
            {
                low = message.Sequence!.Value + 1;
            }
        }
        return low;
    }
}

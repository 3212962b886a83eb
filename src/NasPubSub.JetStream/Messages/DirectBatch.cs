using System.Runtime.CompilerServices;
using System.Text.Json;
using System.Text.Json.Nodes;
using NasPubSub.JetStream.Api;

namespace NasPubSub.JetStream.Messages;

/// <summary>One request of a direct get for several messages (ADR-31, servers from 2.11). Used once.</summary>
internal sealed class DirectBatch(DirectGet direct, JetStreamApi api, string stream, JsonObject request)
{
    /// <summary>How it ended; known when all is read.</summary>
    public DirectOutcome Outcome { get; private set; } = DirectOutcome.Interrupted;

    /// <summary>The sequence of the last message read.</summary>
    public ulong Last { get; private set; }

    /// <summary>How many messages follow that match; null where the server is too old for batches.</summary>
    public ulong? Pending { get; private set; }

    /// <summary>Is there more to ask for, from behind <see cref="Last"/> on?</summary>
    public bool HasMore =>
        Outcome == DirectOutcome.Interrupted || (Outcome == DirectOutcome.Complete && Pending is null or > 0);

    /// <summary>The last sequence that was looked at, for the last messages of subjects.</summary>
    public ulong? UpTo { get; private set; }

    /// <summary>Sends the request and returns what comes. The properties then say how it ended.</summary>
    public async IAsyncEnumerable<NasMessage> ReadAsync([EnumeratorCancellation] CancellationToken cancel)
    {
        if (!await direct.IsAllowedAsync(stream, cancel).ConfigureAwait(false))
        {
            Outcome = DirectOutcome.Refused;
            yield break;
        }
        var replies = api
            .Connection.RequestManyAsync(
                api.SubjectOf($"DIRECT.GET.{stream}"),
                JsonSerializer.SerializeToUtf8Bytes(request),
                api.Timeout,
                isLast: IsLast,
                stopOnEmpty: false,
                useNamespace: false,
                cancel: cancel
            )
            .GetAsyncEnumerator(cancel);
        try
        {
            while (await NextAsync(replies).ConfigureAwait(false) is { } reply)
            {
                if (reply.Status != 0)
                {
                    End(reply);
                    yield break;
                }
                var headers = DirectGet.HeadersOf(reply);
                // The server names the message before it: one that was lost on the way shows.
                if (headers.Last is { } before && before != Last)
                {
                    yield break;
                }
                (Last, Pending) = (headers.Sequence, headers.Pending);
                yield return StoredMessage.FromDirect(api.Connection, stream, reply, headers);
            }
        }
        finally
        {
            await replies.DisposeAsync().ConfigureAwait(false);
        }
        if (Last > 0 && Pending is null)
        {
            Outcome = DirectOutcome.Unsupported;
        }
    }

    /// <summary>A server that sends no batches answers with one message.</summary>
    private static bool IsLast(NasMessage reply) => reply.Status != 0 || DirectGet.HeadersOf(reply).Pending is null;

    private async ValueTask<NasMessage?> NextAsync(IAsyncEnumerator<NasMessage> replies)
    {
        try
        {
            return await replies.MoveNextAsync().ConfigureAwait(false) ? replies.Current : null;
        }
        catch (NasException e) when (Last == 0 && direct.IsRefusal(stream, e))
        {
            Outcome = DirectOutcome.Refused;
            return null;
        }
    }

    private void End(NasMessage reply)
    {
        Outcome = DirectGet.OutcomeOf(reply);
        var headers = DirectGet.HeadersOf(reply);
        Pending = headers.Pending;
        UpTo = headers.UpTo;
    }
}

using System.Text.Json;
using System.Text.Json.Nodes;
using NasPubSub.JetStream.Api;

namespace NasPubSub.JetStream.Backups;

/// <summary>
/// Sends the data of a backup to a server, several chunks ahead of their answers. The server makes the stream after the
/// last one; where it hears nothing for 5 s it forgets all of it. Used once.
/// </summary>
internal sealed class Restore(JetStreamApi api, string stream, TimeSpan idleTimeout)
{
    private const int ChunkSize = 128 * 1024;
    private const int Window = 16;

    /// <summary>The server makes the stream before it answers, which may take long.</summary>
    private static readonly TimeSpan LastTimeout = TimeSpan.FromHours(1);

    private readonly NasConnection _connection = api.Connection;
    private readonly ConnectionWatch _watch = new(api.Connection, $"the restore of '{stream}'");

    /// <summary>Has the server begun? Before, it has nothing of the stream.</summary>
    public bool IsAccepted { get; private set; }

    /// <returns>The response with which a stream is created.</returns>
    /// <exception cref="NasException">StreamExists, SubjectsOverlap, or another error of the API; RestoreFailed;
    /// ConnectionLost; Timeout.</exception>
    public async Task<JsonObject> SendAsync(
        JsonObject config,
        JsonObject state,
        Stream data,
        IProgress<NasTransferProgress>? progress,
        CancellationToken cancel
    )
    {
        var request = new JsonObject { ["config"] = config, ["state"] = state };
        var response = await api.CallAsync($"STREAM.RESTORE.{stream}", request, false, stream, cancel)
            .ConfigureAwait(false);
        IsAccepted = true;
        var to = response.Text("deliver_subject");
        var inbox = _connection.NewInbox();
        var limits = new NasSubscriptionOptions { IsListed = false, Confirm = false };
        var answers = await _connection
            .SubscribeAsync(inbox, null, null, useNamespace: false, limits, cancel: cancel)
            .ConfigureAwait(false);
        try
        {
            await SendChunksAsync(to, inbox, answers, data, progress, cancel).ConfigureAwait(false);
            await PublishAsync(to, ReadOnlyMemory<byte>.Empty, inbox, cancel).ConfigureAwait(false);
            var last = await AnswerAsync(answers, LastTimeout, cancel).ConfigureAwait(false);
            return JsonNode.Parse(last.Payload) as JsonObject ?? throw Failed("the server did not confirm the end");
        }
        catch
        {
            BreakOff(to);
            throw;
        }
        finally
        {
            answers.Unsubscribe();
        }
    }

    /// <summary>
    /// A chunk that asks for no answer makes the server give up at once, and not only after 5 s.
    /// </summary>
    private void BreakOff(string to)
    {
        try
        {
            _connection.Publish(to, new byte[1], useNamespace: false);
        }
        catch (NasException)
        {
            // Without a connection, the server gives up by itself.
        }
    }

    private async Task SendChunksAsync(
        string to,
        string inbox,
        NasSubscription answers,
        Stream data,
        IProgress<NasTransferProgress>? progress,
        CancellationToken cancel
    )
    {
        var chunk = new byte[(int)Math.Min(ChunkSize, _connection.ServerInfo?.MaxPayload ?? ChunkSize)];
        var sizes = new Queue<int>();
        var done = 0L;
        for (var isEnd = false; !isEnd || sizes.Count > 0;)
        {
            if (!isEnd && sizes.Count < Window)
            {
                var length = await FillAsync(data, chunk, cancel).ConfigureAwait(false);
                isEnd = length < chunk.Length;
                if (length > 0)
                {
                    await PublishAsync(to, chunk.AsMemory(0, length), inbox, cancel).ConfigureAwait(false);
                    sizes.Enqueue(length);
                }
                continue;
            }
            await AnswerAsync(answers, idleTimeout, cancel).ConfigureAwait(false);
            done += sizes.Dequeue();
            progress?.Report(new NasTransferProgress(done, data.Length));
        }
    }

    /// <summary>One after the other: requests under way at the same time may overtake each other.</summary>
    private ValueTask PublishAsync(string to, ReadOnlyMemory<byte> chunk, string inbox, CancellationToken cancel) =>
        _connection.PublishAsync(to, chunk, inbox, null, useNamespace: false, cancel);

    /// <summary>The server answers the chunks in their order.</summary>
    private async Task<NasMessage> AnswerAsync(NasSubscription answers, TimeSpan timeout, CancellationToken cancel)
    {
        var next = answers.ReadAsync(cancel).AsTask();
        var answer =
            await _watch.WaitAsync(next, timeout, cancel).ConfigureAwait(false)
            ?? throw answers.Error
                ?? new NasException(NasError.ConnectionClosed, "The connection was closed.");
        if (answer.Status == 503)
        {
            throw Failed("the server abandoned it");
        }
        ThrowError(answer);
        return answer;
    }

    /// <summary>A chunk is answered with nothing, or with the error that ends the restore.</summary>
    private void ThrowError(NasMessage answer)
    {
        if (answer.Payload.Length == 0)
        {
            return;
        }
        JsonObject? response;
        try
        {
            response = JsonNode.Parse(answer.Payload) as JsonObject;
        }
        catch (JsonException e)
        {
            throw Failed("its answer cannot be read", e);
        }
        if (response?["error"] is JsonObject error)
        {
            throw Explained(ApiErrors.From(error, stream));
        }
    }

    /// <summary>The server wraps what made the restore fail.</summary>
    private NasException Explained(NasException error)
    {
        if (error.ApiErrorCode != ApiErrors.RestoreFailed)
        {
            return error;
        }
        var isOverlap = error.ApiErrorDescription!.IndexOf("subjects overlap", StringComparison.Ordinal) >= 0;
        return new NasException(NasError.ServerError, error.Message)
        {
            Code = isOverlap ? "SubjectsOverlap" : "RestoreFailed",
            ApiErrorCode = error.ApiErrorCode,
            ApiErrorDescription = error.ApiErrorDescription,
            Target = stream,
        };
    }

    private NasException Failed(string why, Exception? inner = null) =>
        new(NasError.ServerError, $"The restore of '{stream}' failed: {why}.", inner)
        {
            Code = "RestoreFailed",
            Target = stream,
        };

    private static async Task<int> FillAsync(Stream data, byte[] chunk, CancellationToken cancel)
    {
        var filled = 0;
        while (filled < chunk.Length)
        {
            var count = await data.ReadAsync(chunk, filled, chunk.Length - filled, cancel).ConfigureAwait(false);
            if (count == 0)
            {
                break;
            }
            filled += count;
        }
        return filled;
    }
}

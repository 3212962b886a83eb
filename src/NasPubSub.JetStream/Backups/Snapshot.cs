using System.Globalization;
using System.Text.Json.Nodes;
using NasPubSub.JetStream.Api;

namespace NasPubSub.JetStream.Backups;

/// <summary>
/// Receives a snapshot of a stream. The server sends chunks ahead of their acknowledgements, up to a window, and ends
/// with an empty message; a chunk that is not acknowledged for 5 s ends the snapshot. Used once.
/// </summary>
internal sealed class Snapshot(JetStreamApi api, string stream, NasBackupOptions options)
{
    /// <summary>More than a window, so that the buffer never overflows.</summary>
    private const long BufferBytes = 64 * 1024 * 1024;

    private readonly NasConnection _connection = api.Connection;

    /// <summary>Writes the data.</summary>
    /// <returns>The settings and the state of the stream.</returns>
    /// <exception cref="NasException">StreamNotFound, or another error of the API. BackupFailed: the server broke it
    /// off. ConnectionLost. Timeout.</exception>
    public async Task<JsonObject> ReceiveAsync(
        Stream output,
        IProgress<NasTransferProgress>? progress,
        CancellationToken cancel
    )
    {
        var inbox = _connection.NewInbox();
        var limits = new NasSubscriptionOptions
        {
            IsListed = false,
            // The call that follows on the same connection is bounded, and comes after it.
            Confirm = false,
            MaxPendingMessages = int.MaxValue,
            MaxPendingBytes = BufferBytes,
        };
        var chunks = await _connection
            .SubscribeAsync(inbox, null, null, useNamespace: false, limits, cancel: cancel)
            .ConfigureAwait(false);
        try
        {
            return await ReceiveAsync(chunks, inbox, output, progress, cancel).ConfigureAwait(false);
        }
        finally
        {
            chunks.Unsubscribe();
        }
    }

    private int ChunkSize =>
        (int)Math.Min(Math.Max(options.ChunkSize, 1024), _connection.ServerInfo?.MaxPayload ?? options.ChunkSize);

    private async Task<JsonObject> ReceiveAsync(
        NasSubscription chunks,
        string inbox,
        Stream output,
        IProgress<NasTransferProgress>? progress,
        CancellationToken cancel
    )
    {
        var watch = new ConnectionWatch(_connection, $"the backup of '{stream}'");
        var request = new JsonObject { ["deliver_subject"] = inbox, ["chunk_size"] = ChunkSize };
        if (!options.Consumers)
        {
            request["no_consumers"] = true;
        }
        if (options.Check)
        {
            request["jsck"] = true;
        }
        var response = await BeginAsync(request, cancel).ConfigureAwait(false);
        var total = response["state"].Long("bytes");
        var done = 0L;
        for (var index = 1L; ;)
        {
            var chunk = await NextAsync(chunks, watch, cancel).ConfigureAwait(false);
            if (chunk.Payload.Length == 0)
            {
                break;
            }
            if (chunk.ReplyTopic is { } reply)
            {
                CheckOrder(reply, index++);
                // Before the write: a slow disk must not make the server give up.
                _connection.Publish(reply, ReadOnlyMemory<byte>.Empty, useNamespace: false, cancel: cancel);
            }
            await output.WriteAsync(chunk.Payload, 0, chunk.Payload.Length, cancel).ConfigureAwait(false);
            done += chunk.Payload.Length;
            progress?.Report(new NasTransferProgress(done, total));
        }
        return new JsonObject { ["config"] = Taken(response, "config"), ["state"] = Taken(response, "state") };
    }

    private async Task<JsonObject> BeginAsync(JsonObject request, CancellationToken cancel)
    {
        try
        {
            return await api.CallAsync($"STREAM.SNAPSHOT.{stream}", request, false, stream, cancel)
                .ConfigureAwait(false);
        }
        catch (NasException e) when (e.ApiErrorCode == ApiErrors.SnapshotFailed)
        {
            throw e.ApiErrorDescription!.EndsWith("no impl", StringComparison.Ordinal)
                ? ApiErrors.Unsupported("A backup of a stream in memory", "2.15", _connection.ServerInfo?.Version)
                : Failed(e.ApiErrorDescription);
        }
    }

    /// <summary>The next message; one without payload is the end.</summary>
    private async Task<NasMessage> NextAsync(NasSubscription chunks, ConnectionWatch watch, CancellationToken cancel)
    {
        var next = chunks.ReadAsync(cancel).AsTask();
        var message =
            await watch.WaitAsync(next, options.IdleTimeout, cancel).ConfigureAwait(false)
            ?? throw chunks.Error
                ?? new NasException(NasError.ConnectionClosed, "The connection was closed.");
        if (message.Payload.Length == 0)
        {
            watch.Check();
            if (message.Status is not (0 or 204))
            {
                throw Failed($"the server ended it with {message.Status} {message.StatusText}");
            }
        }
        return message;
    }

    /// <summary>The last tokens of the subject to acknowledge at are the size and the number of the chunk.</summary>
    private void CheckOrder(string reply, long expected)
    {
        var number = reply.Substring(reply.LastIndexOf('.') + 1);
        if (
            long.TryParse(number, NumberStyles.None, CultureInfo.InvariantCulture, out var index)
            && index != expected
        )
        {
            throw Failed($"chunk {expected} was lost");
        }
    }

    private NasException Failed(string why) =>
        new(NasError.ServerError, $"The backup of '{stream}' failed: {why}.")
        {
            Code = "BackupFailed",
            Target = stream,
        };

    private static JsonNode? Taken(JsonObject from, string name)
    {
        var node = from[name];
        from.Remove(name);
        return node;
    }
}

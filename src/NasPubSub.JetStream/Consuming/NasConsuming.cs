using System.Runtime.CompilerServices;

namespace NasPubSub.JetStream;

/// <summary>Reads messages through consumers. All methods are thread-safe.</summary>
public static class NasConsuming
{
    /// <summary>Messages taken under one lock.</summary>
    private const int Batch = 64;

    /// <summary>
    /// Reads a pull consumer without end: over reconnects, restarts and new leaders. When the reading stops, messages
    /// that were buffered are returned to the consumer, unless it has a maximum of deliveries, where that costs one: it
    /// then delivers them again when the time to acknowledge them is over.
    /// </summary>
    /// <param name="consumers">Those of the account.</param>
    /// <param name="stream">The stream.</param>
    /// <param name="consumer">The name of the consumer.</param>
    /// <param name="options">How; null for the defaults.</param>
    /// <param name="cancel">Ends it.</param>
    /// <exception cref="NasException">ConsumerNotFound, StreamNotFound, PushConsumer, UnsupportedByServer,
    /// InvalidOption, and those of an API call; later the <see cref="NasConsumerReader.Error"/> of the
    /// reader.</exception>
    public static async IAsyncEnumerable<NasMessage> ReadAsync(
        this NasConsumers consumers,
        string stream,
        string consumer,
        NasReadOptions? options = null,
        [EnumeratorCancellation] CancellationToken cancel = default
    )
    {
        var reader = await consumers.OpenReaderAsync(stream, consumer, options, cancel).ConfigureAwait(false);
        var batch = new NasMessage[Batch];
        int taken = 0,
            next = 0;
        try
        {
            while ((taken = await reader.ReadAsync(batch, cancel).ConfigureAwait(false)) > 0)
            {
                for (next = 0; next < taken;)
                {
                    yield return batch[next++];
                }
            }
        }
        finally
        {
            var rest = batch.Skip(next).Take(taken - next);
            foreach (var unread in rest.Concat(await reader.StopAsync().ConfigureAwait(false)))
            {
                if (reader is { NeedsAck: true, MaxDeliver: 0 } && consumers.Api.Connection.IsConnected)
                {
                    await unread.NakAsync(cancel: CancellationToken.None).ConfigureAwait(false);
                }
            }
        }
    }

    /// <summary>
    /// Fetches messages of a pull consumer with one request. It ends when all have come, when the consumer has no more
    /// and <see cref="NasReadOptions.NoWait"/> is set, or after <see cref="NasReadOptions.Expires"/>: fewer messages
    /// are no error.
    /// </summary>
    /// <param name="consumers">Those of the account.</param>
    /// <param name="stream">The stream.</param>
    /// <param name="consumer">The name of the consumer.</param>
    /// <param name="count">How many messages at most.</param>
    /// <param name="options">How; null for the defaults.</param>
    /// <param name="cancel">Ends it.</param>
    /// <inheritdoc cref="ReadAsync(NasConsumers, string, string, NasReadOptions?, CancellationToken)"/>
    public static async IAsyncEnumerable<NasMessage> FetchAsync(
        this NasConsumers consumers,
        string stream,
        string consumer,
        int count,
        NasReadOptions? options = null,
        [EnumeratorCancellation] CancellationToken cancel = default
    )
    {
        var reader = await NasConsumerReader
            .OpenAsync(
                consumers.Api,
                consumers.Features,
                stream,
                consumer,
                (options ?? new()) with
                {
                    Count = count,
                },
                isFetch: true,
                cancel
            )
            .ConfigureAwait(false);
        await using var _ = reader.ConfigureAwait(false);
        while (await reader.ReadAsync(cancel).ConfigureAwait(false) is { } message)
        {
            yield return message;
        }
    }

    /// <summary>A reader of a pull consumer, to read many messages at once and to see why it ends.</summary>
    /// <param name="consumers">Those of the account.</param>
    /// <param name="stream">The stream.</param>
    /// <param name="consumer">The name of the consumer.</param>
    /// <param name="options">How; null for the defaults.</param>
    /// <param name="cancel">Ends the wait; the reader stays.</param>
    /// <exception cref="NasException">ConsumerNotFound, StreamNotFound, PushConsumer, UnsupportedByServer,
    /// InvalidOption, and those of an API call.</exception>
    public static Task<NasConsumerReader> OpenReaderAsync(
        this NasConsumers consumers,
        string stream,
        string consumer,
        NasReadOptions? options = null,
        CancellationToken cancel = default
    ) =>
        NasConsumerReader.OpenAsync(
            consumers.Api,
            consumers.Features,
            stream,
            consumer,
            options,
            isFetch: false,
            cancel
        );
}

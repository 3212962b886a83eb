using System.Globalization;

namespace NasPubSub.JetStream.Publishing;

/// <summary>
/// Publishes messages of which a stream stores all or none (ADR-50): the first as a request, which says whether the
/// stream takes the batch, and the last as a request, which commits it. An older server would store the first by
/// itself, so server and stream are checked before anything is sent.
/// </summary>
internal sealed class AtomicBatch(NasJetStream jetStream)
{
    /// <summary>What servers allow.</summary>
    public const int MostMessages = 1000;

    private const string BatchId = "Nats-Batch-Id",
        BatchSequence = "Nats-Batch-Sequence",
        BatchCommit = "Nats-Batch-Commit";

    private static readonly Version Since = new(2, 12);

    private readonly StreamCatalog _streams = new(jetStream.Api);
    private StreamFacts? _facts;

    /// <exception cref="NasException">BatchTooLarge.</exception>
    public static void CheckCount(int count)
    {
        if (count > MostMessages)
        {
            throw new NasException(
                NasError.LimitExceeded,
                $"An atomic batch can have at most {MostMessages:N0} messages. Nothing was stored."
            )
            {
                Code = "BatchTooLarge",
            };
        }
    }

    public async Task<IReadOnlyList<NasPublishReceipt>> PublishAsync(
        IReadOnlyList<NasBatchMessage> messages,
        string? stream,
        CancellationToken cancel
    )
    {
        CheckCount(messages.Count);
        if (messages.Count == 0)
        {
            return [];
        }
        await CheckAsync(messages, stream, cancel).ConfigureAwait(false);
        var inbox = jetStream.Connection.NewInbox();
        var id = inbox.Substring(inbox.LastIndexOf('.') + 1);
        for (var i = 0; i < messages.Count - 1; i++)
        {
            var headers = HeadersOf(messages[i], id, i + 1);
            if (i == 0)
            {
                await BeginAsync(messages[i], headers, cancel).ConfigureAwait(false);
            }
            else
            {
                await jetStream
                    .Connection.PublishAsync(
                        messages[i].Subject,
                        messages[i].Payload,
                        null,
                        headers,
                        messages[i].Options?.UseNamespace ?? true,
                        cancel
                    )
                    .ConfigureAwait(false);
            }
        }
        var last = HeadersOf(messages[messages.Count - 1], id, messages.Count).Set(BatchCommit, "1");
        var ack = await CommitAsync(messages[messages.Count - 1], last, cancel).ConfigureAwait(false);
        return
        [
            .. messages.Select(
                (message, i) =>
                    ack.ToReceipt(message.Subject, message.Input) with
                    {
                        Sequence = ack.Sequence - (ulong)(messages.Count - 1 - i),
                    }
            ),
        ];
    }

    /// <exception cref="NasException">UnsupportedByServer, NoStream, AtomicDisabled.</exception>
    private async Task CheckAsync(IReadOnlyList<NasBatchMessage> messages, string? stream, CancellationToken cancel)
    {
        await jetStream.Features.RequireAsync("An atomic batch", Since, cancel).ConfigureAwait(false);
        foreach (var message in messages)
        {
            if (message.Options is { } options)
            {
                await PublishHeaders.RequireAsync(options, jetStream.Features, cancel).ConfigureAwait(false);
            }
            NasSubject.CheckPublish(message.Subject);
            var topic = jetStream.Connection.ToWireSubject(message.Subject, message.Options?.UseNamespace ?? true);
            _facts ??=
                (
                    stream is null
                        ? await _streams.FindAsync(topic, cancel).ConfigureAwait(false)
                        : await _streams.GetAsync(stream, cancel).ConfigureAwait(false)
                ) ?? throw PublishErrors.NoStream(topic);
            if (!_facts.Captures(topic))
            {
                throw PublishErrors.NotOfStream(topic, _facts.Name);
            }
        }
        if (!_facts!.AllowsAtomic)
        {
            throw new NasException(
                NasError.ServerError,
                $"The stream '{_facts.Name}' does not allow atomic batches. Nothing was stored."
            )
            {
                Code = "AtomicDisabled",
                Target = _facts.Name,
            };
        }
        _facts.RequireAcks();
    }

    private NasHeaders HeadersOf(NasBatchMessage message, string id, int sequence) =>
        PublishHeaders
            .Of(message.Options ?? new NasPublishOptions(), jetStream.Connection)
            .Set(BatchId, id)
            .Set(BatchSequence, sequence.ToString(CultureInfo.InvariantCulture));

    /// <summary>The answer to the first message is empty, or an error.</summary>
    private async Task BeginAsync(NasBatchMessage message, NasHeaders headers, CancellationToken cancel)
    {
        var reply = await RequestAsync(message, headers, cancel).ConfigureAwait(false);
        if (reply.Payload.Length > 0)
        {
            throw ErrorOf(new PubAckReader().Read(default, reply.Payload), message)
                ?? PublishErrors.Unknown(
                    message.Subject,
                    "the server does not support atomic batches, and has stored only the first message"
                );
        }
    }

    private async Task<PubAck> CommitAsync(NasBatchMessage message, NasHeaders headers, CancellationToken cancel)
    {
        NasMessage reply;
        try
        {
            reply = await RequestAsync(message, headers, cancel).ConfigureAwait(false);
        }
        catch (NasException e) when (e.Error is NasError.RequestTimeout or NasError.ConnectionLost)
        {
            throw PublishErrors.Unknown(message.Subject, "the server did not answer the commit of its batch");
        }
        var ack = new PubAckReader().Read(default, reply.Payload);
        return ack.IsStored ? ack : throw ErrorOf(ack, message)!;
    }

    private NasException? ErrorOf(PubAck ack, NasBatchMessage message) =>
        ack.Error is not { } error
            ? null
            : PublishErrors.Refused(
                error,
                jetStream.Connection.ToWireSubject(message.Subject, message.Options?.UseNamespace ?? true),
                _facts?.Name,
                message.Options?.ExpectedStream
            );

    private ValueTask<NasMessage> RequestAsync(NasBatchMessage message, NasHeaders headers, CancellationToken cancel) =>
        jetStream.Connection.RequestAsync(
            message.Subject,
            message.Payload,
            jetStream.Options.Timeout,
            headers,
            message.Options?.UseNamespace ?? true,
            cancel
        );
}

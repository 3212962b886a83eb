using System.Runtime.CompilerServices;
using System.Text;
using NasPubSub.JetStream.Api;
using NasPubSub.JetStream.Copying;
using NasPubSub.JetStream.Publishing;

#pragma warning disable CS1573 // Overloads inherit the documentation of the parameters that they share.

namespace NasPubSub.JetStream;

/// <summary>
/// JetStream over a connection: streams, consumers, publishing with acknowledgement. Thread-safe, and cheap to make:
/// it holds no server resources, so it need not be disposed.
/// </summary>
public sealed class NasJetStream
{
    /// <summary>Uses the JetStream that a connection reaches. Sends nothing yet.</summary>
    /// <exception cref="NasException">InvalidOption: the domain or the prefix is no subject.</exception>
    public NasJetStream(NasConnection connection, NasJetStreamOptions? options = null)
    {
        Connection = connection ?? throw new ArgumentNullException(nameof(connection));
        Options = options ?? new NasJetStreamOptions();
        Api = new JetStreamApi(connection, Options);
        Features = new ServerFeatures(Api, Options);
        Streams = new NasStreams(this);
        Consumers = new NasConsumers(this);
        DeadLetters = new NasDeadLetters(this);
        Messages = new NasStoredMessages(Api);
        Backups = new NasBackups(this);
    }

    /// <summary>The connection that carries everything.</summary>
    public NasConnection Connection { get; }

    /// <summary>What it was made with.</summary>
    public NasJetStreamOptions Options { get; }

    /// <summary>The streams of the account.</summary>
    public NasStreams Streams { get; }

    /// <summary>Messages that consumers gave up.</summary>
    public NasDeadLetters DeadLetters { get; }

    /// <summary>The consumers of streams.</summary>
    public NasConsumers Consumers { get; }

    /// <summary>The messages that streams hold: get and remove.</summary>
    public NasStoredMessages Messages { get; }

    /// <summary>Backups of streams.</summary>
    public NasBackups Backups { get; }

    /// <summary>Publishes a message, and returns when its stream has stored it.</summary>
    /// <param name="subject">Without the namespace.</param>
    /// <param name="payload">The bytes; copied.</param>
    /// <param name="options">What the message asks of the stream, and its headers.</param>
    /// <param name="cancel">Ends the wait; the message may be stored.</param>
    /// <remarks>Tried again within <see cref="NasJetStreamOptions.Timeout"/> where nobody can store it (ADR-22), and
    /// where no answer comes: it has an id, which the stream recognizes within its <c>duplicate_window</c>.</remarks>
    /// <exception cref="NasException">NoStream; WrongRevision, StreamFull or another error of the stream;
    /// OutcomeUnknown: no answer came; NoAcknowledgement; UnsupportedByServer; and those of
    /// NasConnection.Publish.</exception>
    public Task<NasPublishReceipt> PublishAsync(
        string subject,
        ReadOnlyMemory<byte> payload,
        NasPublishOptions? options = null,
        CancellationToken cancel = default
    ) => new SinglePublish(this, subject, payload, options ?? new NasPublishOptions()).RunAsync(cancel);

    /// <inheritdoc cref="PublishAsync(string, ReadOnlyMemory{byte}, NasPublishOptions?, CancellationToken)"/>
    /// <param name="text">The payload, sent as UTF-8.</param>
    public Task<NasPublishReceipt> PublishAsync(
        string subject,
        string text,
        NasPublishOptions? options = null,
        CancellationToken cancel = default
    ) => PublishAsync(subject, Encoding.UTF8.GetBytes(text), options, cancel);

    /// <summary>
    /// Copies the messages of a stream to another one, here or elsewhere, and goes on where an earlier copy ended. The
    /// destination is made with the settings of the source where it does not exist. Each copy has an id that names its
    /// original, in place of the original's.
    /// </summary>
    /// <param name="stream">The stream to copy.</param>
    /// <param name="destination">The JetStream of the destination; it may be this one.</param>
    /// <param name="options">Null for the defaults.</param>
    /// <param name="progress">Is told how far it is, on any thread.</param>
    /// <param name="cancel">Breaks it off.</param>
    /// <exception cref="NasException">StreamNotFound, SubjectsOverlap; CopyIncomplete: the numbers of messages at both
    /// ends do not agree; or the error of the first message that could not be stored.</exception>
    public Task<NasCopyResult> CopyStreamAsync(
        string stream,
        NasJetStream destination,
        NasCopyOptions? options = null,
        IProgress<NasCopyProgress>? progress = null,
        CancellationToken cancel = default
    ) => new StreamCopy(this, stream, destination, options ?? new NasCopyOptions(), progress).RunAsync(cancel);

    /// <summary>Publishes messages of which the stream stores all, or none (ADR-50).</summary>
    /// <param name="messages">At most 1,000, of one stream.</param>
    /// <param name="stream">The stream; null for the one that has the first message's subject. It needs
    /// <c>allow_atomic</c>, the server 2.12.</param>
    /// <param name="cancel">Ends the wait; the messages may be stored.</param>
    /// <returns>A receipt for each message, in their order.</returns>
    /// <exception cref="NasException">BatchTooLarge, UnsupportedByServer, AtomicDisabled, StreamNotFound, NoStream:
    /// nothing was sent. WrongRevision or another error of the stream: nothing is stored. OutcomeUnknown: the commit
    /// was not answered.</exception>
    public Task<IReadOnlyList<NasPublishReceipt>> PublishAtomicAsync(
        IReadOnlyList<NasBatchMessage> messages,
        string? stream = null,
        CancellationToken cancel = default
    ) => new AtomicBatch(this).PublishAsync(messages, stream, cancel);

    /// <summary>
    /// Is that few enough messages for <see cref="PublishAtomicAsync"/>? For callers that collect
    /// them.
    /// </summary>
    /// <exception cref="NasException">BatchTooLarge.</exception>
    public static void CheckAtomicCount(int count) => AtomicBatch.CheckCount(count);

    /// <summary>Makes a publisher for many messages, of which several may be under way at the same time.</summary>
    /// <exception cref="NasException">InvalidOption.</exception>
    public NasStreamPublisher CreatePublisher(NasStreamPublisherOptions? options = null) =>
        new(this, options ?? new NasStreamPublisherOptions());

    internal JetStreamApi Api { get; }

    internal ServerFeatures Features { get; }

    /// <summary>
    /// Reads a stream in its order, without a consumer of yours and without acknowledgements (ADR-17). It goes on over
    /// reconnects, restarts and new leaders, and loses and doubles nothing.
    /// </summary>
    /// <param name="stream">The stream.</param>
    /// <param name="options">What to read; null for all messages from the first on, without end.</param>
    /// <param name="cancel">Ends it.</param>
    /// <exception cref="NasException">StreamNotFound, UnsupportedByServer, InvalidOption, and those of an API call;
    /// later the <see cref="NasOrderedReader.Error"/> of the reader.</exception>
    public async IAsyncEnumerable<NasMessage> ReadAsync(
        string stream,
        NasOrderedOptions? options = null,
        [EnumeratorCancellation] CancellationToken cancel = default
    )
    {
        var reader = await OpenReaderAsync(stream, options, cancel).ConfigureAwait(false);
        await using var _ = reader.ConfigureAwait(false);
        while (await reader.ReadAsync(cancel).ConfigureAwait(false) is { } message)
        {
            yield return message;
        }
    }

    /// <summary>A reader of a stream, to read many messages at once and to see where it stands.</summary>
    /// <param name="stream">The stream.</param>
    /// <param name="options">What to read; null for all messages from the first on, without end.</param>
    /// <param name="cancel">Ends the wait; the reader stays.</param>
    /// <exception cref="NasException">StreamNotFound, UnsupportedByServer, InvalidOption, and those of an API
    /// call.</exception>
    public Task<NasOrderedReader> OpenReaderAsync(
        string stream,
        NasOrderedOptions? options = null,
        CancellationToken cancel = default
    ) => NasOrderedReader.OpenAsync(Api, Features, stream, options, cancel);
}

using System.Text;
using NasPubSub.JetStream.Api;
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
        Messages = new NasStoredMessages(Api);
    }

    /// <summary>The connection that carries everything.</summary>
    public NasConnection Connection { get; }

    /// <summary>What it was made with.</summary>
    public NasJetStreamOptions Options { get; }

    /// <summary>The streams of the account.</summary>
    public NasStreams Streams { get; }

    /// <summary>The consumers of streams.</summary>
    public NasConsumers Consumers { get; }

    /// <summary>The messages that streams hold: get and remove.</summary>
    public NasStoredMessages Messages { get; }

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

    /// <summary>Makes a publisher for many messages, of which several may be under way at the same time.</summary>
    /// <exception cref="NasException">InvalidOption.</exception>
    public NasStreamPublisher CreatePublisher(NasStreamPublisherOptions? options = null) =>
        new(this, options ?? new NasStreamPublisherOptions());

    internal JetStreamApi Api { get; }

    internal ServerFeatures Features { get; }
}

using System.Text;
using System.Text.Json;
using NasPubSub.Protocol;
using NasPubSub.Threading;

namespace NasPubSub;

/// <summary>
/// A message as it came from the server, or one made by <see cref="Create(string, byte[], NasHeaders?, string?,
/// string?, DateTimeOffset?)"/>. Immutable, except for <see cref="Payload"/>, which is the receiver's own array.
/// Thread-safe as long as nobody writes to that array.
/// </summary>
// Kept small: what the messages of a subject share lies in one MessageOrigin.
public sealed class NasMessage
{
    /// <summary>
    /// The <see cref="MessageOrigin"/>, or <see cref="MessageExtras"/> that know it: one field less in most messages.
    /// </summary>
    private readonly object _source;
    private readonly long _utcTicks;

    internal NasMessage(MessageOrigin origin, byte[] payload, MessageExtras? extras, long utcTicks)
    {
        _source = (object?)extras ?? origin;
        Payload = payload;
        _utcTicks = utcTicks;
    }

    /// <summary>Makes a message without a server, for tests and for sending.</summary>
    /// <param name="subject">Without the namespace.</param>
    /// <param name="payload">The bytes; the message keeps this array.</param>
    /// <param name="headers">Copied into the message; null for none.</param>
    /// <param name="replyTo">Where an answer would go, without the namespace; null where none is asked for.</param>
    /// <param name="ns">The namespace that <see cref="Topic"/> and <see cref="ReplyTopic"/> begin with. Without one
    /// they equal <see cref="Subject"/> and <see cref="ReplyTo"/>.</param>
    /// <param name="timestamp">Null for now.</param>
    /// <returns>A message without a subscription: its <see cref="Sid"/> is 0, and it cannot be answered with
    /// <see cref="Reply(string, NasHeaders?, CancellationToken)"/>.</returns>
    /// <exception cref="NasException">InvalidSubject, InvalidNamespace.</exception>
    public static NasMessage Create(
        string subject,
        byte[] payload,
        NasHeaders? headers = null,
        string? replyTo = null,
        string? ns = null,
        DateTimeOffset? timestamp = null
    )
    {
        Subjects.CheckPublish(subject);
        if (replyTo is not null)
        {
            Subjects.CheckReply(replyTo);
        }
        if (ns is not null)
        {
            Subjects.CheckNamespace(ns);
        }
        var origin = new MessageOrigin(subject, Subjects.ToWire(ns, subject, useNamespace: true, null));
        var reply = replyTo is null ? null : Subjects.ToWire(ns, replyTo, useNamespace: true, null);
        var block = headers?.Encoded?.Block;
        return new NasMessage(
            origin,
            payload,
            reply is null && block is null ? null : new MessageExtras(origin, reply, block),
            timestamp?.UtcTicks ?? WallClock.UtcTicks
        );
    }

    /// <summary>Makes a message whose payload is this text in UTF-8.</summary>
    /// <inheritdoc cref="Create(string, byte[], NasHeaders?, string?, string?, DateTimeOffset?)"/>
    public static NasMessage Create(
        string subject,
        string text,
        NasHeaders? headers = null,
        string? replyTo = null,
        string? ns = null,
        DateTimeOffset? timestamp = null
    ) => Create(subject, Encoding.UTF8.GetBytes(text), headers, replyTo, ns, timestamp);

    /// <summary>Makes a message that was read from a stream without a consumer (ADR-31).</summary>
    /// <param name="connection">What takes the namespace off <paramref name="topic"/>.</param>
    /// <param name="topic">The subject on the wire.</param>
    /// <param name="payload">The bytes; the message keeps this array.</param>
    /// <param name="headers">Copied into the message; null for none.</param>
    /// <param name="stream">The name of the stream.</param>
    /// <param name="sequence">Its sequence there.</param>
    /// <param name="stored">When the stream stored it: its <see cref="Timestamp"/>.</param>
    /// <param name="pending">How many messages of the same read follow; null where that is not known.</param>
    /// <returns>A message without a subscription, which cannot be answered or acknowledged.</returns>
    public static NasMessage CreateStored(
        NasConnection connection,
        string topic,
        byte[] payload,
        NasHeaders? headers,
        string stream,
        ulong sequence,
        DateTimeOffset stored,
        ulong? pending = null
    )
    {
        var position = new StreamPosition
        {
            Stream = stream,
            Sequence = sequence,
            UtcTicks = stored.UtcTicks,
            Pending = pending,
        };
        var origin = new MessageOrigin(connection.FromWireSubject(topic), topic);
        return new NasMessage(
            origin,
            payload,
            new MessageExtras(origin, null, headers?.Encoded?.Block, position),
            stored.UtcTicks
        );
    }

    /// <summary>The subject without the connection's namespace: what you would pass to Publish.</summary>
    public string Subject => Origin.Subject;

    /// <summary>The subject on the wire, namespace and all.</summary>
    public string Topic => Origin.Topic;

    /// <summary>The payload's bytes; empty, never null.</summary>
    public byte[] Payload { get; }

    /// <summary>The payload as UTF-8 text, decoded at each call; invalid bytes become U+FFFD.</summary>
    public string Text => Encoding.UTF8.GetString(Payload);

    /// <summary>The headers; empty, never null.</summary>
    public NasHeaders Headers => Extras?.Headers ?? new NasHeaders();

    /// <summary>
    /// Where to answer, without the namespace: what you would pass to Publish. Null when no answer is asked for.
    /// </summary>
    public string? ReplyTo => Extras?.ReplyTopic is { } reply ? Origin.Shown(reply) : null;

    /// <summary>
    /// When the stream stored the message; for one that does not come from a stream when this client read it, or the
    /// time it was made with.
    /// </summary>
    public DateTimeOffset Timestamp =>
        new DateTimeOffset(Position?.UtcTicks ?? _utcTicks, TimeSpan.Zero).ToLocalTime();

    /// <summary>The stream that the message comes from (ADR-15); null for one that comes from no stream.</summary>
    public string? Stream => Position?.Stream;

    /// <summary>Its sequence in the stream; null for a message that comes from no stream.</summary>
    public ulong? Sequence => Position?.Sequence;

    /// <summary>The consumer that delivered it; null for a message that no consumer delivered.</summary>
    public string? Consumer => Position?.Consumer;

    /// <summary>
    /// Its sequence among the deliveries of the consumer; null for a message that no consumer delivered.
    /// </summary>
    public ulong? ConsumerSequence => Position?.ConsumerSequence;

    /// <summary>How often the consumer has delivered it, this time included; null where no consumer did.</summary>
    public long? Delivered => Position?.Delivered;

    /// <summary>How many messages waited for the consumer behind this one; null where that is not known.</summary>
    public ulong? Pending => Position?.Pending;

    /// <summary>The id of the subscription it came by; 0 without one.</summary>
    public long Sid => Origin.Subscription?.Sid ?? 0;

    /// <summary>Bytes of headers and payload.</summary>
    public int Size => Payload.Length + (Extras?.HeaderBlock?.Length ?? 0);

    /// <summary>The status of a service message, such as 503; 0 for an ordinary message.</summary>
    public int Status => Extras?.HeaderBlock is { } block ? NasHeaders.PeekStatus(block) : 0;

    /// <summary>The text behind the status.</summary>
    public string StatusText => Status == 0 ? "" : Headers.StatusText;

    /// <summary>The reply subject on the wire; null when no reply is asked for.</summary>
    public string? ReplyTopic => Extras?.ReplyTopic;

    /// <summary>The subscription it came by; null for a message that was made.</summary>
    public NasSubscription? Subscription => Origin.Subscription;

    /// <summary>Did it come with a header block, however empty?</summary>
    public bool HasHeaders => Extras?.HeaderBlock is not null;

    /// <summary>The payload read as JSON into <typeparamref name="T"/>.</summary>
    /// <exception cref="JsonException">The payload is no JSON, or does not fit.</exception>
    public T? FromJson<T>(JsonSerializerOptions? options = null) => JsonSerializer.Deserialize<T>(Payload, options);

    /// <summary>Answers this message on the connection it came by. Buffers, like Publish.</summary>
    /// <exception cref="NasException">NoReplySubject: no answer is asked for. NotConnected: it came by no subscription.
    /// Else as Publish.</exception>
    public void Reply(ReadOnlyMemory<byte> payload, NasHeaders? headers = null, CancellationToken cancel = default) =>
        ReplyConnection.Publish(ReplyTarget, payload, null, headers, useNamespace: false, cancel);

    /// <inheritdoc cref="Reply(ReadOnlyMemory{byte}, NasHeaders?, CancellationToken)"/>
    public void Reply(string text, NasHeaders? headers = null, CancellationToken cancel = default) =>
        ReplyConnection.Publish(ReplyTarget, text, null, headers, useNamespace: false, cancel);

    /// <inheritdoc cref="Reply(ReadOnlyMemory{byte}, NasHeaders?, CancellationToken)"/>
    public ValueTask ReplyAsync(
        ReadOnlyMemory<byte> payload,
        NasHeaders? headers = null,
        CancellationToken cancel = default
    ) => ReplyConnection.PublishAsync(ReplyTarget, payload, null, headers, useNamespace: false, cancel);

    /// <inheritdoc cref="Reply(ReadOnlyMemory{byte}, NasHeaders?, CancellationToken)"/>
    public ValueTask ReplyAsync(string text, NasHeaders? headers = null, CancellationToken cancel = default) =>
        ReplyConnection.PublishAsync(ReplyTarget, text, null, headers, useNamespace: false, cancel);

    /// <inheritdoc/>
    public override string ToString() => Diagnostics.TerminalText.Line($"{Subject}: {Size} bytes");

    private StreamPosition? Position => Extras?.Position;

    private MessageExtras? Extras => _source as MessageExtras;

    private MessageOrigin Origin => _source as MessageOrigin ?? Extras!.Origin;

    /// <summary>Looked at first: a message that asks for no answer is that error, wherever it comes from.</summary>
    private NasConnection ReplyConnection =>
        ReplyTarget is not null && Subscription is { } subscription
            ? subscription.Connection
            : throw new NasException(
                NasError.NotConnected,
                $"The message on '{Topic}' did not come from a subscription, so there is no connection for a reply."
            );

    private string ReplyTarget =>
        ReplyTopic
        ?? throw new NasException(
            NasError.NoReplySubject,
            $"The message on '{Topic}' cannot be answered: it has no reply subject."
        );
}

/// <summary>What consecutive messages of one subject and one subscription share.</summary>
internal sealed class MessageOrigin
{
    private readonly long _token;
    private string? _topic,
        _subject;

    public MessageOrigin(NasSubscription subscription, string topic) => (Subscription, _topic) = (subscription, topic);

    /// <summary>A reply to the request of this number: its topic is made when somebody asks.</summary>
    public MessageOrigin(NasSubscription inbox, long token) => (Subscription, _token) = (inbox, token);

    /// <summary>That of a message that was made.</summary>
    public MessageOrigin(string subject, string topic) => (_subject, _topic) = (subject, topic);

    /// <summary>Null only where the message was made: then subject and topic are known.</summary>
    public NasSubscription? Subscription { get; }
    public string Topic => _topic ??= Subscription!.ReplySubject(_token);
    public string Subject => _subject ??= Shown(Topic);

    /// <summary>A subject on the wire without the namespace that this one has.</summary>
    public string Shown(string topic)
    {
        if (Subscription is not null)
        {
            return Subscription.Connection.FromWireSubject(topic);
        }
        var prefix = Topic.Length - Subject.Length - 1;
        return Subjects.ToShown(prefix > 0 ? Topic.Substring(0, prefix) : null, topic);
    }
}

/// <summary>What most messages do not have: a reply subject, headers, a place in a stream.</summary>
internal sealed class MessageExtras(
    MessageOrigin origin,
    string? replyTopic,
    byte[]? headerBlock,
    StreamPosition? position = null
)
{
    private NasHeaders? _headers;
    private StreamPosition? _position = position;

    public MessageOrigin Origin { get; } = origin;
    public string? ReplyTopic { get; } = replyTopic;
    public byte[]? HeaderBlock { get; } = headerBlock;

    /// <summary>Read from the reply subject when somebody asks.</summary>
    public StreamPosition? Position => _position ??= StreamPosition.Parse(ReplyTopic);
    public NasHeaders? Headers => HeaderBlock is null ? null : _headers ??= NasHeaders.FromBlock(HeaderBlock);
}

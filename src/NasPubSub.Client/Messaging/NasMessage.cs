using System.Text;
using System.Text.Json;

namespace NasPubSub;

/// <summary>
/// A message as it came from the server. Immutable, except for <see cref="Payload"/>, which is the receiver's own array.
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

    /// <summary>The subject without the connection's namespace: what you would pass to Publish.</summary>
    public string Subject => Origin.Subject;

    /// <summary>The subject on the wire, namespace and all.</summary>
    public string Topic => Origin.Topic;

    /// <summary>The payload's bytes; empty, never null.</summary>
    public byte[] Payload { get; }

    /// <summary>The payload as UTF-8 text, decoded at each call; what is no UTF-8 becomes U+FFFD.</summary>
    public string Text => Encoding.UTF8.GetString(Payload);

    /// <summary>The headers; empty, never null.</summary>
    public NasHeaders Headers => Extras?.Headers ?? new NasHeaders();

    /// <summary>
    /// Where to answer, without the namespace: what you would pass to Publish. Null when no answer is asked for.
    /// </summary>
    public string? ReplyTo =>
        Extras?.ReplyTopic is { } reply ? Origin.Subscription.Connection.FromWireSubject(reply) : null;

    /// <summary>When this client read the message.</summary>
    public DateTimeOffset Timestamp => new DateTimeOffset(_utcTicks, TimeSpan.Zero).ToLocalTime();

    /// <summary>The id of the subscription it came by.</summary>
    public long Sid => Origin.Subscription.Sid;

    /// <summary>Bytes of headers and payload.</summary>
    public int Size => Payload.Length + (Extras?.HeaderBlock?.Length ?? 0);

    /// <summary>The status of a service message, such as 503; 0 for an ordinary message.</summary>
    public int Status => Extras?.HeaderBlock is { } block ? NasHeaders.PeekStatus(block) : 0;

    /// <summary>The text behind the status.</summary>
    public string StatusText => Status == 0 ? "" : Headers.StatusText;

    /// <summary>The reply subject on the wire; null when no reply is asked for.</summary>
    public string? ReplyTopic => Extras?.ReplyTopic;

    /// <summary>The subscription it came by.</summary>
    public NasSubscription Subscription => Origin.Subscription;

    /// <summary>Did it come with a header block, however empty?</summary>
    public bool HasHeaders => Extras?.HeaderBlock is not null;

    /// <summary>The payload read as JSON into <typeparamref name="T"/>.</summary>
    /// <exception cref="JsonException">The payload is no JSON, or does not fit.</exception>
    public T? FromJson<T>(JsonSerializerOptions? options = null) => JsonSerializer.Deserialize<T>(Payload, options);

    /// <summary>Answers this message on the connection it came by. Buffers, like Publish.</summary>
    /// <exception cref="NasException">NoReplySubject: no answer is asked for; else as Publish.</exception>
    public void Reply(ReadOnlyMemory<byte> payload, NasHeaders? headers = null, CancellationToken cancel = default) =>
        Subscription.Connection.Publish(ReplyTarget, payload, null, headers, useNamespace: false, cancel);

    /// <inheritdoc cref="Reply(ReadOnlyMemory{byte}, NasHeaders?, CancellationToken)"/>
    public void Reply(string text, NasHeaders? headers = null, CancellationToken cancel = default) =>
        Subscription.Connection.Publish(ReplyTarget, text, null, headers, useNamespace: false, cancel);

    /// <inheritdoc cref="Reply(ReadOnlyMemory{byte}, NasHeaders?, CancellationToken)"/>
    public ValueTask ReplyAsync(
        ReadOnlyMemory<byte> payload,
        NasHeaders? headers = null,
        CancellationToken cancel = default
    ) => Subscription.Connection.PublishAsync(ReplyTarget, payload, null, headers, useNamespace: false, cancel);

    /// <inheritdoc cref="Reply(ReadOnlyMemory{byte}, NasHeaders?, CancellationToken)"/>
    public ValueTask ReplyAsync(string text, NasHeaders? headers = null, CancellationToken cancel = default) =>
        Subscription.Connection.PublishAsync(ReplyTarget, text, null, headers, useNamespace: false, cancel);

    /// <inheritdoc/>
    public override string ToString() => Diagnostics.TerminalText.Line($"{Subject}: {Size} bytes");

    private MessageExtras? Extras => _source as MessageExtras;

    private MessageOrigin Origin => _source as MessageOrigin ?? Extras!.Origin;

    private string ReplyTarget =>
        ReplyTopic
        ?? throw new NasException(
            NasError.NoReplySubject,
            $"The message on '{Topic}' asks for no answer: it has no reply subject."
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

    public NasSubscription Subscription { get; }
    public string Topic => _topic ??= Subscription.ReplySubject(_token);
    public string Subject => _subject ??= Subscription.Connection.FromWireSubject(Topic);
}

/// <summary>What most messages do not have: a reply subject, headers.</summary>
internal sealed class MessageExtras(MessageOrigin origin, string? replyTopic, byte[]? headerBlock)
{
    private NasHeaders? _headers;

    public MessageOrigin Origin { get; } = origin;
    public string? ReplyTopic { get; } = replyTopic;
    public byte[]? HeaderBlock { get; } = headerBlock;
    public NasHeaders? Headers => HeaderBlock is null ? null : _headers ??= NasHeaders.FromBlock(HeaderBlock);
}

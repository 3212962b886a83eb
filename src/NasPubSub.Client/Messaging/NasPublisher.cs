using NasPubSub.Connection;
using NasPubSub.Messaging;
using NasPubSub.Protocol;

namespace NasPubSub;

/// <summary>
/// Publishes to one subject that was checked and encoded beforehand: for many messages on the same subject. Made by
/// <see cref="NasConnection.CreatePublisher"/>. Thread-safe.
/// </summary>
public sealed class NasPublisher
{
    private readonly ConnectionCore _core;
    private readonly EncodedSubject _subject;
    private readonly FlushMode _mode;

    internal NasPublisher(ConnectionCore core, EncodedSubject subject, bool batch) =>
        (_core, _subject, _mode) = (core, subject, batch ? FlushMode.Batched : FlushMode.Queued);

    /// <summary>The subject as given, without the namespace.</summary>
    public string Subject => _subject.Subject;

    /// <summary>The subject on the wire.</summary>
    public string Topic => _subject.Wire;

    internal EncodedSubject Encoded => _subject;

    internal FlushMode Mode => _mode;

    /// <inheritdoc
    /// cref="NasConnection.Publish(string, ReadOnlyMemory{byte}, string?, NasHeaders?, bool, CancellationToken)"
    /// />
    public void Publish(
        ReadOnlyMemory<byte> payload,
        string? replyTo = null,
        NasHeaders? headers = null,
        CancellationToken cancel = default
    ) => _core.Sender.Send(Message(payload, null, replyTo, headers), _mode, cancel);

    /// <inheritdoc cref="NasConnection.Publish(string, string, string?, NasHeaders?, bool, CancellationToken)"/>
    public void Publish(
        string text,
        string? replyTo = null,
        NasHeaders? headers = null,
        CancellationToken cancel = default
    ) => _core.Sender.Send(Message(default, text, replyTo, headers), _mode, cancel);

    /// <inheritdoc
    /// cref="NasConnection.PublishAsync(string, ReadOnlyMemory{byte}, string?, NasHeaders?, bool, CancellationToken)"
    /// />
    public ValueTask PublishAsync(
        ReadOnlyMemory<byte> payload,
        string? replyTo = null,
        NasHeaders? headers = null,
        CancellationToken cancel = default
    ) => _core.Sender.SendAsync(Message(payload, null, replyTo, headers), cancel);

    /// <inheritdoc cref="NasConnection.PublishAsync(string, string, string?, NasHeaders?, bool, CancellationToken)"/>
    public ValueTask PublishAsync(
        string text,
        string? replyTo = null,
        NasHeaders? headers = null,
        CancellationToken cancel = default
    ) => _core.Sender.SendAsync(Message(default, text, replyTo, headers), cancel);

    private OutgoingMessage Message(ReadOnlyMemory<byte> payload, string? text, string? replyTo, NasHeaders? headers) =>
        _core.CreateMessage(_subject, payload, text, replyTo, headers);
}

using System.Text;
using NasPubSub.Diagnostics;

namespace NasPubSub.JetStream;

/// <summary>
/// A message that a consumer gave up: it was delivered as often as the consumer allows, or its receiver rejected it.
/// Immutable, except for <see cref="Payload"/>.
/// </summary>
public sealed class NasDeadLetter
{
    private readonly NasMessage? _message;
    private readonly NasJetStream _jetStream;

    internal NasDeadLetter(NasMessage? message, NasDeadLetterRecord record, NasJetStream jetStream)
    {
        _message = message;
        Record = record;
        _jetStream = jetStream;
        Headers = message is null ? new NasHeaders() : ReplayHeaders.Of(message.Headers);
        Topic = record.Topic ?? message?.Topic;
        Subject = Topic is null ? null : jetStream.Connection.FromWireSubject(Topic);
    }

    /// <summary>The stream of the message.</summary>
    public string Stream => Record.Stream;

    /// <summary>The consumer that gave it up.</summary>
    public string Consumer => Record.Consumer;

    /// <summary>The sequence of the message in the stream.</summary>
    public ulong Sequence => Record.Sequence;

    /// <summary>Why it was given up.</summary>
    public NasDeadLetterReason Reason => Record.Reason;

    /// <summary>What the receiver said about it; null where it said nothing.</summary>
    public string? Detail => Record.Detail;

    /// <summary>How often it was delivered.</summary>
    public long Deliveries => Record.Deliveries;

    /// <summary>When it was given up.</summary>
    public DateTimeOffset Time => Record.Time;

    /// <summary>
    /// Is the message still stored? A rejected one is not in a stream that removes what is done, and limits of the
    /// stream may have removed any.
    /// </summary>
    public bool IsStored => _message is not null;

    /// <summary>
    /// The subject that it was published to, without the namespace; null where the message is not stored any more.
    /// </summary>
    public string? Subject { get; }

    /// <summary>The same as on the wire.</summary>
    public string? Topic { get; }

    /// <summary>The payload; null where the message is not stored any more.</summary>
    public byte[]? Payload => _message?.Payload;

    /// <summary>The payload as UTF-8 text; null where the message is not stored any more.</summary>
    public string? Text => Payload is { } bytes ? Encoding.UTF8.GetString(bytes) : null;

    /// <summary>
    /// The headers to publish it again with: its own, without its message id and expectations, with which the stream
    /// would not store it a second time.
    /// </summary>
    public NasHeaders Headers { get; }

    /// <summary>When the message was stored; null where it is not any more.</summary>
    public DateTimeOffset? Timestamp => _message?.Timestamp;

    internal NasDeadLetterRecord Record { get; }

    /// <summary>The JetStream that it was found in.</summary>
    public NasJetStream GetJetStream() => _jetStream;

    /// <inheritdoc/>
    public override string ToString() => TerminalText.Line($"{Stream}/{Consumer} {Sequence}: {Reason}");
}

using System.Text;

namespace NasPubSub.JetStream.Publishing;

/// <summary>What a caller wants stored, ready to be written into a window.</summary>
/// <param name="Headers">The header block without its last line end; empty without headers.</param>
/// <param name="Payload">The payload, where <paramref name="Text"/> is null.</param>
/// <param name="Text">The payload as text, sent as UTF-8.</param>
/// <param name="MessageId">The id among the headers; null: the window adds one.</param>
/// <param name="Expectation">The options, where storing it depends on what is stored already.</param>
/// <param name="Input">Goes with the result.</param>
internal readonly record struct OutgoingBody(
    ReadOnlyMemory<byte> Headers,
    ReadOnlyMemory<byte> Payload,
    string? Text,
    string? MessageId,
    NasPublishOptions? Expectation,
    object? Input
)
{
    /// <summary>
    /// When the caller gave it, where something had to be found out first; its time limit counts from
    /// then.
    /// </summary>
    public TimeSpan? Since { get; init; }

    /// <summary>A block without any header.</summary>
    private static ReadOnlySpan<byte> Version => "NATS/1.0\r\n"u8;

    private static ReadOnlySpan<byte> Id => "Nats-Msg-Id: "u8;

    /// <summary>Bytes of the payload.</summary>
    public int PayloadLength => Text is null ? Payload.Length : Encoding.UTF8.GetByteCount(Text);

    /// <summary>Bytes of the header block, with the id that the window adds.</summary>
    public int HeaderLength(int idLength) =>
        (Headers.IsEmpty ? Version.Length : Headers.Length)
        + (MessageId is null ? Id.Length + idLength + 2 : 0)
        + 2;

    /// <summary>Writes the header block and the payload.</summary>
    /// <param name="to">Has exactly the room.</param>
    /// <param name="id">The id to add, where the headers have none.</param>
    public void Write(Span<byte> to, ReadOnlySpan<byte> id)
    {
        var start = Headers.IsEmpty ? Version : Headers.Span;
        start.CopyTo(to);
        to = to.Slice(start.Length);
        if (MessageId is null)
        {
            Id.CopyTo(to);
            id.CopyTo(to.Slice(Id.Length));
            to = EndLine(to.Slice(Id.Length + id.Length));
        }
        to = EndLine(to);
        if (Text is null)
        {
            Payload.Span.CopyTo(to);
        }
        else
        {
            Encoding.UTF8.GetBytes(Text.AsSpan(), to);
        }
    }

    private static Span<byte> EndLine(Span<byte> to)
    {
        to[0] = (byte)'\r';
        to[1] = (byte)'\n';
        return to.Slice(2);
    }
}

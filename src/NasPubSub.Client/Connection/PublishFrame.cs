using System.Text;
using NasPubSub.Protocol;

namespace NasPubSub.Connection;

/// <summary>One PUB or HPUB, held against what the server accepts, ready to be written.</summary>
internal readonly ref struct PublishFrame
{
    /// <summary>Two sizes of ten digits, a blank, and two ends of line.</summary>
    private const int MaxSizes = 10 + 1 + 10 + 2 + 2;

    private readonly EncodedSubject _subject;
    private readonly ReadOnlySpan<byte> _start,
        _headers,
        _payload;
    private readonly string? _replyTo,
        _text;

    /// <exception cref="NasException">PayloadTooLarge, InvalidHeader.</exception>
    public PublishFrame(in OutgoingMessage message, ServerLimits limits)
    {
        (_subject, _replyTo, _text) = (message.Subject, message.ReplyTo, message.Text);
        _payload = message.Payload.Span;
        Size = _text is null ? _payload.Length : Encoding.UTF8.GetByteCount(_text);
        if (message.Headers is { } headers)
        {
            _headers = limits.Allow(headers, Size == 0, out var payload);
            if (payload is not null)
            {
                _payload = payload;
                (_text, Size) = (null, payload.Length);
            }
            Size += _headers.Length;
        }
        limits.CheckSize(_subject, Size);
        _start = _headers.IsEmpty ? _subject.Pub : _subject.HPub;
        MaxLength =
            _start.Length
            + Size
            + MaxSizes
            + (_replyTo is null ? 0 : Encoding.UTF8.GetMaxByteCount(_replyTo.Length) + 1);
    }

    /// <summary>Bytes of headers and payload.</summary>
    public int Size { get; }

    /// <summary>Bytes that the whole operation takes at most.</summary>
    public int MaxLength { get; }

    /// <returns>Bytes written.</returns>
    /// <exception cref="NasException">InvalidSubject: the line is too long for a server.</exception>
    public int Write(Span<byte> to)
    {
        _start.CopyTo(to);
        var at = _start.Length;
        if (_replyTo is not null)
        {
            at += Encoding.UTF8.GetBytes(_replyTo.AsSpan(), to.Slice(at));
            to[at++] = (byte)' ';
            if (at > ClientLines.MostOfPublish)
            {
                throw ClientLines.TooLong(_subject.Subject, "subject with its namespace and reply subject");
            }
        }
        if (!_headers.IsEmpty)
        {
            at += ClientLines.WriteNumber(to.Slice(at), _headers.Length);
            to[at++] = (byte)' ';
        }
        at += ClientLines.WriteNumber(to.Slice(at), Size);
        at += EndLine(to.Slice(at));
        _headers.CopyTo(to.Slice(at));
        at += _headers.Length;
        if (_text is null)
        {
            _payload.CopyTo(to.Slice(at));
            at += _payload.Length;
        }
        else
        {
            at += Encoding.UTF8.GetBytes(_text.AsSpan(), to.Slice(at));
        }
        return at + EndLine(to.Slice(at));
    }

    private static int EndLine(Span<byte> to)
    {
        to[0] = (byte)'\r';
        to[1] = (byte)'\n';
        return 2;
    }
}

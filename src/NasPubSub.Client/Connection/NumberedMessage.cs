using NasPubSub.Protocol;

namespace NasPubSub.Connection;

/// <summary>
/// One publish whose reply subject is an inbox and a number. Whoever sends it keeps it until the reply, and sends it
/// again after a break, so that the send buffer does not.
/// </summary>
/// <param name="subject">Where it goes.</param>
/// <param name="inbox">The reply subject up to the number.</param>
/// <param name="number">The number; not negative.</param>
/// <param name="suffix">What follows the number in the reply subject.</param>
/// <param name="body">The header block, then the payload.</param>
/// <param name="headerLength">Bytes of the header block; 0 without headers.</param>
internal readonly ref struct NumberedMessage(
    EncodedSubject subject,
    byte[] inbox,
    long number,
    ReadOnlySpan<byte> suffix,
    ReadOnlySpan<byte> body,
    int headerLength
)
{
    /// <summary>Three numbers of at most 19 digits, three blanks, and two ends of line.</summary>
    private const int MaxNumbers = 19 + 10 + 10 + 3 + 2 + 2;

    private readonly EncodedSubject _subject = subject;
    private readonly byte[] _inbox = inbox;
    private readonly ReadOnlySpan<byte> _suffix = suffix,
        _body = body;
    private readonly long _number = number;
    private readonly int _headerLength = headerLength;

    /// <summary>Bytes of headers and payload.</summary>
    public int Size => _body.Length;

    /// <summary>Bytes that the whole operation takes at most.</summary>
    public int MaxLength => Start.Length + _inbox.Length + _suffix.Length + _body.Length + MaxNumbers;

    private byte[] Start => _headerLength == 0 ? _subject.Pub : _subject.HPub;

    /// <exception cref="NasException">PayloadTooLarge, InvalidHeader: the server does not take it; InvalidSubject: its
    /// line would be too long.</exception>
    public void Check(ServerLimits limits)
    {
        if (_headerLength > 0 && !limits.Headers)
        {
            throw Headerless.Refused(limits.Server);
        }
        limits.CheckSize(_subject, _body.Length);
        if (Start.Length + _inbox.Length + _suffix.Length + 19 > ClientLines.MostOfPublish)
        {
            throw ClientLines.TooLong(_subject.Subject, "subject with its namespace and reply subject");
        }
    }

    /// <returns>Bytes written.</returns>
    public int Write(Span<byte> to)
    {
        Start.CopyTo(to);
        var at = Start.Length;
        _inbox.CopyTo(to.Slice(at));
        at += _inbox.Length;
        at += ClientLines.WriteNumber(to.Slice(at), _number);
        _suffix.CopyTo(to.Slice(at));
        at += _suffix.Length;
        to[at++] = (byte)' ';
        if (_headerLength > 0)
        {
            at += ClientLines.WriteNumber(to.Slice(at), _headerLength);
            to[at++] = (byte)' ';
        }
        at += ClientLines.WriteNumber(to.Slice(at), _body.Length);
        to[at++] = (byte)'\r';
        to[at++] = (byte)'\n';
        _body.CopyTo(to.Slice(at));
        at += _body.Length;
        to[at++] = (byte)'\r';
        to[at++] = (byte)'\n';
        return at;
    }
}

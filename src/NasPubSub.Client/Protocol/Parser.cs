using System.Diagnostics.CodeAnalysis;
using NasPubSub.Diagnostics;

namespace NasPubSub.Protocol;

/// <summary>
/// Bytes of a server to operations, in place: no socket, no clock, no copy. One for each connection, since it remembers
/// how far an unfinished operation was read. Whatever the bytes, it gives an operation, asks for more, or throws.
/// </summary>
internal sealed class Parser(int maxMessage)
{
    /// <summary>An array takes no more than 2 GiB, and the buffer grows by doubling.</summary>
    private const int MostMessage = 1024 * 1024 * 1024;

    /// <summary>Longer lines come from no NATS server. INFO alone may list a large cluster.</summary>
    private const int MaxLine = 64 * 1024,
        MaxInfoLine = 1024 * 1024;

    /// <summary>"MSG subject sid ": the head of the last MSG, for the next is likely to begin the same.</summary>
    private byte[] _head = [];
    private int _headLength,
        _headSubject;
    private long _headSid;

    /// <summary>
    /// Bytes at the buffer's start known to hold no end of line, so that slow senders cost no more than fast ones.
    /// </summary>
    private int _scanned;

    private int _maxMessage = Math.Min(maxMessage, MostMessage);

    /// <summary>The largest message accepted; the server may say another meanwhile.</summary>
    public void Accept(int maxMessage) => _maxMessage = Math.Min(maxMessage, MostMessage);

    /// <summary>The whole length of the unfinished operation, once its control line was read; else 0.</summary>
    public int Needed { get; private set; }

    /// <returns>Bytes used, or 0 when the operation is not yet whole.</returns>
    /// <exception cref="NasException">ProtocolError: no NATS operation, or one beyond the limits.</exception>
    public int Read(ReadOnlySpan<byte> buffer, out ServerOperation operation)
    {
        operation = default;
        if (Needed > buffer.Length)
        {
            return 0;
        }

        if (ReadUsual(buffer, ref operation) is var used and > 0)
        {
            return used;
        }

        var end = buffer.Slice(_scanned).IndexOf((byte)'\n');
        if (end < 0)
        {
            _scanned = buffer.Length;
            if (_scanned > MaxLine && (_scanned > MaxInfoLine || !IsInfo(buffer)))
            {
                throw Broken("a control line without end");
            }

            return 0;
        }
        end += _scanned;
        if (end > MaxLine && (end > MaxInfoLine || !IsInfo(buffer)))
        {
            throw Broken("a control line without end");
        }

        var line = buffer.Slice(0, end > 0 && buffer[end - 1] == '\r' ? end - 1 : end);
        used = ReadLine(buffer, line, end + 1, ref operation);
        _scanned = used > 0 ? 0 : end;
        return used;
    }

    /// <summary>A MSG in the form that servers send, and whole. Everything else is for the slow way.</summary>
    /// <returns>Bytes used, or 0.</returns>
    private int ReadUsual(ReadOnlySpan<byte> buffer, ref ServerOperation operation)
    {
        if (_headLength > 0 && buffer.StartsWith(_head.AsSpan(0, _headLength)))
        {
            var length = ReadRest(buffer, _headLength, ref operation);
            if (length > 0)
            {
                operation.SameAsLast = true;
                operation.Sid = _headSid;
                operation.Subject = buffer.Slice(4, _headSubject);
            }

            return length;
        }

        if (_scanned > 0 || !buffer.StartsWith("MSG "u8))
        {
            return 0;
        }

        var at = 4;
        var subject = Word(buffer, ref at);
        if (subject.IsEmpty || at >= buffer.Length || buffer[at] != ' ')
        {
            return 0;
        }

        at++;
        var sid = Word(buffer, ref at);
        if (at >= buffer.Length || buffer[at] != ' ' || !TryRead(sid, 18, out var number))
        {
            return 0;
        }

        var head = at + 1;
        var used = ReadRest(buffer, head, ref operation);
        if (used > 0)
        {
            operation.Sid = number;
            operation.Subject = subject;
            Remember(buffer.Slice(0, head), subject, number);
        }

        return used;
    }

    /// <summary>What follows the sid of a MSG: a reply subject perhaps, the size, and the payload.</summary>
    /// <returns>Bytes used from the buffer's start; 0 where it is not whole, or not in the usual form.</returns>
    private int ReadRest(ReadOnlySpan<byte> buffer, int at, ref ServerOperation operation)
    {
        var word = Word(buffer, ref at);
        var reply = default(ReadOnlySpan<byte>);
        if (at < buffer.Length && buffer[at] == ' ' && !word.IsEmpty)
        {
            reply = word;
            at++;
            word = Word(buffer, ref at);
        }

        if (at + 1 >= buffer.Length || buffer[at] != '\r' || buffer[at + 1] != '\n' || !TryRead(word, 9, out var size))
        {
            return 0;
        }

        var start = at + 2;
        var end = start + (int)size;
        if (size > _maxMessage || buffer.Length < end + 2)
        {
            return 0;
        }

        if (buffer[end] != '\r' || buffer[end + 1] != '\n')
        {
            throw Broken("a message longer than it said");
        }

        operation.Kind = OperationKind.Message;
        operation.ReplyTo = reply;
        operation.Payload = buffer.Slice(start, (int)size);
        Needed = 0;
        _scanned = 0;
        return end + 2;
    }

    private static bool TryRead(ReadOnlySpan<byte> digits, int most, out long number)
    {
        number = 0;
        foreach (var digit in digits)
        {
            if ((uint)(digit - '0') > 9)
            {
                return false;
            }

            number = number * 10 + digit - '0';
        }

        return !digits.IsEmpty && digits.Length <= most;
    }

    /// <summary>
    /// What stands at this place up to a blank or the like; looked for in a few bytes only, since the slow way takes
    /// the rest.
    /// </summary>
    private static ReadOnlySpan<byte> Word(ReadOnlySpan<byte> buffer, scoped ref int at)
    {
        var start = at;
        var most = Math.Min(buffer.Length, start + 256);
        while (at < most && buffer[at] > ' ')
        {
            at++;
        }

        return buffer.Slice(start, at - start);
    }

    private int ReadLine(ReadOnlySpan<byte> buffer, ReadOnlySpan<byte> line, int after, ref ServerOperation operation)
    {
        var rest = line;
        var name = Token(ref rest);
        switch (name.Length)
        {
            case 3 when Is(name, "MSG"u8):
                return ReadMessage(buffer, line, rest, after, hasHeaders: false, ref operation);
            case 4 when Is(name, "HMSG"u8):
                return ReadMessage(buffer, line, rest, after, hasHeaders: true, ref operation);
            case 4 when Is(name, "INFO"u8):
                operation.Kind = OperationKind.Info;
                operation.Text = ControlLine.Trim(rest);
                return after;
            case 4 when Is(name, "PING"u8):
                operation.Kind = OperationKind.Ping;
                return after;
            case 4 when Is(name, "PONG"u8):
                operation.Kind = OperationKind.Pong;
                return after;
            case 3 when Is(name, "+OK"u8):
                operation.Kind = OperationKind.Ok;
                return after;
            case 4 when Is(name, "-ERR"u8):
                operation.Kind = OperationKind.Error;
                operation.Text = ControlLine.Unquote(ControlLine.Trim(rest));
                return after;
            default:
                throw Broken($"'{Show(line)}'");
        }
    }

    private int ReadMessage(
        ReadOnlySpan<byte> buffer,
        ReadOnlySpan<byte> line,
        ReadOnlySpan<byte> rest,
        int after,
        bool hasHeaders,
        ref ServerOperation operation
    )
    {
        // MSG subject sid [reply] size ; HMSG subject sid [reply] header-size size
        var subject = Token(ref rest);
        var sid = Token(ref rest);
        var head = line.Length - rest.Length + 1;
        var third = Token(ref rest);
        var fourth = Token(ref rest);
        var fifth = hasHeaders ? Token(ref rest) : default;
        if (!ControlLine.Trim(rest).IsEmpty)
        {
            throw Broken($"'{Show(line)}'");
        }

        var hasReply = !(hasHeaders ? fifth : fourth).IsEmpty;
        var total = Number(
            hasHeaders
                ? hasReply
                    ? fifth
                    : fourth
                : hasReply
                    ? fourth
                    : third,
            line
        );
        var headers = hasHeaders ? Number(hasReply ? fourth : third, line) : 0;
        if (total > _maxMessage)
        {
            throw TooLarge(total);
        }

        if (headers > total)
        {
            throw Broken("headers longer than their message");
        }

        var whole = after + (int)total + 2;
        if (buffer.Length < whole)
        {
            Needed = whole;
            return 0;
        }
        Needed = 0;
        if (buffer[whole - 2] != '\r' || buffer[whole - 1] != '\n')
        {
            throw Broken("a message longer than it said");
        }

        operation.Kind = OperationKind.Message;
        operation.Subject = subject;
        operation.Sid = Number(sid, line);
        operation.ReplyTo = hasReply ? third : default;
        operation.Headers = buffer.Slice(after, (int)headers);
        operation.Payload = buffer.Slice(after + (int)headers, (int)(total - headers));
        _headLength = 0;
        if (!hasHeaders)
        {
            Remember(line.Slice(0, head), subject, operation.Sid);
        }

        return whole;
    }

    private void Remember(ReadOnlySpan<byte> head, ReadOnlySpan<byte> subject, long sid)
    {
        // Only the canonical form: its head is found again byte for byte.
        if (
            head.Length > 512
            || head[head.Length - 1] != ' '
            || head[3] != ' '
            || !head.Slice(4, subject.Length).SequenceEqual(subject)
        )
        {
            return;
        }

        if (_head.Length < head.Length)
        {
            _head = new byte[512];
        }

        head.CopyTo(_head);
        (_headLength, _headSubject, _headSid) = (head.Length, subject.Length, sid);
    }

    private static ReadOnlySpan<byte> Token(scoped ref ReadOnlySpan<byte> rest)
    {
        var start = 0;
        while (start < rest.Length && rest[start] is (byte)' ' or (byte)'\t')
        {
            start++;
        }

        rest = rest.Slice(start);
        var end = rest.IndexOfAny((byte)' ', (byte)'\t');
        if (end < 0)
        {
            end = rest.Length;
        }

        var token = rest.Slice(0, end);
        rest = rest.Slice(end);
        return token;
    }

    private static long Number(ReadOnlySpan<byte> digits, ReadOnlySpan<byte> line)
    {
        if (digits.IsEmpty || digits.Length > 18)
        {
            throw Broken($"'{Show(line)}'");
        }

        long number = 0;
        foreach (var digit in digits)
        {
            if ((uint)(digit - '0') > 9)
            {
                throw Broken($"'{Show(line)}'");
            }

            number = number * 10 + digit - '0';
        }
        return number;
    }

    private static bool Is(ReadOnlySpan<byte> name, ReadOnlySpan<byte> operation)
    {
        for (var i = 0; i < operation.Length; i++)
        {
            var c = name[i];
            if (c is >= (byte)'a' and <= (byte)'z')
            {
                c -= 32;
            }

            if (c != operation[i])
            {
                return false;
            }
        }
        return true;
    }

    private static bool IsInfo(ReadOnlySpan<byte> buffer) => Is(buffer.Slice(0, 4), "INFO"u8);

    private static string Show(ReadOnlySpan<byte> line) =>
        TerminalText.Excerpt(System.Text.Encoding.UTF8.GetString(line.Slice(0, Math.Min(line.Length, 200))));

    private NasException TooLarge(long bytes) =>
        new(
            NasError.ProtocolError,
            $"The server sent a message of {bytes:N0} bytes; this client accepts {_maxMessage:N0} at most (MaxIncomingBytes)."
        );

    private static NasException Broken(string what) =>
        new(NasError.ProtocolError, $"The server does not speak the NATS protocol: it sent {what}.");
}

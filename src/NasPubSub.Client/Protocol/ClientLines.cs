using System.Text;
using NasPubSub.Diagnostics;

namespace NasPubSub.Protocol;

/// <summary>A client's operations as bytes, and how to take apart a row of them.</summary>
internal static class ClientLines
{
    public static ReadOnlySpan<byte> Ping => "PING\r\n"u8;
    public static ReadOnlySpan<byte> Pong => "PONG\r\n"u8;

    /// <summary>
    /// Bytes that a publish's line may have before its sizes: "H", a blank and two numbers of ten digits follow.
    /// </summary>
    public const int MostOfPublish = Subjects.MaxControlLine - 22;

    /// <summary>
    /// Bytes that a SUB has beside its subject and queue group: the operation, blanks, the longest sid.
    /// </summary>
    private const int RestOfSubscribe = 4 + 2 + 19;

    /// <summary>
    /// Servers close the connection for a line that is too long, and would again each time it is restored.
    /// </summary>
    /// <exception cref="NasException">InvalidSubject.</exception>
    public static void CheckSubscribe(string topic, string? queueGroup)
    {
        if (
            Encoding.UTF8.GetByteCount(topic) + Encoding.UTF8.GetByteCount(queueGroup ?? "") + RestOfSubscribe
            > Subjects.MaxControlLine
        )
        {
            throw TooLong(
                topic,
                queueGroup is null ? "subject with its namespace" : "subject with its namespace and queue group"
            );
        }
    }

    public static NasException TooLong(string subject, string what) =>
        new(
            NasError.InvalidSubject,
            $"The {what} ('{TerminalText.Excerpt(subject)}') is too long: servers accept lines of up to {Subjects.MaxControlLine:N0} bytes."
        )
        {
            Target = subject,
        };

    public static byte[] Subscribe(string topic, string? queueGroup, long sid) =>
        Encoding.UTF8.GetBytes(queueGroup is null ? $"SUB {topic} {sid}\r\n" : $"SUB {topic} {queueGroup} {sid}\r\n");

    public static byte[] Unsubscribe(long sid, long max) =>
        Encoding.ASCII.GetBytes(max > 0 ? $"UNSUB {sid} {max}\r\n" : $"UNSUB {sid}\r\n");

    /// <summary>Writes a number's digits.</summary>
    /// <returns>How many.</returns>
    public static int WriteNumber(Span<byte> to, long number)
    {
        var digits = 1;
        for (var rest = number / 10; rest > 0; rest /= 10)
        {
            digits++;
        }

        for (var at = digits - 1; at >= 0; at--, number /= 10)
        {
            to[at] = (byte)('0' + number % 10);
        }

        return digits;
    }

    /// <summary>Measures the first operation of a buffer that holds whole operations, but for the last.</summary>
    /// <returns>Its length, whether it is a publish, and the size of its payload and headers.</returns>
    public static (int Length, bool IsPublish, int Size) Measure(ReadOnlySpan<byte> buffer)
    {
        var end = buffer.IndexOf((byte)'\n');
        if (end < 0)
        {
            return (buffer.Length, false, 0);
        }

        var isPublish = buffer.StartsWith("PUB "u8) || buffer.StartsWith("HPUB "u8);
        if (!isPublish)
        {
            return (end + 1, false, 0);
        }
        // The size is the last number of the line, for PUB as for HPUB.
        int size = 0,
            factor = 1;
        for (var at = end - 2; at >= 0 && buffer[at] != ' '; at--, factor *= 10)
        {
            size += (buffer[at] - '0') * factor;
        }

        return (end + 1 + size + 2, true, size);
    }

    /// <summary>Takes the headers off a whole HPUB, for a server that has none.</summary>
    /// <returns>The PUB; null where its headers say what its payload does not.</returns>
    public static byte[]? WithoutHeaders(ReadOnlySpan<byte> operation)
    {
        var end = operation.IndexOf((byte)'\n');
        var line = operation.Slice(0, end - 1);
        var beforeTotal = line.LastIndexOf((byte)' ');
        var beforeHeaders = line.Slice(0, beforeTotal).LastIndexOf((byte)' ');
        var length = 0;
        foreach (var digit in line.Slice(beforeHeaders + 1, beforeTotal - beforeHeaders - 1))
        {
            length = length * 10 + digit - '0';
        }

        var payload = operation.Slice(end + 1 + length, operation.Length - end - 1 - length - 2);
        if (!Headerless.TryMake(operation.Slice(end + 1, length), payload.IsEmpty, out var other))
        {
            return null;
        }

        if (other is not null)
        {
            payload = other;
        }

        return
        [
            .. line.Slice(1, beforeHeaders),
            .. Encoding.ASCII.GetBytes($"{payload.Length}\r\n"),
            .. payload,
            .. "\r\n"u8,
        ];
    }
}

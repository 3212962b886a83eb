using System.Text;

namespace NasPubSub.Protocol;

/// <summary>A client's operations as bytes, and how to take apart a row of them.</summary>
internal static class ClientLines
{
    public static ReadOnlySpan<byte> Ping => "PING\r\n"u8;
    public static ReadOnlySpan<byte> Pong => "PONG\r\n"u8;

    public static byte[] Subscribe(string topic, string? queueGroup, long sid) =>
        Encoding.UTF8.GetBytes(queueGroup is null ? $"SUB {topic} {sid}\r\n" : $"SUB {topic} {queueGroup} {sid}\r\n");

    public static byte[] Unsubscribe(long sid, long max) =>
        Encoding.ASCII.GetBytes(max > 0 ? $"UNSUB {sid} {max}\r\n" : $"UNSUB {sid}\r\n");

    /// <summary>Writes a number's digits.</summary>
    /// <returns>How many.</returns>
    public static int WriteNumber(Span<byte> to, int number)
    {
        var digits = 1;
        for (var rest = number / 10; rest > 0; rest /= 10) digits++;
        for (var at = digits - 1; at >= 0; at--, number /= 10) to[at] = (byte)('0' + number % 10);
        return digits;
    }

    /// <summary>Measures the first operation of a buffer that holds whole operations, but for the last.</summary>
    /// <returns>Its length, whether it is a publish, and the size of its payload and headers.</returns>
    public static (int Length, bool IsPublish, int Size) Measure(ReadOnlySpan<byte> buffer)
    {
        var end = buffer.IndexOf((byte)'\n');
        if (end < 0) return (buffer.Length, false, 0);
        var isPublish = buffer.StartsWith("PUB "u8) || buffer.StartsWith("HPUB "u8);
        if (!isPublish) return (end + 1, false, 0);
        // The size is the last number of the line, for PUB as for HPUB.
        int size = 0, factor = 1;
        for (var at = end - 2; at >= 0 && buffer[at] != ' '; at--, factor *= 10) size += (buffer[at] - '0') * factor;
        return (end + 1 + size + 2, true, size);
    }
}

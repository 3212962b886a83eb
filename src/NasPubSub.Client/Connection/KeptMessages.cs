using NasPubSub.Protocol;

namespace NasPubSub.Connection;

/// <summary>Messages kept over a break that the next server does not accept.</summary>
/// <param name="TooLarge">Larger than its max_payload.</param>
/// <param name="WithHeaders">With headers, where it supports none.</param>
internal readonly record struct LeftOut(int TooLarge, int WithHeaders)
{
    public int Count => TooLarge + WithHeaders;
}

/// <summary>Which buffered operations survive a break, and which of them the next server accepts.</summary>
internal static class KeptMessages
{
    /// <summary>
    /// Keeps the publishes that the network did not take whole, in order, each from its first byte. SUB, UNSUB, PING
    /// and PONG belong to the broken connection; a numbered message is sent again by its sender.
    /// </summary>
    /// <param name="bytes">The buffer.</param>
    /// <param name="tracked">What the reply subjects of numbered messages begin with.</param>
    /// <param name="taken">Bytes of those under way that the network took, or may have taken.</param>
    /// <returns>How many messages.</returns>
    public static int Keep(DoubleBuffer bytes, ReadOnlySpan<byte> tracked, int taken)
    {
        var kept = new List<byte[]>();
        Collect(bytes.SendingBytes, tracked, taken, kept);
        Collect(bytes.FilledBytes, tracked, 0, kept);
        bytes.Clear();
        foreach (var message in kept)
        {
            bytes.Append(message);
        }
        return kept.Count;
    }

    /// <summary>Appends kept messages as this server takes them.</summary>
    /// <returns>Those it does not take.</returns>
    public static LeftOut Append(
        ReadOnlySpan<byte> kept,
        ReadOnlySpan<byte> tracked,
        ServerLimits limits,
        DoubleBuffer bytes
    )
    {
        int tooLarge = 0,
            withHeaders = 0;
        for (var at = 0; at < kept.Length;)
        {
            var (length, isPublish, size) = ClientLines.Measure(kept.Slice(at));
            var operation = kept.Slice(at, length);
            at += length;
            if (!isPublish || IsTracked(operation, tracked))
            {
                continue;
            }
            if (!limits.Headers && operation[0] == 'H')
            {
                if (ClientLines.WithoutHeaders(operation) is not { } plain)
                {
                    withHeaders++;
                    continue;
                }
                operation = plain;
                size = ClientLines.Measure(plain).Size;
            }
            if (size > limits.MaxPayload)
            {
                tooLarge++;
            }
            else
            {
                bytes.Append(operation);
            }
        }
        return new LeftOut(tooLarge, withHeaders);
    }

    private static void Collect(
        ReadOnlySpan<byte> operations,
        ReadOnlySpan<byte> tracked,
        int taken,
        List<byte[]> kept
    )
    {
        for (var at = 0; at < operations.Length;)
        {
            var (length, isPublish, _) = ClientLines.Measure(operations.Slice(at));
            var operation = operations.Slice(at, length);
            if (isPublish && at + length > taken && !IsTracked(operation, tracked))
            {
                kept.Add(operation.ToArray());
            }
            at += length;
        }
    }

    private static bool IsTracked(ReadOnlySpan<byte> publish, ReadOnlySpan<byte> tracked) =>
        !tracked.IsEmpty
        && publish.Slice(0, publish.IndexOf((byte)'\n')).IndexOf(tracked) is var at and > 0
        && publish[at - 1] == ' ';
}

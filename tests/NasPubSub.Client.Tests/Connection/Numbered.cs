using System.Buffers.Binary;

namespace NasPubSub.Client.Tests.Connection;

/// <summary>
/// Messages that show when they are lost, doubled, out of order, cut or changed: a number, and bytes that follow from
/// it.
/// </summary>
internal static class Numbered
{
    public static byte[] Payload(int number)
    {
        var payload = new byte[8 + number % 3000 * 7919 % 3000];
        BinaryPrimitives.WriteInt32LittleEndian(payload, number);
        BinaryPrimitives.WriteInt32LittleEndian(payload.AsSpan(4), payload.Length);
        for (var i = 8; i < payload.Length; i++)
        {
            payload[i] = (byte)(number + i * 31);
        }

        return payload;
    }

    /// <returns>The number; -1 when the payload is not what was sent.</returns>
    public static int Read(byte[] payload)
    {
        if (payload.Length < 8)
        {
            return -1;
        }

        var number = BinaryPrimitives.ReadInt32LittleEndian(payload);
        return payload.AsSpan().SequenceEqual(Payload(Math.Max(0, number))) ? number : -1;
    }
}

/// <summary>Takes numbered messages of one subscription, and counts what is wrong with them.</summary>
internal sealed class NumberedReader
{
    private int _last = -1;

    public int Received { get; private set; }
    public int Corrupt { get; private set; }
    public int OutOfOrder { get; private set; }
    public int Last => Volatile.Read(ref _last);

    public ValueTask OnMessage(NasMessage message)
    {
        var number = Numbered.Read(message.Payload);
        if (number < 0)
        {
            Corrupt++;
        }
        else if (number <= _last)
        {
            OutOfOrder++;
        }
        else
        {
            Volatile.Write(ref _last, number);
        }

        Received++;
        return default;
    }
}

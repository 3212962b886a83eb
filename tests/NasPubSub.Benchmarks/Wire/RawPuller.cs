using System.Buffers.Text;
using System.Text;

namespace NasPubSub.Benchmarks.Wire;

/// <summary>
/// Pulls messages of a consumer with a socket: asks for more when half of what it asked for has come.
/// </summary>
internal sealed class RawPuller : IDisposable
{
    private const int Batch = 500;
    private readonly RawConnection _connection;
    private readonly byte[] _rest = new byte[512 * 1024];

    public RawPuller(int port)
    {
        _connection = new RawConnection(port);
        _connection.Subscribe("_INBOX.raw", 1);
        _connection.Flush();
    }

    /// <summary>Reads so many messages.</summary>
    public void Read(string stream, string consumer, int count)
    {
        int pending = 0,
            kept = 0;
        while (count > 0)
        {
            if (pending < Batch / 2)
            {
                Ask(stream, consumer, Batch - pending);
                pending = Batch;
            }
            var got = _connection.Receive();
            got.CopyTo(_rest.AsSpan(kept));
            kept += got.Length;
            var used = 0;
            while (TryTake(_rest.AsSpan(used, kept - used), out var length))
            {
                used += length;
                pending--;
                count--;
            }
            _rest.AsSpan(used, kept - used).CopyTo(_rest);
            kept -= used;
        }
        // What was asked for beyond the end comes, or expires, before the next turn.
        _connection.Flush();
    }

    public void Dispose() => _connection.Dispose();

    private void Ask(string stream, string consumer, int batch)
    {
        var json = $"{{\"batch\":{batch},\"expires\":30000000000,\"idle_heartbeat\":15000000000}}";
        _connection.Send(
            Encoding.ASCII.GetBytes(
                $"PUB $JS.API.CONSUMER.MSG.NEXT.{stream}.{consumer} _INBOX.raw {json.Length}\r\n{json}\r\n"
            )
        );
    }

    /// <summary>One operation with its payload, whose size ends its first line.</summary>
    private static bool TryTake(ReadOnlySpan<byte> bytes, out int length)
    {
        length = 0;
        var line = bytes.IndexOf((byte)'\n');
        if (line < 0)
        {
            return false;
        }
        var number = bytes[..(line - 1)];
        Utf8Parser.TryParse(number[(number.LastIndexOf((byte)' ') + 1)..], out int size, out _);
        length = line + 1 + size + 2;
        return length <= bytes.Length;
    }
}

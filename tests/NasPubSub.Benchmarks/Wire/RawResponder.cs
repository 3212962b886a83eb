using System.Buffers.Text;

namespace NasPubSub.Benchmarks.Wire;

/// <summary>
/// Answers requests from a thread and a socket of its own, without allocating: the same far end for every contestant
/// that asks.
/// </summary>
internal sealed class RawResponder : IDisposable
{
    private readonly RawConnection _connection;
    private readonly Thread _thread;
    private readonly byte[] _in = new byte[512 * 1024],
        _out = new byte[512 * 1024];

    public RawResponder(int port, string subject)
    {
        _connection = new RawConnection(port);
        _connection.Subscribe(subject, 1);
        _connection.Flush();
        _thread = new Thread(Run) { IsBackground = true, Name = "raw responder" };
        _thread.Start();
    }

    public void Dispose()
    {
        _connection.Dispose();
        _thread.Join();
    }

    private void Run()
    {
        try
        {
            for (var kept = 0; ;)
            {
                var got = _connection.Receive();
                got.CopyTo(_in.AsSpan(kept));
                var (used, written) = Answer(_in.AsSpan(0, kept + got.Length));
                kept = kept + got.Length - used;
                _in.AsSpan(used, kept).CopyTo(_in);
                if (written > 0)
                {
                    _connection.Send(_out.AsSpan(0, written));
                }
            }
        }
        catch (Exception e) when (e is IOException or System.Net.Sockets.SocketException or ObjectDisposedException)
        {
            // The row is over.
        }
    }

    /// <summary>MSG subject sid reply size: gives the payload back.</summary>
    private (int Used, int Written) Answer(ReadOnlySpan<byte> bytes)
    {
        int used = 0,
            written = 0;
        while (true)
        {
            var rest = bytes[used..];
            var end = rest.IndexOf((byte)'\n');
            if (end < 0)
            {
                return (used, written);
            }

            var line = rest[..(end - 1)];
            if (!line.StartsWith("MSG "u8))
            {
                if (line.StartsWith("PING"u8))
                {
                    written += Copy("PONG\r\n"u8, written);
                }

                used += end + 1;
                continue;
            }
            var sizeAt = line.LastIndexOf((byte)' ') + 1;
            Utf8Parser.TryParse(line[sizeAt..], out int size, out _);
            if (rest.Length < end + 1 + size + 2)
            {
                return (used, written);
            }

            var head = line[..(sizeAt - 1)];
            var reply = head[(head.LastIndexOf((byte)' ') + 1)..];
            written += Copy("PUB "u8, written);
            written += Copy(reply, written);
            // Blank, size, line end, payload and its line end are as they came.
            written += Copy(rest.Slice(sizeAt - 1, end + 1 + size + 2 - (sizeAt - 1)), written);
            used += end + 1 + size + 2;
        }
    }

    private int Copy(ReadOnlySpan<byte> from, int at)
    {
        from.CopyTo(_out.AsSpan(at));
        return from.Length;
    }
}

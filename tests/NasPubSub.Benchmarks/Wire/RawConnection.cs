using System.Net.Sockets;
using System.Text;

namespace NasPubSub.Benchmarks.Wire;

/// <summary>
/// A blocking socket and the bytes of the protocol, nothing between: the limit that a client library is measured
/// against. It allocates nothing once it is open.
/// </summary>
internal sealed class RawConnection : IDisposable
{
    private readonly Socket _socket;
    private readonly byte[] _buffer = new byte[256 * 1024];

    public RawConnection(int port)
    {
        _socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        _socket.Connect("127.0.0.1", port);
        ReadTo("\r\n"u8);
        Send(
            "CONNECT {\"verbose\":false,\"headers\":true,\"no_responders\":true,\"protocol\":1,\"name\":\"raw\"}\r\n"u8
        );
        Flush();
        // Newer servers send a second INFO behind the first PONG.
        Flush();
    }

    public void Subscribe(string subject, int sid) => Send(Encoding.ASCII.GetBytes($"SUB {subject} {sid}\r\n"));

    public void Send(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            bytes = bytes[_socket.Send(bytes)..];
        }
    }

    /// <summary>PING, and reads away everything up to its PONG.</summary>
    public void Flush()
    {
        Send("PING\r\n"u8);
        ReadTo("PONG\r\n"u8);
    }

    /// <summary>Reads so many bytes.</summary>
    public void Read(long count)
    {
        while (count > 0)
        {
            count -= Receive().Length;
        }
    }

    /// <summary>Reads so many bytes and hands them on as they come.</summary>
    public void Read(long count, Taker take)
    {
        while (count > 0)
        {
            var got = Receive();
            take(got);
            count -= got.Length;
        }
    }

    /// <summary>Takes what one read gave; good until it returns.</summary>
    public delegate void Taker(ReadOnlySpan<byte> bytes);

    /// <summary>What one read gives; good until the next.</summary>
    public ReadOnlySpan<byte> Receive() =>
        _socket.Receive(_buffer) is var count and > 0
            ? _buffer.AsSpan(0, count)
            : throw new IOException("The server closed the connection.");

    public void Dispose() => _socket.Dispose();

    private void ReadTo(ReadOnlySpan<byte> end)
    {
        Span<byte> tail = stackalloc byte[16],
            seam = stackalloc byte[32];
        var kept = 0;
        while (true)
        {
            var got = Receive();
            if (got.IndexOf(end) >= 0)
            {
                return;
            }
            // The end may come cut in two.
            tail[..kept].CopyTo(seam);
            var head = got[..Math.Min(got.Length, 16)];
            head.CopyTo(seam[kept..]);
            if (seam[..(kept + head.Length)].IndexOf(end) >= 0)
            {
                return;
            }

            kept = Math.Min(got.Length, 15);
            got[^kept..].CopyTo(tail);
        }
    }
}

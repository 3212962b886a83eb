using System.Net.Sockets;

namespace NasPubSub.Transport;

/// <summary>An open way to a server: bytes in, bytes out. One reader and one writer at a time.</summary>
internal abstract class ByteTransport : IDisposable
{
    public abstract bool IsTls { get; }

    /// <returns>Bytes received; 0 when the far end closed.</returns>
    public abstract ValueTask<int> ReceiveAsync(byte[] buffer, int offset, int count);

    /// <returns>Bytes the network took, one at least. After an error, bytes not reported taken may have been taken in part.</returns>
    public abstract ValueTask<int> SendAsync(byte[] buffer, int offset, int count);

    /// <summary>Ends pending calls with an error. Safe at any time, from any thread, twice.</summary>
    public abstract void Dispose();
}

/// <summary>Plain TCP, on the socket itself: the count of bytes taken is exact.</summary>
internal sealed class SocketTransport(Socket socket) : ByteTransport
{
    public override bool IsTls => false;

#if NETSTANDARD2_0
    public override ValueTask<int> ReceiveAsync(byte[] buffer, int offset, int count) =>
        new(socket.ReceiveAsync(new ArraySegment<byte>(buffer, offset, count), SocketFlags.None));

    public override ValueTask<int> SendAsync(byte[] buffer, int offset, int count) =>
        new(socket.SendAsync(new ArraySegment<byte>(buffer, offset, count), SocketFlags.None));
#else
    public override ValueTask<int> ReceiveAsync(byte[] buffer, int offset, int count) =>
        socket.ReceiveAsync(buffer.AsMemory(offset, count), SocketFlags.None);

    public override ValueTask<int> SendAsync(byte[] buffer, int offset, int count) =>
        socket.SendAsync(buffer.AsMemory(offset, count), SocketFlags.None);
#endif

    public override void Dispose() => socket.Dispose();
}

/// <summary>TLS or WebSocket over a stream, written in slices, so that an error leaves one slice in doubt at most.</summary>
internal sealed class StreamTransport(Stream stream, bool isTls) : ByteTransport
{
    private const int Slice = 64 * 1024;

    public override bool IsTls => isTls;

    public override async ValueTask<int> ReceiveAsync(byte[] buffer, int offset, int count) =>
#if NETSTANDARD2_0
        await stream.ReadAsync(buffer, offset, count).ConfigureAwait(false);
#else
        await stream.ReadAsync(buffer.AsMemory(offset, count)).ConfigureAwait(false);
#endif

    public override async ValueTask<int> SendAsync(byte[] buffer, int offset, int count)
    {
        var taken = Math.Min(count, Slice);
#if NETSTANDARD2_0
        await stream.WriteAsync(buffer, offset, taken).ConfigureAwait(false);
#else
        await stream.WriteAsync(buffer.AsMemory(offset, taken)).ConfigureAwait(false);
#endif
        return taken;
    }

    public override void Dispose() => stream.Dispose();
}

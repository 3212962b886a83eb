using System.Net.Sockets;

namespace NasPubSub.Transport;

/// <summary>An open way to a server: bytes in, bytes out. One reader and one writer at a time.</summary>
internal abstract class ByteTransport : IDisposable
{
    public abstract bool IsTls { get; }

    /// <returns>Bytes received; 0 when the far end closed.</returns>
    public abstract ValueTask<int> ReceiveAsync(byte[] buffer, int offset, int count);

    /// <returns>Bytes the network took, one at least.</returns>
    public abstract ValueTask<int> SendAsync(byte[] buffer, int offset, int count);

    /// <summary>Sends until the network has taken all.</summary>
    public async Task SendAllAsync(byte[] bytes)
    {
        for (var sent = 0; sent < bytes.Length;)
        {
            sent += await SendAsync(bytes, sent, bytes.Length - sent).ConfigureAwait(false);
        }
    }

    /// <summary>
    /// After an error of SendAsync: bytes of that call that the network may have taken, for all that can be known.
    /// </summary>
    public int InDoubt { get; protected set; }

    /// <summary>Ends pending calls with an error. Safe at any time, from any thread, twice.</summary>
    public abstract void Dispose();
}

/// <summary>
/// TLS or WebSocket over a stream, written in slices of one TLS record: of a record that the network did not take
/// whole, the server reads nothing, so that an error leaves nothing in doubt. Of a WebSocket's frame it may.
/// </summary>
internal sealed class StreamTransport(Stream stream, bool isTls, bool isWebSocket = false) : ByteTransport
{
    private const int Slice = 16 * 1024;

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
        if (isWebSocket)
        {
            InDoubt = taken;
        }
#if NETSTANDARD2_0
        await stream.WriteAsync(buffer, offset, taken).ConfigureAwait(false);
#else
        await stream.WriteAsync(buffer.AsMemory(offset, taken)).ConfigureAwait(false);
#endif
        return taken;
    }

    public override void Dispose() => stream.Dispose();
}

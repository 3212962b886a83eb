using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using NasPubSub.TestServer;

namespace NasPubSub.Client.Tests.Tls;

/// <summary>The server's end of a WebSocket, byte by byte: so that frames come as no real server cuts them.</summary>
internal static class WebSocketPeer
{
    public static async Task AcceptWebSocketAsync(this FakePeer peer)
    {
        var key = "";
        while (await peer.ReadLineAsync() is { Length: > 0 } line)
        {
            if (line.StartsWith("Sec-WebSocket-Key: ", StringComparison.Ordinal))
            {
                key = line[19..];
            }
        }

        await peer.SendAsync(
            $"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: {Accept(key)}\r\n\r\n"
        );
    }

    /// <summary>The answer to a client's key.</summary>
    public static string Accept(string key) =>
        Convert.ToBase64String(SHA1.HashData(Encoding.ASCII.GetBytes(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11")));

    /// <returns>The opcode and the payload, unmasked.</returns>
    public static async Task<(int Opcode, string Text)> ReadFrameAsync(this FakePeer peer)
    {
        var head = await peer.ReadBytesAsync(2);
        Assert.True(head[1] >= 0x80, "a client masks what it sends");
        var length = head[1] & 0x7F;
        if (length == 126)
        {
            length = BinaryPrimitives.ReadUInt16BigEndian(await peer.ReadBytesAsync(2));
        }

        var mask = await peer.ReadBytesAsync(4);
        var payload = await peer.ReadBytesAsync(length);
        for (var i = 0; i < length; i++)
        {
            payload[i] ^= mask[i % 4];
        }

        return (head[0] & 0xF, Encoding.Latin1.GetString(payload));
    }
}

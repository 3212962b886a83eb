using System.Net.WebSockets;
using System.Security.Cryptography;
using System.Text;
using NasPubSub.Diagnostics;

namespace NasPubSub.Transport;

/// <summary>
/// Opens a WebSocket over a stream (RFC 6455). The class of the framework frames; the upgrade is ours, so that TLS has
/// the same options on every build.
/// </summary>
internal static class WebSocketUpgrade
{
    private const int MaxResponse = 16 * 1024;

    /// <exception cref="NasException">ProtocolError: the far end takes no WebSocket.</exception>
    public static async Task<Stream> StartAsync(Stream inner, NasServerAddress address, CancellationToken cancel)
    {
        var nonce = new byte[16];
        using (var random = RandomNumberGenerator.Create())
        {
            random.GetBytes(nonce);
        }

        var key = Convert.ToBase64String(nonce);
        var path = (address.Path.Length == 0 ? "/" : address.Path) + address.Query;
        var request =
            $"GET {path} HTTP/1.1\r\nHost: {address.HttpHost}:{address.Port}\r\n"
            + $"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n";
        var bytes = Encoding.ASCII.GetBytes(request);
        using (cancel.Register(inner.Dispose))
        {
            await inner.WriteAsync(bytes, 0, bytes.Length, cancel).ConfigureAwait(false);
            await inner.FlushAsync(cancel).ConfigureAwait(false);
            var response = await ReadHeadAsync(inner, cancel).ConfigureAwait(false);
            if (!IsUpgrade(response, Accept(key)))
            {
                var status = TerminalText.Excerpt(response.Split('\r', '\n')[0]);
                // A server may say what it was asked for.
                if (address.Query.Length > 0)
                {
                    status = status.Replace(address.Query, "?...");
                }
                // What a server with TLS says to a client without.
                var hint =
                    !address.IsTls && status.Contains(" 400 ", StringComparison.Ordinal)
                        ? " If it wants TLS, its address begins with wss://."
                        : "";
                throw new NasException(
                    NasError.ProtocolError,
                    $"'{address}' takes no WebSocket: it answered '{status}'.{hint}"
                )
                {
                    Target = address.ToString(),
                };
            }
        }
#if NETSTANDARD2_0
        var socket = WebSocket.CreateClientWebSocket(
            inner,
            null,
            64 * 1024,
            64 * 1024,
            Timeout.InfiniteTimeSpan,
            false,
            WebSocket.CreateClientBuffer(64 * 1024, 64 * 1024)
        );
#else
        var socket = WebSocket.CreateFromStream(inner, isServer: false, subProtocol: null, Timeout.InfiniteTimeSpan);
#endif
        return new WebSocketStream(socket);
    }

    /// <summary>Byte by byte: what follows the head belongs to the frames.</summary>
    private static async Task<string> ReadHeadAsync(Stream stream, CancellationToken cancel)
    {
        var head = new StringBuilder();
        var one = new byte[1];
        while (head.Length < MaxResponse)
        {
            if (await stream.ReadAsync(one, 0, 1, cancel).ConfigureAwait(false) == 0)
            {
                if (head.Length == 0)
                {
                    throw new EndOfStreamException();
                }

                break;
            }
            head.Append((char)one[0]);
            if (one[0] == '\n' && head.Length >= 4 && head[head.Length - 3] == '\n')
            {
                break;
            }
        }
        return head.ToString();
    }

    /// <summary>101, Upgrade, Connection and the right key, each in its own header (RFC 6455, 4.1).</summary>
    private static bool IsUpgrade(string head, string accept)
    {
        var lines = head.Split('\n').Select(l => l.TrimEnd('\r')).ToList();
        if (
            !head.EndsWith("\n\r\n", StringComparison.Ordinal)
            || !System.Text.RegularExpressions.Regex.IsMatch(lines[0], "^HTTP/1\\.1 101( |$)")
        )
        {
            return false;
        }

        string[] Values(string name) =>
            [
                .. lines
                    .Skip(1)
                    .Where(l => l.StartsWith(name + ":", StringComparison.OrdinalIgnoreCase))
                    .Select(l => l.Substring(name.Length + 1).Trim()),
            ];
        bool Has(string name, string token) =>
            Values(name)
                .SelectMany(v => v.Split(','))
                .Any(t => string.Equals(t.Trim(), token, StringComparison.OrdinalIgnoreCase));
        return Has("Upgrade", "websocket")
            && Has("Connection", "Upgrade")
            && Values("Sec-WebSocket-Accept").SequenceEqual([accept]);
    }

    private static string Accept(string key)
    {
#pragma warning disable CA5350 // SHA-1 is what RFC 6455 asks for
        using var sha = SHA1.Create();
        return Convert.ToBase64String(
            sha.ComputeHash(Encoding.ASCII.GetBytes(key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
        );
#pragma warning restore CA5350
    }
}

/// <summary>A WebSocket's binary messages as one stream of bytes.</summary>
internal sealed class WebSocketStream(WebSocket socket) : Stream
{
    public override bool CanRead => true;
    public override bool CanWrite => true;
    public override bool CanSeek => false;
    public override long Length => throw new NotSupportedException();
    public override long Position
    {
        get => throw new NotSupportedException();
        set => throw new NotSupportedException();
    }

    public override async Task<int> ReadAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken)
    {
        while (true)
        {
            var result = await socket
                .ReceiveAsync(new ArraySegment<byte>(buffer, offset, count), cancellationToken)
                .ConfigureAwait(false);
            if (result.MessageType == WebSocketMessageType.Close)
            {
                return 0;
            }
            // An empty frame is no end of the stream.
            if (result.Count > 0)
            {
                return result.Count;
            }
        }
    }

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken) =>
        socket.SendAsync(
            new ArraySegment<byte>(buffer, offset, count),
            WebSocketMessageType.Binary,
            true,
            cancellationToken
        );

#if !NETSTANDARD2_0
    public override async ValueTask<int> ReadAsync(Memory<byte> buffer, CancellationToken cancellationToken = default)
    {
        while (true)
        {
            var result = await socket.ReceiveAsync(buffer, cancellationToken).ConfigureAwait(false);
            if (result.MessageType == WebSocketMessageType.Close)
            {
                return 0;
            }

            if (result.Count > 0)
            {
                return result.Count;
            }
        }
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
        socket.SendAsync(buffer, WebSocketMessageType.Binary, true, cancellationToken);
#endif

    public override void Flush() { }

    public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            socket.Dispose();
        }

        base.Dispose(disposing);
    }
}

using NasPubSub.Client.Tests.Connection;
using NasPubSub.Client.Tests.Infrastructure;
using NasPubSub.TestServer;

namespace NasPubSub.Client.Tests.Tls;

/// <summary>NATS over WebSocket, plain and encrypted.</summary>
public sealed class WebSocketTests(CertificatesFixture fixture) : TlsTests(fixture)
{
    private static readonly NatsServerOptions Plain = new() { WebSocket = "no_tls: true" };

    [Fact]
    public async Task A_ws_address_connects_in_plain_text()
    {
        await using var server = await NatsServer.StartAsync(Plain);
        await using var connection = await ConnectAsync(server.WebSocketUrl, new());
        Assert.Equal(server.WebSocketUrl, connection.Server);
        await CarriesAsync(connection, isTls: false);
    }

    [Fact]
    public async Task A_wss_address_connects_with_TLS_and_the_CA_file()
    {
        await using var server = await ServeWebAsync();
        await using var connection = await ConnectAsync(Wss(server), Trusting);
        await CarriesAsync(connection);
    }

    [Fact]
    public async Task A_wss_servers_certificate_is_checked_as_any_other()
    {
        await using (var server = await ServeWebAsync())
        {
            await RefusedAsync(NasError.TlsFailed, Wss(server), new());
            await RefusedAsync(NasError.TlsFailed, Wss(server), new() { CaFile = Certificates.OtherCaFile });
            await using var unchecked_ = await ConnectAsync(Wss(server), new() { InsecureSkipCertificateCheck = true });
            await CarriesAsync(unchecked_);
        }

        await using var elsewhere = await ServeWebAsync(Certificates.WrongHost);
        Assert.Contains(
            "elsewhere.test",
            (await RefusedAsync(NasError.TlsFailed, Wss(elsewhere), Trusting)).Message,
            StringComparison.Ordinal
        );
        await using var connection = await ConnectAsync(
            Wss(elsewhere),
            Trusting with
            {
                ServerName = "elsewhere.test",
            }
        );
        await CarriesAsync(connection);
    }

    [Fact]
    public async Task Plain_and_encrypted_ends_that_meet_are_told()
    {
        await using var plain = await NatsServer.StartAsync(Plain);
        Assert.Contains(
            "take TLS on this port",
            (await RefusedAsync(NasError.TlsFailed, Wss(plain), Trusting)).Message,
            StringComparison.Ordinal
        );
        await RefusedAsync(NasError.TlsFailed, plain.WebSocketUrl, new() { Mode = NasTlsMode.Require });
        await using var secure = await ServeWebAsync();
        var refused = await RefusedAsync(NasError.ProtocolError, secure.WebSocketUrl, new());
        Assert.Contains("wss://", refused.Message, StringComparison.Ordinal);
        // The port for NATS itself is no web server, and the other way round.
        await RefusedAsync(NasError.ProtocolError, $"ws://127.0.0.1:{plain.Port}", new());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Many_and_large_messages_come_whole_and_in_order(bool isTls)
    {
        await using var server = isTls ? await ServeWebAsync() : await NatsServer.StartAsync(Plain);
        await using var connection = await ConnectAsync(
            isTls ? Wss(server) : server.WebSocketUrl,
            isTls ? Trusting : new()
        );
        var reader = new NumberedReader();
        await using var numbered = await connection.SubscribeAsync("numbered", reader.OnMessage);
        for (var i = 0; i < 20_000; i++)
        {
            await connection.PublishAsync("numbered", Numbered.Payload(i));
        }

        await Eventually.TrueAsync(() => reader.Last == 19_999, TimeSpan.FromSeconds(60));
        Assert.Equal((20_000, 0, 0), (reader.Received, reader.Corrupt, reader.OutOfOrder));

        await using var large = await connection.SubscribeAsync("large");
        for (var size = 64 * 1024 - 2; size <= 1024 * 1024; size = size * 2 + 1)
        {
            var payload = Large(size);
            await connection.PublishAsync("large", payload);
            var message = await large.ReadAsync().AsTask().WaitAsync(Eventually.DefaultDeadline);
            Assert.True(message!.Payload.AsSpan().SequenceEqual(payload), $"{size} bytes");
        }
    }

    [Fact]
    public async Task Frames_may_be_cut_anywhere_and_control_frames_stand_between()
    {
        await using var server = FakeServer.Start(async peer =>
        {
            await peer.AcceptWebSocketAsync();
            await peer.SendAsync(Frame(2, FakePeer.Info));
            var (opcode, hello) = await peer.ReadFrameAsync();
            Assert.Equal(2, opcode);
            Assert.StartsWith("CONNECT {", hello, StringComparison.Ordinal);
            await peer.SendAsync(Frame(2, "PO") + Frame(9, "are you there") + Frame(2, "") + Frame(2, "NG\r\n"));
            Assert.Equal((10, "are you there"), await peer.ReadFrameAsync());
            // The client's lines may come in any number of frames.
            var lines = "";
            while (
                !lines.Contains("SUB ", StringComparison.Ordinal)
                || !lines.Contains("PING\r\n", StringComparison.Ordinal)
            )
            {
                lines += (await peer.ReadFrameAsync()).Text;
            }

            await peer.SendAsync(Frame(2, "PONG\r\n"));
            var sid = lines.Split("SUB ")[1].Split("\r\n")[0].Split(' ')[^1];
            var conversation = string.Concat(
                Enumerable.Range(0, 50).Select(i => $"MSG cut {sid} {$"message {i}".Length}\r\nmessage {i}\r\n")
            );
            for (int at = 0, size = 1; at < conversation.Length; at += size, size = size % 13 + 1)
            {
                await peer.SendAsync(Frame(2, conversation.Substring(at, Math.Min(size, conversation.Length - at))));
            }
            // One message in three fragments.
            var last = $"MSG cut {sid} 4\r\nlast\r\n";
            await peer.SendAsync(
                Frame(2, last[..5], isFinal: false)
                    + Frame(0, last[5..9], isFinal: false)
                    + Frame(9, "")
                    + Frame(0, last[9..])
            );
            await peer.UntilClosedAsync();
        });
        await using var connection = await ConnectAsync($"ws://127.0.0.1:{server.Port}", new());
        await using var subscription = await connection.SubscribeAsync("cut");
        for (var i = 0; i < 50; i++)
        {
            Assert.Equal($"message {i}", await subscription.NextAsync());
        }

        Assert.Equal("last", await subscription.NextAsync());
        await connection.DisconnectAsync(drain: false);
        await server.CompletedAsync();
    }

    [Theory]
    [InlineData("HTTP/1.1 403 Forbidden\r\n\r\n", "403 Forbidden")]
    [InlineData(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: AAAAAAAAAAAAAAAAAAAAAAAAAAA=\r\n\r\n",
        "101"
    )]
    public async Task What_answers_otherwise_is_no_WebSocket(string answer, string says)
    {
        await using var server = FakeServer.Start(async peer =>
        {
            while (await peer.ReadLineAsync() != "")
            {
                ;
            }

            await peer.SendAsync(answer);
            await peer.UntilClosedAsync();
        });
        Assert.Contains(
            says,
            (await RefusedAsync(NasError.ProtocolError, $"ws://127.0.0.1:{server.Port}", new())).Message,
            StringComparison.Ordinal
        );
    }

    [Theory]
    [InlineData("upgrade: WebSocket\r\nCONNECTION: keep-alive, upgrade\r\nsec-websocket-accept:  KEY ", true)]
    [InlineData("Connection: Upgrade\r\nSec-WebSocket-Accept: KEY", false)]
    [InlineData("Upgrade: websocket\r\nSec-WebSocket-Accept: KEY", false)]
    [InlineData("Upgrade: h2c\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: KEY", false)]
    [InlineData("Upgrade: websocket\r\nConnection: close\r\nSec-WebSocket-Accept: KEY", false)]
    [InlineData("Upgrade: websocket\r\nConnection: Upgrade\r\nX-Other: KEY", false)]
    [InlineData("Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: KEYx", false)]
    [InlineData("Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: lower KEY", false)]
    public async Task An_upgrade_is_one_only_with_all_its_headers(string headers, bool isOne)
    {
        await using var server = FakeServer.Start(async peer =>
        {
            var key = (await peer.ExpectAsync("Sec-WebSocket-Key: "))[19..];
            while (await peer.ReadLineAsync() != "")
            {
                ;
            }

            var accept = WebSocketPeer.Accept(key);
            headers = headers.Contains("lower ", StringComparison.Ordinal)
                ? headers.Replace("lower KEY", accept.ToLowerInvariant())
                : headers;
            await peer.SendAsync($"HTTP/1.1 101 Switching Protocols\r\n{headers.Replace("KEY", accept)}\r\n\r\n");
            if (isOne)
            {
                await peer.SendAsync(Frame(2, FakePeer.Info + "PONG\r\n"));
            }

            await peer.UntilClosedAsync();
        });
        var url = $"ws://127.0.0.1:{server.Port}";
        if (!isOne)
        {
            await RefusedAsync(NasError.ProtocolError, url, new());
        }
        else
        {
            await (await ConnectAsync(url, new())).DisconnectAsync(drain: false);
        }
    }

    [Fact]
    public async Task A_WebSocket_that_breaks_before_it_is_logged_in_is_tried_again()
    {
        static async Task ServeAsync(FakePeer peer)
        {
            await peer.AcceptWebSocketAsync();
            await peer.SendAsync(Frame(2, FakePeer.Info));
            await peer.ReadFrameAsync();
            await peer.SendAsync(Frame(2, "PONG\r\n"));
        }

        await using var server = FakeServer.Start(
            ServeAsync,
            peer => peer.AcceptWebSocketAsync(),
            async peer =>
            {
                await peer.AcceptWebSocketAsync();
                await peer.SendAsync("no frame at all");
                await peer.UntilClosedAsync();
            },
            async peer =>
            {
                await ServeAsync(peer);
                await peer.UntilClosedAsync();
            }
        );
        await using var connection = await ConnectAsync($"ws://127.0.0.1:{server.Port}", new());
        await connection.ConnectedAsync(1);
        Assert.Equal(4, server.Connections);
        await connection.DisconnectAsync(drain: false);
    }

    [Fact]
    public async Task The_path_of_the_address_is_asked_for()
    {
        var request = "";
        await using var server = FakeServer.Start(async peer =>
        {
            request = await peer.ReadLineAsync();
            await peer.SendAsync("HTTP/1.1 404 Not Found\r\n\r\n");
        });
        await RefusedAsync(NasError.ProtocolError, $"ws://127.0.0.1:{server.Port}/nats/v1?x=y", new());
        Assert.Equal("GET /nats/v1?x=y HTTP/1.1", request);
    }

    [Fact]
    public async Task A_message_over_max_payload_is_refused_and_the_connection_lives()
    {
        await using var server = await NatsServer.StartAsync(Plain with { Config = "max_payload: 1000" });
        await using var connection = await ConnectAsync(server.WebSocketUrl, new());
        Assert.Equal(
            NasError.PayloadTooLarge,
            Assert.Throws<NasException>(() => connection.Publish("a", new byte[1001])).Error
        );
        await CarriesAsync(connection, isTls: false);
    }

    [Fact]
    public async Task Refused_credentials_are_told_over_WebSocket_too()
    {
        await using var server = await NatsServer.StartAsync(Plain with { Config = "authorization { token: right }" });
        await RefusedAsync(NasError.AuthenticationFailed, server.WebSocketUrl, new());
        await using var connection = await ConnectAsync($"ws://right@127.0.0.1:{server.WebSocketPort}", new());
        await CarriesAsync(connection, isTls: false);
    }

    private static byte[] Large(int size)
    {
        var payload = new byte[size];
        new Random(size).NextBytes(payload);
        return payload;
    }

    /// <summary>A server's frame (RFC 6455, 5.2): unmasked, below 64 KiB.</summary>
    private static string Frame(int opcode, string text, bool isFinal = true) =>
        text.Length < 126
            ? $"{(char)(opcode | (isFinal ? 0x80 : 0))}{(char)text.Length}{text}"
            : $"{(char)(opcode | (isFinal ? 0x80 : 0))}{(char)126}{(char)(text.Length >> 8)}{(char)(text.Length & 0xFF)}{text}";
}

using System.Collections.Concurrent;
using NasPubSub.Client.Tests.Connection;
using NasPubSub.Client.Tests.Infrastructure;
using NasPubSub.Connection;
using NasPubSub.TestServer;

namespace NasPubSub.Client.Tests.Tls;

/// <summary>
/// Somebody in the middle who has no certificate and takes TLS away, at each point of the conversation.
/// </summary>
public sealed class StrippedTlsTests(CertificatesFixture fixture) : TlsTests(fixture)
{
    private const string TlsInfo =
        """INFO {"server_id":"FAKE","version":"2.15.1","proto":1,"max_payload":1048576,"tls_required":true} """
        + "\r\n";

    private readonly ConcurrentQueue<string> _stolen = new();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_reconnect_without_TLS_gets_no_credentials(bool letsIn)
    {
        await using var server = FakeServer.Start(
            async peer =>
            {
                await TakeTlsAsync(peer, TlsInfo);
                await peer.ExpectAsync("CONNECT ");
                if (letsIn)
                {
                    await peer.SendAsync("PONG\r\n");
                }
            },
            StealAsync
        );
        await using var connection = Session($"tls://u:s3cret@127.0.0.1:{server.Port}");
        var events = new EventLog(connection);
        await connection.ConnectAsync();
        await Eventually.TrueAsync(() => server.Connections >= 3);
        Assert.Empty(_stolen);
        var failed = await events.WaitAsync(NasEventKind.ConnectAttemptFailed, letsIn ? 1 : 2);
        Assert.Equal(NasError.TlsFailed, Assert.IsType<NasException>(failed.Exception).Error);
    }

    [Fact]
    public async Task Any_option_of_TLS_asks_for_TLS()
    {
        await using var server = FakeServer.Start(StealAsync);
        foreach (
            var tls in new NasTlsOptions[]
            {
                new() { ServerName = "localhost" },
                new() { KeyFile = Certificates.Client.KeyFile },
                new() { CertificatePassword = "x" },
                new() { InsecureSkipCertificateCheck = true },
                new() { CheckRevocation = true },
            }
        )
        {
            await RefusedAsync(NasError.TlsFailed, $"nats://u:s3cret@127.0.0.1:{server.Port}", tls);
        }

        Assert.Empty(_stolen);
    }

    [Fact]
    public async Task One_tls_address_asks_for_TLS_everywhere()
    {
        await using var server = FakeServer.Start(StealAsync);
        string[] both = [$"nats://u:s3cret@127.0.0.1:{server.Port}", $"tls://127.0.0.1:{FreePort.Next()}"];
        await using var connection = new NasConnection(Quick.Options(both));
        await Clients.FailsAsync(NasError.TlsFailed, () => connection.ConnectAsync());
        connection.SetServers([$"nats://u:s3cret@127.0.0.1:{server.Port}"]);
        await Clients.FailsAsync(NasError.TlsFailed, () => connection.ConnectAsync());
        Assert.Empty(_stolen);
    }

    [Fact]
    public async Task Servers_named_in_plain_text_are_not_taken_up()
    {
        await using var thief = FakeServer.Start(StealAsync);
        await using var server = FakeServer.Start(
            async peer =>
            {
                await TakeTlsAsync(
                    peer,
                    Naming(TlsInfo, $"localhost:{thief.Port}", $"evil.test:{thief.Port}", "[::1]:4222")
                );
                await peer.ExpectAsync("CONNECT ");
                await peer.SendAsync("PONG\r\n");
            },
            StealAsync
        );
        await using var connection = Session($"nats://u:s3cret@127.0.0.1:{server.Port}");
        await connection.ConnectAsync();
        await Eventually.TrueAsync(() => server.Connections >= 3);
        Assert.Equal([server.Url], connection.Servers);
        Assert.Equal(0, thief.Connections);
        Assert.Empty(_stolen);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_server_named_inside_TLS_needs_TLS_whatever_its_scheme(bool lameDuck)
    {
        await using var thief = FakeServer.Start(StealAsync);
        await using var server = FakeServer.Start(
            async peer =>
            {
                await TakeTlsAsync(peer, TlsInfo);
                await peer.ExpectAsync("CONNECT ");
                var info = Naming(
                    TlsInfo,
                    $"nats://127.0.0.1:{thief.Port}",
                    $"ws://127.0.0.1:{thief.Port}",
                    $"tls://x:y@localhost:{thief.Port}"
                );
                await peer.SendAsync("PONG\r\n" + (lameDuck ? info.Replace("{", "{\"ldm\":true,") : info));
                if (lameDuck)
                {
                    await peer.UntilClosedAsync();
                }
                else
                {
                    await peer.SendAsync("PING\r\n");
                }
            },
            StealAsync
        );
        await using var connection = Session($"nats://u:s3cret@127.0.0.1:{server.Port}");
        await connection.ConnectAsync();
        await Eventually.TrueAsync(() => thief.Connections >= 2);
        Assert.Empty(_stolen);
        await connection.DisconnectAsync(drain: false);
    }

    [Fact]
    public async Task A_server_named_over_wss_is_spoken_to_over_wss()
    {
        await using var thief = FakeServer.Start(StealAsync);
        await using var server = FakeServer.Start(
            async peer =>
            {
                await peer.UseTlsAsync(Certificates.Server);
                await peer.AcceptWebSocketAsync();
                var info = Naming(TlsInfo, $"ws://127.0.0.1:{thief.Port}", $"nats://127.0.0.1:{thief.Port}");
                await peer.SendAsync($"\u0082~{(char)(info.Length >> 8)}{(char)(info.Length & 0xFF)}{info}");
                await peer.ReadFrameAsync();
                await peer.SendAsync("\u0082\u0006PONG\r\n");
            },
            StealAsync
        );
        await using var connection = Session($"wss://u:s3cret@127.0.0.1:{server.Port}/path?key=s3cret");
        await connection.ConnectAsync();
        Assert.DoesNotContain(
            "s3cret",
            string.Join(" ", [.. connection.Servers, connection.Server, $"{connection}"]),
            StringComparison.Ordinal
        );
        await Eventually.TrueAsync(() => thief.Connections >= 2 && server.Connections >= 3);
        Assert.Empty(_stolen);
    }

    [Fact]
    public async Task A_session_that_has_used_TLS_takes_nothing_else()
    {
        await using var server = FakeServer.Start(peer => TakeTlsAsync(peer, TlsInfo), StealAsync);
        var options = Options($"nats://u:s3cret@127.0.0.1:{server.Port}", Trusting);
        var address = NasServerAddress.Parse(options.Addresses[0]);
        // The tests' authorities are not the system's, so it takes an option of TLS to begin with.
        var session = new TlsDemand(new NasTlsOptions());
        Assert.False(session.IsMade);
        Task<Link> OpenAsync(NasTlsOptions tls) =>
            Handshake.OpenAsync(
                address,
                options with
                {
                    Tls = tls,
                },
                session,
                TimeSpan.FromSeconds(4),
                CancellationToken.None
            );
        await Clients.FailsAsync(NasError.ConnectFailed, () => OpenAsync(Trusting));
        Assert.True(session.IsMade);
        await Clients.FailsAsync(NasError.TlsFailed, () => OpenAsync(new()));
        await Clients.FailsAsync(NasError.InvalidOption, () => OpenAsync(new() { Mode = NasTlsMode.Off }));
        Assert.Empty(_stolen);
    }

    [Fact]
    public async Task Connections_that_a_session_makes_for_single_subscriptions_take_TLS_as_it_does()
    {
        await using var server = FakeServer.Start(
            async peer =>
            {
                await peer.HandshakeAsync();
                await peer.AnswerPingsAsync();
            },
            StealAsync
        );
        await using var connection = await Quick.ConnectAsync(Quick.Options(server.Url));
        connection.SetServers([$"tls://127.0.0.1:{FreePort.Next()}"]);
        connection.SetServers([$"nats://u:s3cret@127.0.0.1:{server.Port}"]);
        var waits = new NasSubscriptionOptions { Overflow = NasOverflow.Wait };
        await Clients.FailsAsync(NasError.TlsFailed, () => connection.SubscribeAsync("a", options: waits));
        Assert.Empty(_stolen);
    }

    [Theory]
    [InlineData("a.test:4222", "b.test:4222,10.0.0.1:4222,A.test:5,nonsense://x", "10.0.0.1:4222,A.test:5")]
    [InlineData("10.0.0.1:4222", "10.0.0.2:4222,10.0.0.1:5,b.test:4222", "10.0.0.1:5")]
    public void Named_in_plain_text_those_remain_that_must_prove_the_same_name(
        string given,
        string told,
        string expected
    ) => Assert.Equal(expected, string.Join(",", NasServerAddress.Parse(given).Provable(told.Split(','))));

    [Theory]
    [InlineData("tls://a.test", "nats://b.test:1", "tls://b.test:1")]
    [InlineData("nats://a.test", "tls://b.test:1", "tls://b.test:1")]
    [InlineData("wss://a.test", "ws://b.test:1", "wss://b.test:1")]
    [InlineData("wss://a.test", "nats://b.test:1", null)]
    [InlineData("tls://a.test", "ws://b.test:1", null)]
    public void A_server_is_never_named_to_less_than_the_one_that_names_it(
        string given,
        string told,
        string? expected
    ) => Assert.Equal(expected, NasServerAddress.Parse(given).Named(told)?.ToString());

    [Fact]
    public void A_plain_connection_names_nobody_to_a_session_that_takes_TLS_only()
    {
        var pool = new ServerPool(Quick.Options("nats://10.0.0.1:1"));
        pool.Replace(["tls://10.0.0.1:1"]);
        var info = NasServerInfo.Parse("""{"connect_urls":["evil.test:4222"]}"""u8);
        Assert.Empty(pool.Discover(info, NasServerAddress.Parse("nats://10.0.0.1:1"), isTls: false));
    }

    private NasConnection Session(string url) =>
        new(Options(url, Trusting) with { MaxReconnects = -1, RetryOnFailedConnect = true });

    private async Task TakeTlsAsync(FakePeer peer, string info)
    {
        await peer.SendAsync(info);
        await peer.UseTlsAsync(Certificates.Server);
    }

    /// <summary>Says nothing of TLS, and takes what it gets.</summary>
    private async Task StealAsync(FakePeer peer)
    {
        await peer.SendAsync(FakePeer.Info);
        try
        {
            while (true)
            {
                var line = await peer.ReadLineAsync();
                if (
                    line.Contains("CONNECT ", StringComparison.Ordinal)
                    || line.Contains("GET ", StringComparison.Ordinal)
                )
                {
                    _stolen.Enqueue(line);
                }
            }
        }
        catch (EndOfStreamException)
        {
            // The client left.
        }
    }

    private static string Naming(string info, params string[] urls) =>
        info.Replace("{", $$"""{"connect_urls":["{{string.Join("\",\"", urls)}}"],""");
}

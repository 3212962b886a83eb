using System.Diagnostics;
using NasPubSub.Client.Tests.Infrastructure;
using NasPubSub.TestServer;

namespace NasPubSub.Client.Tests.Connection;

/// <summary>The points of ADR-40, one test each, against real servers but for what a real one will not do.</summary>
public sealed class Adr40Tests
{
    private static readonly TimeSpan Long = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task Point01_Info_connect_ping_and_pong_come_before_connected_and_tls_is_kept_to()
    {
        await using var fake = FakeServer.Start(async peer =>
        {
            await peer.SendAsync(FakePeer.Info);
            Assert.StartsWith("CONNECT {", await peer.ReadLineAsync());
            Assert.Equal("PING", await peer.ReadLineAsync());
            await peer.SendAsync("INFO {\"server_id\":\"FAKE\",\"server_name\":\"second\",\"headers\":true}\r\nPONG\r\n");
            await peer.AnswerPingsAsync();
        });
        await using var connection = await Clients.Options(fake.Url).ConnectAsync();
        Assert.Equal("second", connection.ServerInfo!.Name);

        await using var plain = await NatsServer.StartAsync();
        await Clients.FailsAsync(NasError.TlsFailed, () => Clients.Options(plain.TlsUrl).ConnectAsync());
    }

    [Fact]
    public async Task Point02_Tls_first_shakes_hands_before_info()
    {
        using var certificates = TestCertificates.Create();
        await using var fake = FakeServer.Start(async peer =>
        {
            using var certificate = certificates.Server.Load();
            await peer.UseTlsAsync(certificate);
            await peer.HandshakeAsync();
            await peer.AnswerPingsAsync();
        });
        var options = Clients.Options(fake.Url) with { Tls = new() { Mode = NasTlsMode.First, CaFile = certificates.CaFile } };
        await using var connection = await options.ConnectAsync();
        Assert.True(connection.IsTls);
    }

    [Fact]
    public async Task Point03_Protocol_is_1_and_info_at_any_time_updates_server_and_pool()
    {
        var more = new TaskCompletionSource();
        await using var fake = FakeServer.Start(async peer =>
        {
            Assert.Contains("\"protocol\":1", await peer.HandshakeAsync());
            await more.Task;
            await peer.SendAsync("INFO {\"server_id\":\"FAKE\",\"server_name\":\"later\",\"headers\":true,\"connect_urls\":[\"127.0.0.1:1\",\"127.0.0.1:2\"]}\r\n");
            await peer.AnswerPingsAsync();
        });
        await using var connection = await Clients.Options(fake.Url).ConnectAsync();
        var events = connection.Record();
        more.SetResult();
        await events.SeenAsync(NasEventKind.ServersDiscovered);
        Assert.Equal("later", connection.ServerInfo!.Name);
        Assert.Contains("nats://127.0.0.1:1", connection.Servers);
    }

    [Fact]
    public async Task Point04_Discovered_servers_are_used_unless_ignored()
    {
        await using var cluster = await NatsCluster.StartAsync(2);
        var first = cluster.Servers[0];
        await using var open = await first.ConnectAsync();
        await using var ignoring = await first.ConnectAsync(o => o with { IgnoreDiscoveredServers = true });
        await Eventually.TrueAsync(() => open.Servers.Count == 2);
        Assert.Single(ignoring.Servers);
        await first.StopAsync();
        await Eventually.TrueAsync(() => open.IsConnected && open.Server!.EndsWith($":{cluster.Servers[1].Port}", StringComparison.Ordinal), Long);
        Assert.False(ignoring.IsConnected);
    }

    [Fact]
    public async Task Point05_Order_is_random_unless_kept()
    {
        await using var a = await NatsServer.StartAsync();
        await using var b = await NatsServer.StartAsync();
        for (var i = 0; i < 5; i++)
        {
            await using var kept = await (Clients.Options(a.Url, b.Url) with { KeepServerOrder = true }).ConnectAsync();
            Assert.Equal(a.Url, kept.Server);
        }
        var seen = new HashSet<string>();
        // By chance alone both are missed once in 2^39 runs.
        for (var i = 0; i < 40 && seen.Count < 2; i++)
        {
            await using var random = await Clients.Options(a.Url, b.Url).ConnectAsync();
            seen.Add(random.Server!);
        }
        Assert.Equal(2, seen.Count);
    }

    [ServerFact(Signals = true)]
    public async Task Point06_A_silent_server_is_noticed_by_pings()
    {
        Assert.Equal((TimeSpan.FromMinutes(2), 2), (new NasOptions().PingInterval, new NasOptions().MaxPingsOut));
        await using var server = await NatsServer.StartAsync();
        await using var connection = await server.ConnectAsync(o => o with { PingInterval = TimeSpan.FromMilliseconds(100) });
        var events = connection.Record();
        await server.PauseAsync();
        await events.SeenAsync(NasEventKind.Disconnected);
        await server.ResumeAsync();
        await events.SeenAsync(NasEventKind.Reconnected);
    }

    [Fact]
    public async Task Point07_The_first_reconnect_is_immediate_then_backs_off_and_subscriptions_return_with_what_is_left()
    {
        await using var server = await NatsServer.StartAsync();
        await using var proxy = TcpProxy.Start(server);
        await using var connection = await (Clients.Options(proxy.Url) with { ReconnectWait = TimeSpan.FromSeconds(30), ReconnectMaxWait = TimeSpan.FromSeconds(30) }).ConnectAsync();
        await using var sender = await server.ConnectAsync();
        var plain = await connection.SubscribeAsync("plain");
        var limited = await connection.SubscribeAsync("limited", maxMessages: 3);
        sender.Publish("limited", "1");
        await sender.FlushAsync();
        await limited.TakeAsync(1);

        var events = connection.Record();
        var clock = Stopwatch.StartNew();
        proxy.CutAll();
        await events.SeenAsync(NasEventKind.Reconnected);
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(5), "the first attempt waited");
        await connection.FlushAsync();
        for (var i = 2; i <= 5; i++) sender.Publish("limited", $"{i}");
        sender.Publish("plain", "back");
        await sender.FlushAsync();
        Assert.Equal("back", (await plain.TakeAsync(1))[0].Text);
        Assert.Equal(["2", "3"], (await limited.TakeAsync(9)).Select(m => m.Text));
        Assert.False(limited.IsActive);

        var delays = Enumerable.Range(1, 8).Select(round => new NasPubSub.Connection.Backoff(new NasOptions()).Delay(round).TotalMilliseconds).ToArray();
        Assert.InRange(delays[0], 75, 125);
        Assert.InRange(delays[3], 600, 1000);
        Assert.InRange(delays[7], 3750, 6250);
    }

    [Fact]
    public async Task Point08_A_silent_server_fails_the_connect_in_time_and_reconnects_have_a_maximum()
    {
        Assert.Equal(TimeSpan.FromSeconds(5), new NasOptions().ConnectTimeout);
        await using var fake = FakeServer.Start(peer => peer.StaySilentAsync());
        var clock = Stopwatch.StartNew();
        await Clients.FailsAsync(NasError.ConnectFailed, () => (Clients.Options(fake.Url) with { ConnectTimeout = TimeSpan.FromMilliseconds(300) }).ConnectAsync());
        Assert.InRange(clock.Elapsed.TotalSeconds, 0.25, 3);

        await using var server = await NatsServer.StartAsync();
        await using var connection = await server.ConnectAsync(o => o with { MaxReconnects = 2 });
        await server.KillAsync();
        await Eventually.TrueAsync(() => connection.State == NasConnectionState.Closed);
        Assert.Equal(NasError.ConnectFailed, Assert.IsType<NasException>(connection.LastError).Error);
    }

    [Fact]
    public async Task Point09_A_failed_first_connect_is_retried_only_when_asked()
    {
        await using var server = await NatsServer.StartAsync();
        await server.StopAsync();
        await Clients.FailsAsync(NasError.ConnectFailed, () => server.ConnectAsync());
        await using var connection = await server.ConnectAsync(o => o with { RetryOnFailedConnect = true });
        Assert.False(connection.IsConnected);
        var subscription = await connection.SubscribeAsync("early");
        connection.Publish("early", "bird");
        await server.RestartAsync();
        Assert.True(await connection.WaitConnectedAsync(Long));
        Assert.Equal("bird", (await subscription.TakeAsync(1))[0].Text);
    }

    [Fact]
    public async Task Point10_Own_delays_and_a_buffer_with_a_size()
    {
        await using var server = await NatsServer.StartAsync();
        var rounds = new List<int>();
        await using var connection = await server.ConnectAsync(o => o with
        {
            ReconnectBufferBytes = 1000,
            ReconnectDelay = round => { lock (rounds) rounds.Add(round); return TimeSpan.FromMilliseconds(10); },
        });
        await using var off = await server.ConnectAsync(o => o with { ReconnectBufferBytes = 0 });
        await server.KillAsync();
        await Eventually.TrueAsync(() => !connection.IsConnected && !off.IsConnected && rounds.Count >= 3);
        Assert.Equal([1, 2, 3], rounds.Take(3));
        connection.Publish("a", new byte[500]);
        await Clients.FailsAsync(NasError.BufferFull, () => connection.PublishAsync("a", new byte[500]).AsTask());
        await Clients.FailsAsync(NasError.BufferFull, () => { off.Publish("a", "x"); return Task.CompletedTask; });
    }

    [Fact]
    public async Task Point11_A_forced_reconnect_keeps_subscriptions()
    {
        await using var server = await NatsServer.StartAsync();
        await using var connection = await server.ConnectAsync();
        var subscription = await connection.SubscribeAsync("s");
        var before = connection.ServerInfo!.ClientId;
        await connection.ReconnectAsync();
        Assert.NotEqual(before, connection.ServerInfo!.ClientId);
        connection.Publish("s", "still");
        Assert.Equal("still", (await subscription.TakeAsync(1))[0].Text);
        Assert.Equal(1, connection.Statistics.Reconnects);
    }

    [Fact]
    public async Task Point12_The_pool_of_servers_can_be_replaced()
    {
        await using var a = await NatsServer.StartAsync();
        await using var b = await NatsServer.StartAsync();
        await using var connection = await a.ConnectAsync();
        connection.SetServers([b.Url]);
        Assert.Equal(a.Url, connection.Server);
        await connection.ReconnectAsync();
        Assert.Equal(b.Url, connection.Server);
    }

    [Fact]
    public async Task Point13_Changes_of_state_are_notified_in_order()
    {
        await using var server = await NatsServer.StartAsync();
        var connection = new NasConnection(Clients.Options(server.Url));
        var events = connection.Record();
        await connection.ConnectAsync();
        await server.KillAsync();
        await events.SeenAsync(NasEventKind.Disconnected);
        await server.RestartAsync();
        await events.SeenAsync(NasEventKind.Reconnected);
        await connection.DisconnectAsync();
        await events.SeenAsync(NasEventKind.Closed);
        Assert.Equal(
            [NasEventKind.Connected, NasEventKind.Disconnected, NasEventKind.Reconnected, NasEventKind.Closed],
            events.Select(e => e.Kind).Where(k => k is not NasEventKind.ConnectAttemptFailed));
    }

    [Fact]
    public async Task Point14_A_servers_ping_is_answered()
    {
        var answered = new TaskCompletionSource();
        await using var fake = FakeServer.Start(async peer =>
        {
            await peer.HandshakeAsync();
            await peer.SendAsync("PING\r\n");
            while (await peer.ReadLineAsync() is var line && line != "PONG")
                if (line == "PING") await peer.SendAsync("PONG\r\n");
            answered.SetResult();
            await peer.AnswerPingsAsync();
        });
        await using var connection = await Clients.Options(fake.Url).ConnectAsync();
        await connection.FlushAsync();
        await answered.Task.WaitAsync(Long);
    }

    [Fact]
    public async Task Point15_A_denied_subscription_ends_a_denied_publish_is_told_and_fails_its_request()
    {
        await using var server = await NatsServer.StartAsync("""
            authorization { users = [ { user: u, password: p, permissions: {
              publish: { deny: ["no.>"] }, subscribe: { deny: ["no.>"] } } } ] }
            """);
        await using var connection = await server.ConnectAsync(o => o with { Namespace = null, Credentials = NasCredentials.UserPassword("u", "p") });
        var events = connection.Record();
        await Clients.FailsAsync(NasError.PermissionDenied, () => connection.SubscribeAsync("no.way"));
        await Clients.FailsAsync(NasError.PermissionDenied, () => connection.SubscribeAsync("no.way", queueGroup: "q"));
        Assert.Empty(connection.Subscriptions);
        await events.SeenAsync(NasEventKind.Error);
        events.Clear();
        connection.Publish("no.entry", "x");
        await events.SeenAsync(NasEventKind.Error);
        var clock = Stopwatch.StartNew();
        await Clients.FailsAsync(NasError.PermissionDenied, () => connection.RequestAsync("no.answer", "x", Long).AsTask());
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(5));
        Assert.True(connection.IsConnected);
        await connection.FlushAsync();
    }

    [Fact]
    public async Task Point16_The_same_refusal_twice_stops_for_that_server_and_the_error_is_kept()
    {
        await using var server = await NatsServer.StartAsync("authorization { user: u, password: p }");
        await using var connection = await server.ConnectAsync(o => o with { Credentials = NasCredentials.UserPassword("u", "p") });
        await server.ReloadAsync("authorization { user: u, password: changed }");
        await Eventually.TrueAsync(() => connection.State == NasConnectionState.Closed, Long);
        Assert.Equal(NasError.AuthenticationFailed, Assert.IsType<NasException>(connection.LastError).Error);
        await Clients.FailsAsync(NasError.AuthenticationFailed, () => server.ConnectAsync());
    }

    [Fact]
    public async Task Point17_Too_many_connections_goes_on_trying_and_too_many_subscriptions_stays()
    {
        await using var server = await NatsServer.StartAsync("max_connections: 1\nmax_subscriptions: 2");
        var one = await server.ConnectAsync();
        await Clients.FailsAsync(NasError.LimitExceeded, () => server.ConnectAsync());
        await using var two = await server.ConnectAsync(o => o with { RetryOnFailedConnect = true });
        await one.DisconnectAsync();
        Assert.True(await two.WaitConnectedAsync(Long));

        var events = two.Record();
        for (var i = 0; i < 2; i++) await two.SubscribeAsync($"s.{i}");
        await Clients.FailsAsync(NasError.LimitExceeded, () => two.SubscribeAsync("s.3"));
        Assert.Equal(2, two.Subscriptions.Count);
        await events.SeenAsync(NasEventKind.Error);
        Assert.True(two.IsConnected);
        await two.FlushAsync();
    }

    [Fact]
    public async Task Point18_A_payload_over_the_limit_fails_here_and_what_follows_goes_through()
    {
        await using var server = await NatsServer.StartAsync("max_payload: 1000");
        await using var connection = await server.ConnectAsync();
        var subscription = await connection.SubscribeAsync("s");
        connection.Publish("s", new byte[1000]);
        await Clients.FailsAsync(NasError.PayloadTooLarge, () => connection.PublishAsync("s", new byte[1001]).AsTask());
        await Clients.FailsAsync(NasError.PayloadTooLarge, () => connection.PublishAsync("s", new byte[990], headers: new NasHeaders().Add("K", "v")).AsTask());
        connection.Publish("s", "after");
        Assert.Equal([1000, 5], (await subscription.TakeAsync(2)).Select(m => m.Size));
        Assert.Equal(0, connection.Statistics.Reconnects);
    }

    [Fact]
    public async Task Point19_Headers_are_the_servers_to_offer()
    {
        Assert.DoesNotContain(typeof(NasOptions).GetProperties(), p => p.Name.Contains("Header", StringComparison.Ordinal));
        await using var fake = FakeServer.Start(async peer =>
        {
            var connect = await peer.HandshakeAsync("INFO {\"server_id\":\"OLD\",\"version\":\"2.1.9\",\"max_payload\":1048576}\r\n");
            Assert.Contains("\"headers\":false", connect);
            Assert.Contains("\"no_responders\":false", connect);
            await peer.AnswerPingsAsync();
        });
        await using var connection = await Clients.Options(fake.Url).ConnectAsync();
        await Clients.FailsAsync(NasError.InvalidHeader, () => connection.PublishAsync("s", "x", headers: new NasHeaders().Add("K", "v")).AsTask());
        fake.ThrowIfFailed();
    }

    [Fact]
    public async Task Point20_Statistics_survive_reconnects()
    {
        await using var server = await NatsServer.StartAsync();
        await using var connection = await server.ConnectAsync();
        var subscription = await connection.SubscribeAsync("s");
        connection.Publish("s", "12345");
        connection.Publish("s", "123", headers: new NasHeaders().Add("K", "v"));
        await subscription.TakeAsync(2);
        await connection.ReconnectAsync();
        connection.Publish("s", "1");
        await subscription.TakeAsync(1);
        var headers = "NATS/1.0\r\nK: v\r\n\r\n".Length;
        var statistics = connection.Statistics;
        Assert.Equal((3, 3, 9 + headers, 9 + headers, 1), (statistics.MessagesIn, statistics.MessagesOut, statistics.BytesIn, statistics.BytesOut, statistics.Reconnects));
    }
}

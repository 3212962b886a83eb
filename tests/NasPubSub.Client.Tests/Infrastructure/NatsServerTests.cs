using System.Net.Sockets;
using NasPubSub.TestServer;

namespace NasPubSub.Client.Tests.Infrastructure;

public sealed class NatsServerTests
{
    [Fact]
    public async Task A_server_listens_and_ends_with_its_object()
    {
        int port;
        await using (var server = await NatsServer.StartAsync())
        {
            port = server.Port;
            Assert.StartsWith("INFO {", await FirstLineAsync(port), StringComparison.Ordinal);
            Assert.True(server.Version.Major >= 2);
        }

        await Assert.ThrowsAsync<SocketException>(() => FirstLineAsync(port));
    }

    [Fact]
    public async Task A_killed_server_comes_back_on_its_port()
    {
        await using var server = await NatsServer.StartAsync(new NatsServerOptions { JetStream = true });
        var port = server.Port;

        await server.KillAsync();
        Assert.False(server.IsRunning);
        await server.RestartAsync();

        Assert.Equal(port, server.Port);
        Assert.Contains("\"jetstream\":true", await FirstLineAsync(port), StringComparison.Ordinal);
    }

    [ServerFact(Signals = true)]
    public async Task A_reload_takes_a_new_configuration()
    {
        await using var server = await NatsServer.StartAsync("max_payload: 1000");
        await server.ReloadAsync("max_payload: 2000");
        Assert.Contains("\"max_payload\":2000", await FirstLineAsync(server.Port), StringComparison.Ordinal);
        await Assert.ThrowsAsync<NatsServerException>(() => server.ReloadAsync("max_payload: [nonsense"));
    }

    [Fact]
    public async Task A_server_that_cannot_start_says_why()
    {
        var failure = await Assert.ThrowsAsync<NatsServerException>(() => NatsServer.StartAsync("nonsense {"));
        Assert.Contains("Parse error", failure.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_serves_TLS_WebSocket_and_monitoring()
    {
        using var certificates = TestCertificates.Create();
        await using var server = await NatsServer.StartAsync(
            new NatsServerOptions
            {
                Config = certificates.TlsConfig(certificates.Server),
                WebSocket = "no_tls: true",
                Monitor = true,
            }
        );

        Assert.Contains("\"tls_required\":true", await FirstLineAsync(server.Port), StringComparison.Ordinal);
        using var http = new HttpClient();
        Assert.Contains(
            "server_id",
            await http.GetStringAsync(new Uri($"http://127.0.0.1:{server.MonitorPort}/varz")),
            StringComparison.Ordinal
        );
        using var web = new System.Net.WebSockets.ClientWebSocket();
        await web.ConnectAsync(new Uri(server.WebSocketUrl), CancellationToken.None);
    }

    [ServerFact(Signals = true)]
    public async Task A_paused_server_is_silent_and_a_lame_duck_says_so()
    {
        await using var server = await NatsServer.StartAsync("lame_duck_duration: 30s\nlame_duck_grace_period: 1s");
        await server.PauseAsync();
        var line = FirstLineAsync(server.Port);
        await server.ResumeAsync();
        Assert.StartsWith("INFO {", await line, StringComparison.Ordinal);
        await server.EnterLameDuckAsync();
    }

    [Fact]
    public async Task A_cluster_is_a_full_mesh_and_a_member_returns()
    {
        await using var cluster = await NatsCluster.StartAsync(3, new NatsServerOptions { JetStream = true });
        await cluster.Servers[1].KillAsync();
        await cluster.Servers[1].RestartAsync();
        Assert.StartsWith("INFO {", await FirstLineAsync(cluster.Servers[1].Port), StringComparison.Ordinal);
    }

    [ServerFact(Version = "2.9")]
    public async Task An_old_server_can_be_asked_for()
    {
        await using var server = await NatsServer.StartAsync(new NatsServerOptions { Version = "2.9" });
        Assert.Equal(9, server.Version.Minor);
    }

    [Fact]
    public void A_test_for_a_later_server_is_skipped_with_the_reason()
    {
        Assert.Null(new ServerFactAttribute { MinVersion = "1.0" }.Skip);
        Assert.Contains(
            "needs nats-server 99.0",
            new ServerFactAttribute { MinVersion = "99.0" }.Skip,
            StringComparison.Ordinal
        );
    }

    private static async Task<string> FirstLineAsync(int port)
    {
        using var client = new TcpClient();
        await client.ConnectAsync("127.0.0.1", port);
        using var reader = new StreamReader(client.GetStream());
        using var deadline = new CancellationTokenSource(Eventually.DefaultDeadline);
        return await reader.ReadLineAsync(deadline.Token) ?? "";
    }
}

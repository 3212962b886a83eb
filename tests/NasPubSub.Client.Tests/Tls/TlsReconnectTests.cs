using NasPubSub.Client.Tests.Connection;
using NasPubSub.TestServer;

namespace NasPubSub.Client.Tests.Tls;

/// <summary>Encrypted connections that break and come back, and certificates that are replaced under them.</summary>
public sealed class TlsReconnectTests(CertificatesFixture fixture) : TlsTests(fixture)
{
    [Fact]
    public async Task A_killed_server_is_come_back_to_over_TLS()
    {
        await using var server = await ServeAsync();
        await ComesBackAsync(server, server.TlsUrl);
    }

    [Fact]
    public async Task A_killed_server_is_come_back_to_over_wss()
    {
        await using var server = await ServeWebAsync();
        await ComesBackAsync(server, Wss(server));
    }

    [Theory]
    [InlineData("tls")]
    [InlineData("ws")]
    [InlineData("wss")]
    public async Task A_handshake_cut_anywhere_is_tried_again(string scheme)
    {
        await using var server =
            scheme == "tls" ? await ServeAsync()
            : scheme == "wss" ? await ServeWebAsync()
            : await NatsServer.StartAsync(new NatsServerOptions { WebSocket = "no_tls: true" });
        await using var proxy = TcpProxy.Start(scheme == "tls" ? server.Port : server.WebSocketPort);
        var tls = scheme == "ws" ? new() : Trusting;
        await using var connection = await Quick.ConnectAsync(
            Options($"{scheme}://127.0.0.1:{proxy.Port}", tls) with
            {
                MaxReconnects = -1,
                IgnoreDiscoveredServers = true,
            }
        );
        var handshake = proxy.BytesToClient;
        for (var bytes = 0L; bytes < handshake; bytes += 1 + handshake / 40)
        {
            var (reconnects, connections) = (connection.Statistics.Reconnects, proxy.Connections);
            proxy.CutAfterToClient(bytes);
            proxy.CutAll();
            await Eventually.TrueAsync(
                () =>
                    connection.IsConnected
                    && connection.Statistics.Reconnects > reconnects
                    && proxy.Connections >= connections + 2,
                explain: () => $"after {bytes} bytes: {connection}, {connection.LastError}"
            );
        }

        await CarriesAsync(connection, tls.CaFile is not null);
    }

    [ServerFact(Signals = true)]
    public async Task A_reload_with_certificates_of_another_CA_is_followed_when_the_CA_file_is_replaced()
    {
        using var old = TestCertificates.Create();
        using var renewed = TestCertificates.Create();
        await using var server = await NatsServer.StartAsync(old.TlsConfig(old.Server, verifyClients: true));
        var tls = new NasTlsOptions
        {
            CaFile = old.CaFile,
            CertificateFile = old.Client.PfxFile,
            CertificatePassword = TestCertificates.PfxPassword,
        };
        await using var connection = await ConnectAsync(server.Url, tls);
        await using var subscription = await connection.SubscribeAsync("a");
        var events = new EventLog(connection);

        // What is connected stays so; the next connect meets the new certificate.
        await server.ReloadAsync(renewed.TlsConfig(renewed.Server, verifyClients: true));
        await CarriesAsync(connection);
        Assert.Equal(0, connection.Statistics.Reconnects);
        var reconnected = connection.ReconnectAsync();
        var failed = await events.WaitAsync(NasEventKind.ConnectAttemptFailed, 2);
        Assert.Equal(NasError.TlsFailed, Assert.IsType<NasException>(failed.Exception).Error);
        Assert.False(connection.IsConnected);

        // Files are read anew at each attempt, whatever stage of their replacement it meets.
        File.Copy(renewed.CaFile, old.CaFile, overwrite: true);
        File.Copy(renewed.Client.PfxFile, old.Client.PfxFile, overwrite: true);
        await reconnected;
        await CarriesAsync(connection);
        connection.Publish("a", "after");
        Assert.Equal("after", await subscription.NextAsync());
    }

    [Fact]
    public async Task A_restart_with_new_certificates_of_the_same_CA_is_followed()
    {
        using var certificates = TestCertificates.Create();
        await using var server = await NatsServer.StartAsync(certificates.TlsConfig(certificates.Server));
        await using var connection = await ConnectAsync(server.Url, new() { CaFile = certificates.CaFile });
        File.Copy(certificates.ChainedServer.CertificateFile, certificates.Server.CertificateFile, overwrite: true);
        File.Copy(certificates.ChainedServer.KeyFile, certificates.Server.KeyFile, overwrite: true);
        await server.RestartAsync();
        await connection.ConnectedAsync(1);
        await CarriesAsync(connection);
    }

    [Fact]
    public async Task A_certificate_that_has_expired_meanwhile_keeps_the_connection_from_coming_back()
    {
        using var certificates = TestCertificates.Create();
        await using var server = await NatsServer.StartAsync(certificates.TlsConfig(certificates.Server));
        await using var connection = new NasConnection(
            Options(server.Url, new() { CaFile = certificates.CaFile }) with
            {
                MaxReconnects = -1,
            }
        );
        var events = new EventLog(connection);
        await connection.ConnectAsync();
        File.Copy(certificates.Expired.CertificateFile, certificates.Server.CertificateFile, overwrite: true);
        File.Copy(certificates.Expired.KeyFile, certificates.Server.KeyFile, overwrite: true);
        await server.StopAsync();
        await events.WaitAsync(NasEventKind.Disconnected);
        connection.SetServers([server.Url]);
        await server.RestartAsync();
        await Eventually.TrueAsync(
            () => connection.LastError is NasException { Error: NasError.TlsFailed },
            explain: events.ToString
        );
        Assert.Contains("expired", connection.LastError!.Message, StringComparison.Ordinal);
        Assert.False(connection.IsConnected);
    }

    /// <summary>
    /// Killed and started twice: each time the subscription is back, and what was published meanwhile comes.
    /// </summary>
    private async Task ComesBackAsync(NatsServer server, string url)
    {
        await using var connection = await ConnectAsync(url, Trusting);
        var reader = new NumberedReader();
        await using var subscription = await connection.SubscribeAsync("a", reader.OnMessage);
        var sent = 0;
        for (var kill = 1; kill <= 2; kill++)
        {
            await server.KillAsync();
            await Eventually.TrueAsync(() => !connection.IsConnected);
            for (var i = 0; i < 500; i++)
            {
                connection.Publish("a", Numbered.Payload(sent++));
            }

            await server.RestartAsync();
            await connection.ConnectedAsync(kill);
            await Eventually.TrueAsync(() => reader.Last == sent - 1);
            await CarriesAsync(connection);
        }

        Assert.Equal((sent, 0, 0), (reader.Received, reader.Corrupt, reader.OutOfOrder));
    }
}

using System.Text;
using NasPubSub.Client.Tests.Connection;
using NasPubSub.Connection;
using NasPubSub.TestServer;

namespace NasPubSub.Client.Tests.Tls;

/// <summary>
/// Servers of a cluster make themselves known by numbers, and their certificates are made out to names.
/// </summary>
public sealed class TlsClusterTests(CertificatesFixture fixture) : TlsTests(fixture)
{
    [Fact]
    public async Task A_server_known_by_its_number_is_checked_for_the_name_first_connected_to()
    {
        await using var cluster = await NatsCluster.StartAsync(
            2,
            new NatsServerOptions { Config = Certificates.TlsConfig(Certificates.ByName) }
        );
        var (first, second) = (cluster.Servers[0], cluster.Servers[1]);
        // By the number alone it is refused: the certificate has none.
        await RefusedAsync(NasError.TlsFailed, second.TlsUrl, Trusting);

        await using var connection = await ConnectAsync(Localhost(first), Trusting);
        await Eventually.TrueAsync(
            () => connection.Servers.Contains(second.TlsUrl),
            explain: () => string.Join(", ", connection.Servers)
        );
        await first.KillAsync();
        await connection.ConnectedAsync(1);
        Assert.Equal(second.TlsUrl, connection.Server);
        await CarriesAsync(connection);

        // And back: the second one told of the first, by its number too.
        await first.RestartAsync();
        await cluster.MeshedAsync();
        await second.KillAsync();
        await connection.ConnectedAsync(2);
        await CarriesAsync(connection);
    }

    [Fact]
    public async Task The_same_goes_for_wss()
    {
        await using var cluster = await NatsCluster.StartAsync(
            2,
            new NatsServerOptions { WebSocket = Certificates.TlsConfig(Certificates.ByName) }
        );
        var (first, second) = (cluster.Servers[0], cluster.Servers[1]);
        await using var connection = await ConnectAsync($"wss://localhost:{first.WebSocketPort}", Trusting);
        await Eventually.TrueAsync(
            () => connection.Servers.Contains(Wss(second)),
            explain: () => string.Join(", ", connection.Servers)
        );
        await first.KillAsync();
        await connection.ConnectedAsync(1);
        Assert.Equal(Wss(second), connection.Server);
        await CarriesAsync(connection);
    }

    [Theory]
    [InlineData("tls://a.test:4222", "10.0.0.2:4222", "a.test")]
    [InlineData("tls://a.test:4222", "[::2]:4222", "a.test")]
    [InlineData("tls://a.test:4222", "b.test:4222", "b.test")]
    [InlineData("tls://10.0.0.1:4222", "10.0.0.2:4222", "10.0.0.2")]
    [InlineData("tls://10.0.0.1:4222", "b.test:4222", "b.test")]
    [InlineData("wss://a.test:443", "10.0.0.2:443", "a.test")]
    public void What_a_servers_certificate_must_be_made_out_to(string given, string told, string expected)
    {
        var pool = new ServerPool(Quick.Options(given));
        var urls = $$"""{"connect_urls":["{{told}}"]}""";
        var found = Assert.Single(
            pool.Discover(NasServerInfo.Parse(Encoding.UTF8.GetBytes(urls)), NasServerAddress.Parse(given), isTls: true)
        );
        Assert.Equal(expected, found.TlsHost);
    }
}

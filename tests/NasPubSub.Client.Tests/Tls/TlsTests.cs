using NasPubSub.Client.Tests.Connection;
using NasPubSub.Client.Tests.Infrastructure;
using NasPubSub.TestServer;

namespace NasPubSub.Client.Tests.Tls;

/// <summary>One set of certificates for a class of tests.</summary>
public sealed class CertificatesFixture : IDisposable
{
    public TestCertificates Certificates { get; } = TestCertificates.Create();

    public void Dispose() => Certificates.Dispose();
}

/// <summary>Tests against servers with TLS.</summary>
public abstract class TlsTests(CertificatesFixture fixture) : IClassFixture<CertificatesFixture>
{
    protected TestCertificates Certificates => fixture.Certificates;

    /// <summary>Trusts the CA of the tests.</summary>
    private protected NasTlsOptions Trusting => new() { CaFile = Certificates.CaFile };

    /// <param name="certificate">What the server shows; that for 127.0.0.1 and localhost unless told.</param>
    /// <param name="verify">Does it want clients' certificates?</param>
    /// <param name="more">More for the tls block.</param>
    /// <param name="beside">More for the configuration.</param>
    private protected Task<NatsServer> ServeAsync(
        CertificateFiles? certificate = null,
        bool verify = false,
        string more = "",
        string beside = ""
    ) =>
        NatsServer.StartAsync(Certificates.TlsConfig(certificate ?? Certificates.Server, verify, more) + "\n" + beside);

    /// <summary>A server with TLS for WebSocket alone.</summary>
    private protected Task<NatsServer> ServeWebAsync(CertificateFiles? certificate = null, bool verify = false) =>
        NatsServer.StartAsync(
            new NatsServerOptions { WebSocket = Certificates.TlsConfig(certificate ?? Certificates.Server, verify) }
        );

    private protected static NasOptions Options(string url, NasTlsOptions tls) => Quick.Options(url) with { Tls = tls };

    private protected static Task<NasConnection> ConnectAsync(string url, NasTlsOptions tls) =>
        Quick.ConnectAsync(Options(url, tls));

    /// <summary>A connect that must fail, well before the connect timeout.</summary>
    private protected static async Task<NasException> RefusedAsync(NasError error, string url, NasTlsOptions tls)
    {
        var watch = System.Diagnostics.Stopwatch.StartNew();
        var thrown = await Clients.FailsAsync(
            error,
            () => ConnectAsync(url, tls).WaitAsync(Eventually.DefaultDeadline)
        );
        Assert.InRange(watch.Elapsed.TotalSeconds, 0, 4);
        return thrown;
    }

    private protected static string Localhost(NatsServer server, string scheme = "tls") =>
        $"{scheme}://localhost:{server.Port}";

    private protected static string Wss(NatsServer server) => $"wss://127.0.0.1:{server.WebSocketPort}";

    /// <summary>Messages go both ways over an encrypted connection.</summary>
    private protected static async Task CarriesAsync(NasConnection connection, bool isTls = true)
    {
        Assert.Equal(isTls, connection.IsTls);
        var subject = "tls." + Guid.NewGuid().ToString("N");
        await using var subscription = await connection.SubscribeAsync(subject);
        connection.Publish(subject, "safe");
        Assert.Equal("safe", await subscription.NextAsync());
    }
}

using NasPubSub.TestServer;

namespace NasPubSub.Client.Tests.Tls;

/// <summary>Who asks for TLS, who has it, and what comes of it.</summary>
public sealed class TlsModeTests(CertificatesFixture fixture) : TlsTests(fixture)
{
    [Fact]
    public async Task A_server_that_requires_TLS_gets_it()
    {
        await using var server = await ServeAsync();
        await using var connection = await ConnectAsync(server.Url, Trusting);
        Assert.True(connection.ServerInfo!.TlsRequired);
        await CarriesAsync(connection);
    }

    [Fact]
    public async Task A_server_that_offers_TLS_gives_it_to_a_client_that_requires_it()
    {
        await using var server = await ServeAsync(beside: "allow_non_tls: true");
        await using (var plain = await ConnectAsync(server.Url, new()))
        {
            Assert.True(plain.ServerInfo!.TlsAvailable && !plain.ServerInfo.TlsRequired);
            await CarriesAsync(plain, isTls: false);
        }

        await using var secure = await ConnectAsync(server.Url, Trusting with { Mode = NasTlsMode.Require });
        await CarriesAsync(secure);
    }

    [Fact]
    public async Task A_client_that_requires_TLS_refuses_a_server_without()
    {
        await using var server = await NatsServer.StartAsync();
        var refused = await RefusedAsync(NasError.TlsFailed, server.Url, new() { Mode = NasTlsMode.Require });
        Assert.Contains("required by the TLS mode", refused.Message, StringComparison.Ordinal);
        Assert.Contains("does not support it", refused.Message, StringComparison.Ordinal);
        Assert.Equal(server.Url, refused.Target);
    }

    [Fact]
    public async Task A_tls_address_asks_for_TLS()
    {
        await using var server = await ServeAsync(beside: "allow_non_tls: true");
        await using var connection = await ConnectAsync(server.TlsUrl, Trusting);
        await CarriesAsync(connection);
        await using var plain = await NatsServer.StartAsync();
        Assert.Contains(
            "required by its address",
            (await RefusedAsync(NasError.TlsFailed, plain.TlsUrl, new())).Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task A_CA_file_or_a_client_certificate_asks_for_TLS()
    {
        // Or a server in the middle that leaves tls_required out of INFO would get the password in plain text.
        await using var server = await NatsServer.StartAsync();
        Assert.Contains(
            "required by a TLS option",
            (await RefusedAsync(NasError.TlsFailed, server.Url, Trusting)).Message,
            StringComparison.Ordinal
        );
        await RefusedAsync(
            NasError.TlsFailed,
            server.Url,
            new() { CertificateFile = Certificates.Client.CertificateFile, KeyFile = Certificates.Client.KeyFile }
        );
        using var certificate = Certificates.Client.Load();
        await RefusedAsync(NasError.TlsFailed, server.Url, new() { Certificate = certificate });
        await using var off = await ConnectAsync(server.Url, Trusting with { Mode = NasTlsMode.Off });
        await CarriesAsync(off, isTls: false);
    }

    [Fact]
    public async Task A_client_that_forbids_TLS_uses_what_a_server_offers_without_and_refuses_one_that_requires_it()
    {
        var off = new NasTlsOptions { Mode = NasTlsMode.Off };
        await using var offering = await ServeAsync(beside: "allow_non_tls: true");
        await using var connection = await ConnectAsync(offering.Url, off);
        await CarriesAsync(connection, isTls: false);
        await using var requiring = await ServeAsync();
        Assert.Contains(
            "requires TLS",
            (await RefusedAsync(NasError.TlsFailed, requiring.Url, off)).Message,
            StringComparison.Ordinal
        );
        // The address asks for what the options forbid: neither is guessed to be meant.
        Assert.Contains(
            "forbid",
            (await RefusedAsync(NasError.InvalidOption, offering.TlsUrl, off)).Message,
            StringComparison.Ordinal
        );
        Assert.Contains(
            "forbid",
            (await RefusedAsync(NasError.InvalidOption, $"wss://127.0.0.1:{offering.Port}", off)).Message,
            StringComparison.Ordinal
        );
    }
}

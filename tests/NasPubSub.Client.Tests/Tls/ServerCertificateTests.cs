using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using NasPubSub.Client.Tests.Connection;
using NasPubSub.Client.Tests.Infrastructure;
using NasPubSub.TestServer;

namespace NasPubSub.Client.Tests.Tls;

/// <summary>Which servers' certificates are trusted, and what is said of those that are not.</summary>
public sealed class ServerCertificateTests(CertificatesFixture fixture) : TlsTests(fixture)
{
    [Fact]
    public async Task A_certificate_of_the_CA_file_is_trusted()
    {
        await using var server = await ServeAsync();
        await using var connection = await ConnectAsync(Localhost(server), Trusting);
        await CarriesAsync(connection);
    }

    [Fact]
    public async Task A_CA_file_may_hold_several_authorities_and_words_between_them()
    {
        var bundle = Path.Combine(Certificates.Folder, "bundle.pem");
        File.WriteAllText(
            bundle,
            "# ours\r\n"
                + File.ReadAllText(Certificates.OtherCaFile)
                + "\nand the next\n"
                + File.ReadAllText(Certificates.CaFile)
        );
        await using var server = await ServeAsync();
        await using var connection = await ConnectAsync(server.TlsUrl, new() { CaFile = bundle });
        await CarriesAsync(connection);
    }

    [Fact]
    public async Task A_certificate_by_an_intermediate_of_the_CA_is_trusted()
    {
        await using var server = await ServeAsync(Certificates.ChainedServer);
        await using var connection = await ConnectAsync(server.TlsUrl, Trusting);
        await CarriesAsync(connection);
    }

    [Fact]
    public async Task A_CA_file_may_hold_only_the_intermediate_that_issued_the_certificate()
    {
        var tls = new NasTlsOptions { CaFile = Certificates.IntermediateCaFile };
        await using var server = await ServeAsync(Certificates.ChainedServer);
        await using var connection = await ConnectAsync(server.TlsUrl, tls);
        await CarriesAsync(connection);
        // Another authority's, and the root's own, are not this intermediate's.
        await using var other = await ServeAsync();
        await RefusedAsync(NasError.TlsFailed, other.TlsUrl, tls);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_certificate_that_only_claims_to_be_of_the_intermediate_is_refused(bool isExpired)
    {
        await using var server = FakeServer.Start(async peer =>
        {
            await peer.SendAsync(FakePeer.Info.Replace("{", "{\"tls_required\":true,"));
            await peer.UseTlsAsync(isExpired ? Certificates.ForgedExpired : Certificates.Forged);
        });
        await RefusedAsync(
            NasError.TlsFailed,
            $"tls://127.0.0.1:{server.Port}",
            new() { CaFile = Certificates.IntermediateCaFile }
        );
    }

    [Fact]
    public async Task The_dot_at_the_end_of_a_full_name_is_no_part_of_it_in_TLS()
    {
        await using var server = await ServeAsync(Certificates.ByName);
        var options = Options($"tls://localhost.:{server.Port}", Trusting) with
        {
            Resolver = _ => Task.FromResult(new[] { System.Net.IPAddress.Loopback }),
        };
        await using var connection = await Quick.ConnectAsync(options);
        await CarriesAsync(connection);
        await using var named = await ConnectAsync(server.TlsUrl, Trusting with { ServerName = "localhost." });
        await CarriesAsync(named);
    }

    [Fact]
    public async Task A_certificate_of_another_CA_is_refused_and_the_message_says_what_to_do()
    {
        await using var server = await ServeAsync();
        var refused = await RefusedAsync(
            NasError.TlsFailed,
            server.TlsUrl,
            new() { CaFile = Certificates.OtherCaFile }
        );
        Assert.Contains("not trusted", refused.Message, StringComparison.Ordinal);
        Assert.Contains(Certificates.OtherCaFile, refused.Message, StringComparison.Ordinal);
        Assert.Contains("CN=NasPubSub test CA", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_certificate_of_no_CA_the_system_knows_is_refused_and_the_message_says_what_to_do()
    {
        await using var server = await ServeAsync();
        var refused = await RefusedAsync(NasError.TlsFailed, server.TlsUrl, new());
        Assert.Contains("not trusted", refused.Message, StringComparison.Ordinal);
        Assert.Contains("CaFile", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_certificate_for_another_host_is_refused_and_the_message_says_what_to_do()
    {
        await using var server = await ServeAsync(Certificates.WrongHost);
        var refused = await RefusedAsync(NasError.TlsFailed, server.TlsUrl, Trusting);
        Assert.Contains("'127.0.0.1'", refused.Message, StringComparison.Ordinal);
        Assert.Contains("elsewhere.test", refused.Message, StringComparison.Ordinal);
        Assert.Contains("ServerName", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_server_name_option_says_which_host_the_certificate_is_for()
    {
        await using var server = await ServeAsync(Certificates.WrongHost);
        await using var connection = await ConnectAsync(server.TlsUrl, Trusting with { ServerName = "elsewhere.test" });
        await CarriesAsync(connection);
        await using var right = await ServeAsync();
        await RefusedAsync(NasError.TlsFailed, right.TlsUrl, Trusting with { ServerName = "elsewhere.test" });
    }

    [Fact]
    public async Task An_expired_certificate_is_refused()
    {
        await using var server = await ServeAsync(Certificates.Expired);
        var refused = await RefusedAsync(NasError.TlsFailed, server.TlsUrl, Trusting);
        Assert.Contains("expired", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_certificate_that_only_proves_clients_proves_no_server()
    {
        await using var server = await ServeAsync(Certificates.NotAServer);
        Assert.Contains(
            "not trusted",
            (await RefusedAsync(NasError.TlsFailed, server.TlsUrl, Trusting)).Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public async Task Nothing_but_the_option_whose_name_says_so_turns_the_check_off()
    {
        await using var expired = await ServeAsync(Certificates.Expired);
        await using var elsewhere = await ServeAsync(Certificates.WrongHost);
        foreach (var server in new[] { expired, elsewhere })
        {
            foreach (var mode in new[] { NasTlsMode.Auto, NasTlsMode.Require })
            {
                await RefusedAsync(
                    NasError.TlsFailed,
                    server.Url,
                    Trusting with
                    {
                        Mode = mode,
                        ServerName = "localhost",
                    }
                );
                await RefusedAsync(NasError.TlsFailed, server.Url, new() { Mode = mode });
            }

            await using var connection = await ConnectAsync(server.Url, new() { InsecureSkipCertificateCheck = true });
            await CarriesAsync(connection);
        }
    }

    [Theory]
    [InlineData("nowhere.pem", null)]
    [InlineData("empty.pem", "")]
    [InlineData("broken.pem", "-----BEGIN CERTIFICATE-----\nnonsense\n-----END CERTIFICATE-----")]
    [InlineData("cut.pem", "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----")]
    public async Task A_CA_file_that_cannot_be_used_is_told_by_its_name(string name, string? text)
    {
        var path = Path.Combine(Certificates.Folder, name);
        if (text is not null)
        {
            File.WriteAllText(path, text);
        }

        await using var server = await ServeAsync();
        var refused = await RefusedAsync(NasError.InvalidOption, server.Url, new() { CaFile = path });
        Assert.Equal(path, refused.Target);
        Assert.Contains(path, refused.Message, StringComparison.Ordinal);
    }
}

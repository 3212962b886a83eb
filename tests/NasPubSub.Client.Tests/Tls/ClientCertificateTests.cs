using NasPubSub.Client.Tests.Infrastructure;
using NasPubSub.TestServer;

namespace NasPubSub.Client.Tests.Tls;

/// <summary>Servers that want to see a client's certificate.</summary>
public sealed class ClientCertificateTests(CertificatesFixture fixture) : TlsTests(fixture)
{
    private const string Password = TestCertificates.PfxPassword;

    private CertificateFiles Client => Certificates.Client;

    [Fact]
    public async Task PEM_certificate_and_key_in_two_files()
    {
        await LetsInAsync(Trusting with { CertificateFile = Client.CertificateFile, KeyFile = Client.KeyFile });
    }

    [Fact]
    public async Task PEM_certificate_and_key_in_one_file()
    {
        var both = Path.Combine(Certificates.Folder, "both.pem");
        File.WriteAllText(both, File.ReadAllText(Client.KeyFile) + "\n" + File.ReadAllText(Client.CertificateFile));
        await LetsInAsync(Trusting with { CertificateFile = both });
    }

    [Fact]
    public async Task PEM_key_that_is_encrypted()
    {
        await LetsInAsync(
            Trusting with
            {
                CertificateFile = Client.CertificateFile,
                KeyFile = Client.EncryptedKeyFile,
                CertificatePassword = Password,
            }
        );
    }

    [Fact]
    public async Task PEM_key_that_needs_no_password_takes_none()
    {
        await LetsInAsync(
            Trusting with
            {
                CertificateFile = Client.CertificateFile,
                KeyFile = Client.KeyFile,
                CertificatePassword = Password,
            }
        );
    }

    [Fact]
    public async Task PFX_with_a_password()
    {
        await LetsInAsync(Trusting with { CertificateFile = Client.PfxFile, CertificatePassword = Password });
    }

    [Fact]
    public async Task Certificate_object()
    {
        using var certificate = Client.Load();
        var tls = Trusting with { Certificate = certificate };
        await LetsInAsync(tls);
        // It is the user's, and not used up by a connect.
        await LetsInAsync(tls);
    }

    /// <summary>On Windows, .NET showed it on the next one too.</summary>
    [Fact(Skip = Wine.NoEndOfResumption, SkipWhen = nameof(Wine.IsHere), SkipType = typeof(Wine))]
    public async Task A_certificate_is_shown_on_its_own_connection_only()
    {
        await using var server = await ServeAsync(verify: true);
        var shown = Trusting with { CertificateFile = Client.PfxFile, CertificatePassword = Password };
        await using var connection = await ConnectAsync(server.Url, shown);
        await RefusedAsync(NasError.TlsFailed, server.Url, Trusting);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Intermediates_beside_the_certificate_are_shown_too(bool pem)
    {
        Assert.SkipWhen(Wine.IsHere && !pem, Wine.NoIntermediates);
        var chained = Certificates.ChainedClient;
        await LetsInAsync(
            pem
                ? Trusting with
                {
                    CertificateFile = chained.CertificateFile,
                    KeyFile = chained.KeyFile,
                }
                : Trusting with
                {
                    CertificateFile = chained.PfxFile,
                    CertificatePassword = Password,
                }
        );
    }

    [Fact]
    public async Task The_certificates_name_is_the_user()
    {
        await using var server = await NatsServer.StartAsync(
            Certificates.TlsConfig(Certificates.Server, verifyClients: true, more: "verify_and_map: true")
                + "\nauthorization { users: [{ user: \"client@nas.test\" }] }"
        );
        await using var connection = await ConnectAsync(
            server.Url,
            Trusting with
            {
                CertificateFile = Client.PfxFile,
                CertificatePassword = Password,
            }
        );
        await CarriesAsync(connection);
    }

    [Fact]
    public async Task No_certificate_where_the_server_wants_one_is_told()
    {
        await using var server = await ServeAsync(verify: true);
        for (var i = 0; i < 10; i++)
        {
            // The server's alert and its reset race: the answer is the same whichever wins.
            var refused = await RefusedAsync(NasError.TlsFailed, server.Url, Trusting);
            Assert.Contains("client certificate", refused.Message, StringComparison.Ordinal);
            Assert.Contains("CertificateFile", refused.Message, StringComparison.Ordinal);
        }
    }

    /// <summary>With TLS 1.2 the alert comes before the client has seen the server's certificate to the end.</summary>
    [Theory]
    [InlineData(NasTlsMode.Require, "\"tls_required\":true,\"tls_verify\":true,", "requires a client certificate")]
    [InlineData(NasTlsMode.First, "", "Or does it require a client certificate")]
    [InlineData(NasTlsMode.Require, "\"tls_required\":true,", "Does the server take TLS on this port?")]
    public async Task A_handshake_that_the_server_ends_is_told_with_the_likely_cause(
        NasTlsMode mode,
        string says,
        string expected
    )
    {
        await using var server = FakeServer.Start(async peer =>
        {
            if (mode != NasTlsMode.First)
            {
                await peer.SendAsync(FakePeer.Info.Replace("{", "{" + says));
            }

            await peer.ReadBytesAsync(5);
            // A fatal alert: handshake_failure.
            await peer.SendAsync((byte[])[21, 3, 3, 0, 2, 2, 40]);
            await peer.UntilClosedAsync();
        });
        var refused = await RefusedAsync(
            NasError.TlsFailed,
            $"nats://127.0.0.1:{server.Port}",
            Trusting with
            {
                Mode = mode,
            }
        );
        Assert.Contains(expected, refused.Message, StringComparison.Ordinal);
    }

    [ServerFact(MinVersion = "2.10.4")]
    public async Task No_certificate_where_the_server_wants_one_is_told_with_TLS_first_too()
    {
        await using var server = await ServeAsync(verify: true, more: "handshake_first: true");
        var refused = await RefusedAsync(NasError.TlsFailed, server.Url, Trusting with { Mode = NasTlsMode.First });
        Assert.Contains("client certificate", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task No_certificate_where_the_server_wants_one_is_told_over_WebSocket_too()
    {
        await using var server = await ServeWebAsync(verify: true);
        for (var i = 0; i < 10; i++)
        {
            var refused = await RefusedAsync(NasError.TlsFailed, Wss(server), Trusting);
            Assert.Contains("client certificate", refused.Message, StringComparison.Ordinal);
        }

        await using var connection = await ConnectAsync(
            Wss(server),
            Trusting with
            {
                CertificateFile = Client.PfxFile,
                CertificatePassword = Password,
            }
        );
        await CarriesAsync(connection);
    }

    [Fact]
    public async Task A_certificate_the_server_does_not_trust_is_told()
    {
        await using var server = await ServeAsync(verify: true);
        var other = Certificates.OtherClient;
        for (var i = 0; i < 10; i++)
        {
            var refused = await RefusedAsync(
                NasError.TlsFailed,
                server.Url,
                Trusting with
                {
                    CertificateFile = other.PfxFile,
                    CertificatePassword = Password,
                }
            );
            Assert.Contains("refused the client certificate", refused.Message, StringComparison.Ordinal);
        }
        // It was shown, and not kept back because the server named other authorities, as Wine does.
        var why = Wine.IsHere ? "TLS handshake error" : "certificate signed by unknown authority";
        Assert.Contains(why, server.Log, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_server_that_goes_away_once_it_has_spoken_is_not_told_as_a_matter_of_certificates(bool web)
    {
        const string Info = """INFO {"server_id":"FAKE","tls_verify":true} """ + "\r\n";
        await using var server = FakeServer.Start(async peer =>
        {
            await peer.UseTlsAsync(Certificates.Server);
            if (web)
            {
                await peer.AcceptWebSocketAsync();
            }
            else
            {
                await peer.SendAsync(Info);
            }

            if (!web)
            {
                await peer.ExpectAsync("CONNECT ");
            }
        });
        var url = $"{(web ? "wss" : "nats")}://127.0.0.1:{server.Port}";
        var refused = await RefusedAsync(NasError.ConnectFailed, url, Trusting with { Mode = NasTlsMode.First });
        Assert.DoesNotContain("client certificate", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Files_that_cannot_be_used_are_told_by_name_and_no_password_is_shown()
    {
        await using var server = await ServeAsync(verify: true);
        foreach (
            var (tls, file, says) in new (NasTlsOptions, string, string)[]
            {
                (
                    new() { CertificateFile = Client.PfxFile, CertificatePassword = "S3cret" },
                    Client.PfxFile,
                    "password"
                ),
                (new() { CertificateFile = Client.PfxFile }, Client.PfxFile, "password"),
                (new() { CertificateFile = Client.CertificateFile }, Client.CertificateFile, "key"),
                (
                    new() { CertificateFile = Client.CertificateFile, KeyFile = Client.EncryptedKeyFile },
                    Client.EncryptedKeyFile,
                    "CertificatePassword"
                ),
                (
                    new()
                    {
                        CertificateFile = Client.CertificateFile,
                        KeyFile = Client.EncryptedKeyFile,
                        CertificatePassword = "S3cret",
                    },
                    Client.EncryptedKeyFile,
                    "password"
                ),
                (
                    new() { CertificateFile = Client.CertificateFile, KeyFile = Certificates.Server.KeyFile },
                    Certificates.Server.KeyFile,
                    "key"
                ),
                (new() { CertificateFile = "nowhere.pem", KeyFile = Client.KeyFile }, "nowhere.pem", "nowhere.pem"),
                (
                    new() { CertificateFile = Client.CertificateFile, KeyFile = "nowhere.key" },
                    "nowhere.key",
                    "nowhere.key"
                ),
                (new() { KeyFile = Client.KeyFile }, Client.KeyFile, "CertificateFile"),
            }
        )
        {
            var refused = await RefusedAsync(
                NasError.InvalidOption,
                server.Url,
                tls with
                {
                    CaFile = Certificates.CaFile,
                }
            );
            Assert.True(
                refused.Message.Contains(Path.GetFileName(file), StringComparison.Ordinal)
                    && refused.Message.Contains(says, StringComparison.Ordinal),
                $"no {says} in: {refused.Message}"
            );
            Assert.DoesNotContain("S3cret", refused + tls.ToString(), StringComparison.Ordinal);
        }
    }

    private async Task LetsInAsync(NasTlsOptions tls)
    {
        await using var server = await ServeAsync(verify: true);
        if (Wine.IsHere && tls.CertificateFile?.EndsWith(".pem", StringComparison.Ordinal) == true)
        {
            // Wine takes private keys from PFX files only. A file that is of no use is told.
            var refused = await RefusedAsync(NasError.InvalidOption, server.Url, tls);
            Assert.Contains(tls.CertificateFile, refused.Message, StringComparison.Ordinal);
            return;
        }

        await using var connection = await ConnectAsync(server.Url, tls);
        await CarriesAsync(connection);
    }
}

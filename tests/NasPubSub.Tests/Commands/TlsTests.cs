using System.Diagnostics;
using System.Management.Automation;
using System.Runtime.Versioning;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using Microsoft.Win32;
using NasPubSub.Tests.Infrastructure;
using NasPubSub.Tests.Windows;
using NasPubSub.TestServer;

namespace NasPubSub.Tests.Commands;

/// <summary>
/// TLS and WebSocket through the cmdlets. In scripts CERTS is the folder of the certificates, and each server has a
/// word too.
/// </summary>
public sealed class TlsTests(TlsTests.Servers servers) : IClassFixture<TlsTests.Servers>
{
    private static readonly bool IsFrameworks = ModuleUnderTest.Build == "netstandard2.0";
    private static readonly bool ReadsPem = !IsFrameworks && !Wine.IsHere;

    /// <summary>See <see cref="Wine.NoSecondAsking"/>.</summary>
    private static readonly bool ShowsCertificates = !IsFrameworks || !Wine.IsHere;

    public sealed class Servers : IAsyncLifetime
    {
        public TestCertificates Certificates { get; } = TestCertificates.Create();
        public NatsServer Plain { get; private set; } = null!;
        public NatsServer Secure { get; private set; } = null!;
        public NatsServer Strict { get; private set; } = null!;
        public NatsServer Elsewhere { get; private set; } = null!;
        public NatsServer Expired { get; private set; } = null!;
        public NatsServer NotAServer { get; private set; } = null!;
        public NatsServer Chained { get; private set; } = null!;

        public async ValueTask InitializeAsync()
        {
            Plain = await NatsServer.StartAsync();
            Secure = await NatsServer.StartAsync(
                new NatsServerOptions
                {
                    Config = Certificates.TlsConfig(Certificates.Server),
                    WebSocket = Certificates.TlsConfig(Certificates.Server),
                }
            );
            Strict = await NatsServer.StartAsync(Certificates.TlsConfig(Certificates.Server, verifyClients: true));
            Elsewhere = await NatsServer.StartAsync(Certificates.TlsConfig(Certificates.WrongHost));
            Expired = await NatsServer.StartAsync(Certificates.TlsConfig(Certificates.Expired));
            NotAServer = await NatsServer.StartAsync(Certificates.TlsConfig(Certificates.NotAServer));
            Chained = await NatsServer.StartAsync(Certificates.TlsConfig(Certificates.ChainedServer));
        }

        public async ValueTask DisposeAsync()
        {
            foreach (var server in new[] { Plain, Secure, Strict, Elsewhere, Expired, NotAServer, Chained })
            {
                await server.DisposeAsync();
            }

            Certificates.Dispose();
        }

        public string Fill(string script) =>
            script
                .Replace("CERTS", Certificates.Folder)
                .Replace("PASS", TestCertificates.PfxPassword)
                .Replace("PLAIN", Plain.Url)
                .Replace("SECURETLS", Secure.TlsUrl)
                .Replace("WSS", $"wss://127.0.0.1:{Secure.WebSocketPort}")
                .Replace("SECURE", Secure.Url)
                .Replace("STRICT", Strict.Url)
                .Replace("ELSEWHERE", Elsewhere.Url)
                .Replace("EXPIRED", Expired.Url)
                .Replace("NOTASERVER", NotAServer.Url)
                .Replace("CHAINED", Chained.Url);
    }

    [Theory]
    [InlineData("Connect-NasPubSub SECURE -TlsCaFile CERTS/ca.pem")]
    [InlineData("Connect-NasPubSub SECURETLS -TlsCaFile CERTS/ca.pem -Tls Require")]
    [InlineData("Connect-NasPubSub WSS -TlsCaFile CERTS/ca.pem")]
    [InlineData(
        "$null = $ExecutionContext.SessionState.Path.SetLocation('CERTS'); Connect-NasPubSub SECURE -TlsCaFile ./ca.pem"
    )]
    [InlineData("Connect-NasPubSub ELSEWHERE -TlsCaFile CERTS/ca.pem -TlsServerName elsewhere.test")]
    [InlineData("Connect-NasPubSub CHAINED -TlsCaFile CERTS/ca.pem")]
    [InlineData("Connect-NasPubSub CHAINED -TlsCaFile CERTS/intermediate.pem")]
    [InlineData("Connect-NasPubSub EXPIRED -SkipCertificateCheck")]
    [InlineData(
        "Connect-NasPubSub STRICT -TlsCaFile CERTS/ca.pem -TlsCertificateFile CERTS/client.pfx -TlsCertificatePassword PASS"
    )]
    [InlineData(
        "$secret = [System.Net.NetworkCredential]::new('', 'PASS').SecurePassword; Connect-NasPubSub STRICT -TlsCaFile CERTS/ca.pem -TlsCertificateFile CERTS/client.pfx -TlsCertificatePassword $secret"
    )]
    [InlineData(
        "Connect-NasPubSub STRICT -TlsCaFile CERTS/ca.pem -TlsCertificate ([System.Security.Cryptography.X509Certificates.X509Certificate2]::new('CERTS/client.pfx', 'PASS'))"
    )]
    [InlineData(
        "Connect-NasPubSub STRICT -TlsCaFile CERTS/ca.pem -TlsCertificateFile CERTS/client.pem -TlsKeyFile CERTS/client.key",
        true
    )]
    [InlineData(
        "Connect-NasPubSub STRICT -TlsCaFile CERTS/ca.pem -TlsCertificateFile CERTS/client.pem -TlsKeyFile CERTS/client.encrypted.key -TlsCertificatePassword PASS",
        true
    )]
    [InlineData(
        "Connect-NasPubSub STRICT -TlsCaFile CERTS/ca.pem -TlsCertificateFile CERTS/chained-client.pem -TlsKeyFile CERTS/chained-client.key",
        true
    )]
    public void Calls_that_connect_over_TLS(string call, bool pem = false)
    {
        using var shell = Shell.Open();
        var result = shell.Invoke(
            servers.Fill(
                call
                    + " | ForEach-Object { $nas = $_ }; $null = Register-NasSubscription tls.>; 'safe' | Publish-NasMessage tls.a; (Receive-NasMessage -Subscription (Get-NasSubscription) -Count 1 -Timeout 10).Text; (Get-NasConnection).IsTls"
            )
        );
        var isShown = ShowsCertificates || !call.Contains("client.pfx");
        if (!isShown || (pem && !ReadsPem))
        {
            // One clear error, and what to do instead, where the build cannot read such a file at all.
            var error = result.Errors[0];
            Assert.Equal(isShown ? "InvalidOption" : "TlsFailed", error.FullyQualifiedErrorId.Split(',')[0]);
            var words = isShown && IsFrameworks ? "PFX" : "client certificate";
            Assert.Contains(words, error.ToString(), StringComparison.Ordinal);
            return;
        }

        Assert.Equal(["safe", true], result.ThrowIfFailed().Values);
    }

    [Theory]
    [InlineData("Connect-NasPubSub PLAIN -Tls Require", "TlsFailed", "does not support it")]
    [InlineData("Connect-NasPubSub PLAIN -TlsCaFile CERTS/ca.pem", "TlsFailed", "does not support it")]
    [InlineData("Connect-NasPubSub PLAIN -TlsServerName localhost", "TlsFailed", "does not support it")]
    [InlineData("Connect-NasPubSub PLAIN -SkipCertificateCheck", "TlsFailed", "does not support it")]
    [InlineData("Connect-NasPubSub PLAIN, tls://127.0.0.1:1", "TlsFailed", "does not support it")]
    [InlineData("Connect-NasPubSub wss://127.0.0.1:1/path?key=S3cret -Tls Off", "InvalidOption", "forbid")]
    [InlineData("Connect-NasPubSub SECURE", "TlsFailed", "-TlsCaFile")]
    [InlineData("Connect-NasPubSub WSS", "TlsFailed", "-TlsCaFile")]
    [InlineData("Connect-NasPubSub SECURE -TlsCaFile CERTS/other-ca.pem", "TlsFailed", "other-ca.pem")]
    [InlineData("Connect-NasPubSub ELSEWHERE -TlsCaFile CERTS/ca.pem", "TlsFailed", "-TlsServerName")]
    [InlineData("Connect-NasPubSub EXPIRED -TlsCaFile CERTS/ca.pem", "TlsFailed", "expired")]
    [InlineData("Connect-NasPubSub NOTASERVER -TlsCaFile CERTS/ca.pem", "TlsFailed", "not trusted")]
    [InlineData("Connect-NasPubSub CHAINED -TlsCaFile CERTS/other-ca.pem", "TlsFailed", "not trusted")]
    [InlineData("Connect-NasPubSub STRICT -TlsCaFile CERTS/ca.pem", "TlsFailed", "-TlsCertificateFile")]
    [InlineData(
        "Connect-NasPubSub STRICT -TlsCaFile CERTS/ca.pem -TlsCertificateFile CERTS/other-client.pfx -TlsCertificatePassword PASS",
        "TlsFailed",
        "refused the client certificate"
    )]
    [InlineData("Connect-NasPubSub SECURE -TlsCaFile CERTS/ca.pem -Tls First", "TlsFailed", "handshake_first")]
    [InlineData("Connect-NasPubSub SECURE -Tls Off", "TlsFailed", "requires TLS")]
    [InlineData("Connect-NasPubSub SECURETLS -Tls Off", "InvalidOption", "forbid")]
    [InlineData("Connect-NasPubSub SECURE -TlsCaFile CERTS/nowhere.pem", "InvalidOption", "nowhere.pem")]
    [InlineData(
        "Connect-NasPubSub STRICT -TlsCertificateFile CERTS/client.pfx -TlsCertificatePassword S3cret",
        "InvalidOption",
        "client.pfx"
    )]
    [InlineData("Connect-NasPubSub STRICT -TlsKeyFile CERTS/client.key", "InvalidOption", "-TlsCertificateFile")]
    [InlineData("Connect-NasPubSub STRICT -TlsCertificateThumbprint 00FF", "InvalidOption", "00FF")]
    public void Calls_that_give_one_clear_error(string call, string id, string says)
    {
        using var shell = Shell.Open();
        var result = shell.Invoke(servers.Fill(call + " -Verbose -Debug"));
        Assert.Equal(id, result.ErrorId);
        var error = result.Errors[0];
        Assert.Contains(says, error.ToString(), StringComparison.Ordinal);
        Assert.NotEmpty(error.ErrorDetails.RecommendedAction);
        Assert.Equal(
            id == "TlsFailed" ? ErrorCategory.SecurityError : ErrorCategory.InvalidArgument,
            error.CategoryInfo.Category
        );
        Assert.DoesNotContain(
            "S3cret",
            string.Join(' ', result.Verbose.Concat(result.Debug).Append(error.Exception.ToString())),
            StringComparison.Ordinal
        );
        Assert.Empty(shell.Run("Get-NasConnection"));
    }

    [ServerFact(MinVersion = "2.10.4")]
    public async Task TLS_first_agrees_with_a_server_that_has_it_and_else_ends_with_the_timeout()
    {
        await using var server = await NatsServer.StartAsync(
            servers.Certificates.TlsConfig(servers.Certificates.Server, more: "handshake_first: true\n timeout: 30")
        );
        using var shell = Shell.Open();
        Assert.True(
            shell.Get<bool>(servers.Fill($"(Connect-NasPubSub {server.Url} -Tls First -TlsCaFile CERTS/ca.pem).IsTls"))
        );
        var result = shell.Invoke(servers.Fill($"Connect-NasPubSub {server.Url} -TlsCaFile CERTS/ca.pem -Timeout 0.5"));
        Assert.Equal("ConnectFailed", result.ErrorId);
        Assert.Contains("-Tls First", result.Errors[0].ToString(), StringComparison.Ordinal);
        Assert.InRange(result.Elapsed.TotalSeconds, 0.4, 4);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_subscription_lives_on_when_the_server_is_killed(bool web)
    {
        var tls = servers.Certificates.TlsConfig(servers.Certificates.Server);
        await using var server = await NatsServer.StartAsync(
            web ? new NatsServerOptions { WebSocket = tls } : new NatsServerOptions { Config = tls }
        );
        var url = web ? $"wss://127.0.0.1:{server.WebSocketPort}" : server.TlsUrl;
        using var shell = Shell.Open();
        shell.Run(
            servers.Fill(
                $"$nas = Connect-NasPubSub {url} -TlsCaFile CERTS/ca.pem -ReconnectWait 0.05 -ReconnectMaxWait 0.2; $sub = Register-NasSubscription lives"
            )
        );
        await server.KillAsync();
        await Eventually.TrueAsync(() => shell.Get<string>("\"$($nas.State)\" 3>$null") == "Reconnecting");
        shell.Run("'while away' | Publish-NasMessage lives 3>$null");
        await server.RestartAsync();
        Assert.Equal(
            ["while away", true],
            shell
                .Run(
                    "Wait-NasConnection 20 3>$null; (Receive-NasMessage -Subscription $sub -Count 1 -Timeout 10).Text; $nas.IsTls"
                )
                .Select(o => o.BaseObject)
        );
    }

    /// <summary>Also as the dialog of Windows shows it, and when the key must stay in the store.</summary>
    [Theory]
    [InlineData(true, "")]
    [InlineData(false, "\u200e")]
    public void A_certificate_of_the_users_store_is_found_by_its_thumbprint(bool isExportable, string mark) =>
        WithStored(
            isExportable ? X509KeyStorageFlags.Exportable : X509KeyStorageFlags.DefaultKeySet,
            stored => Connects($"STRICT -TlsCaFile CERTS/ca.pem -TlsCertificateThumbprint '{mark}{stored.Thumbprint}'")
        );

    [WindowsFact]
    public void A_context_names_a_certificate_of_the_users_store_as_the_nats_command_does() =>
        WithStored(
            X509KeyStorageFlags.DefaultKeySet,
            stored =>
            {
                var path = Path.Combine(servers.Certificates.Folder, "store.json");
                (string By, string Match)[] ways =
                [
                    ("thumbprint", stored.Thumbprint),
                    ("subject", "client"),
                    ("issuer", "NasPubSub test CA"),
                ];
                // Wine finds none by its issuer.
                foreach (var (by, match) in ways.Where(w => !Wine.IsHere || w.By != "issuer"))
                {
                    var settings = new Dictionary<string, string>
                    {
                        ["url"] = servers.Fill("STRICT"),
                        ["ca"] = servers.Certificates.CaFile,
                        ["windows_cert_store"] = "user",
                        ["windows_cert_match_by"] = by,
                        ["windows_cert_match"] = match,
                    };
                    File.WriteAllText(path, JsonSerializer.Serialize(settings));
                    Connects($"-Context '{path}'");
                }
            }
        );

    /// <summary>Windows writes it there, and neither a disconnect nor the end of the process removes it.</summary>
    [WindowsFact]
    [SupportedOSPlatform("windows")]
    public async Task The_key_of_a_certificate_file_is_not_left_in_the_users_profile()
    {
        // Wine has one key for each user.
        Wine.SetUser();
        var before = Keys();
        using var shell = Shell.Open();
        shell.Invoke(
            servers.Fill(
                "Connect-NasPubSub STRICT -TlsCaFile CERTS/ca.pem -TlsCertificateFile CERTS/client.pfx -TlsCertificatePassword PASS"
            )
        );
        await Eventually.TrueAsync(() => !Keys().Except(before).Any());
    }

    [SupportedOSPlatform("windows")]
    private static List<string> Keys()
    {
        using var wine = Registry.CurrentUser.OpenSubKey(@"Software\Wine\Crypto\RSA");
        var profile = Environment.GetFolderPath(Environment.SpecialFolder.ApplicationData);
        var folder = Path.Combine(profile, "Microsoft", "Crypto");
        return
        [
            .. wine?.GetSubKeyNames() ?? [],
            .. Directory.Exists(folder) ? Directory.GetFiles(folder, "*", SearchOption.AllDirectories) : [],
        ];
    }

    private void Connects(string arguments)
    {
        using var shell = Shell.Open();
        Assert.True(shell.Get<bool>(servers.Fill($"(Connect-NasPubSub {arguments}).IsTls")));
    }

    private void WithStored(X509KeyStorageFlags key, Action<X509Certificate2> use)
    {
        Assert.SkipUnless(ShowsCertificates, Wine.NoSecondAsking);
        var client = servers.Certificates.Client.PfxFile;
        using var certificate = X509CertificateLoader.LoadPkcs12FromFile(
            client,
            TestCertificates.PfxPassword,
            X509KeyStorageFlags.PersistKeySet | key
        );
        InStore(store => store.Add(certificate));
        try
        {
            use(certificate);
        }
        finally
        {
            InStore(store => store.Remove(certificate));
            if (OperatingSystem.IsWindows() && !Wine.IsHere)
            {
                // It outlives its certificate.
                using var stored = certificate.GetECDsaPrivateKey() as ECDsaCng;
                stored?.Key.Delete();
            }
        }
    }

    /// <summary>Wine writes what was changed when the store is closed.</summary>
    private static void InStore(Action<X509Store> change)
    {
        using var store = new X509Store(StoreName.My, StoreLocation.CurrentUser);
        store.Open(OpenFlags.ReadWrite);
        change(store);
    }

    [Theory]
    [InlineData("\"ca\": \"CERTS/ca.pem\"", "ok")]
    [InlineData("\"ca\": \"CERTS/other-ca.pem\"", "TlsFailed")]
    [InlineData("\"ca\": \"CERTS/ca.pem\", \"tls_first\": true", "TlsFailed")]
    public void A_context_says_how_to_encrypt(string settings, string expected)
    {
        var path = Path.Combine(servers.Certificates.Folder, Guid.NewGuid().ToString("N") + ".json");
        // Windows' paths have backslashes.
        File.WriteAllText(path, servers.Fill($"{{ \"url\": \"SECURE\", {settings} }}").Replace(@"\", @"\\"));
        using var shell = Shell.Open();
        var result = shell.Invoke("Connect-NasPubSub -Context $args[0]", path);
        Assert.Equal(expected, result.Errors.Count == 0 ? "ok" : result.ErrorId);
    }

    [Theory]
    [InlineData("SECURE", "NATS_CA=CERTS/ca.pem", "True")]
    [InlineData("SECURE", "NATS_CA=CERTS/other-ca.pem", "TlsFailed")]
    [InlineData("SECURE -TlsCaFile CERTS/ca.pem", "NATS_CA=CERTS/other-ca.pem", "True")]
    [InlineData("SECURE", "NATS_CA=CERTS/ca.pem NATS_KEY=CERTS/client.key", "True")]
    [InlineData("STRICT", "NATS_CA=CERTS/ca.pem NATS_CERT=CERTS/client.pem NATS_KEY=CERTS/client.key", "True")]
    public async Task The_environment_says_how_to_encrypt(string call, string variables, string expected)
    {
        // In a process of its own: the variables count for all of one.
        var script =
            $"try {{ \"$((Connect-NasPubSub {servers.Fill(call)}).IsTls)\" }} catch {{ $_.FullyQualifiedErrorId.Split(',')[0] }}";
        var start = Pwsh.WithModule(script);
        foreach (var variable in servers.Fill(variables).Split(' '))
        {
            start.Environment[variable.Split('=')[0]] = variable[(variable.IndexOf('=') + 1)..];
        }

        using var process = Process.Start(start)!;
        var said = (await process.StandardOutput.ReadToEndAsync()).Trim();
        await process.WaitForExitAsync();
        Assert.Equal(!ReadsPem && variables.Contains("NATS_CERT") ? "InvalidOption" : expected, said);
    }
}

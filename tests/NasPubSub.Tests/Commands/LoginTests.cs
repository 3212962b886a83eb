using System.Diagnostics;
using System.Management.Automation;
using NasPubSub.Tests.Infrastructure;
using NasPubSub.TestServer;

namespace NasPubSub.Tests.Commands;

/// <summary>
/// Each way to authenticate through the cmdlets. In scripts $s has the secrets, FILES is their folder, and each server
/// has a word.
/// </summary>
public sealed class LoginTests(LoginTests.Servers servers) : IClassFixture<LoginTests.Servers>
{
    /// <summary>Asks the server who we are, user name or public key; those before 2.10 do not answer.</summary>
    private const string Who = "(Invoke-NasRequest '$SYS.REQ.USER.INFO' -As Json).data.user";

    public sealed class Servers : IAsyncLifetime
    {
        private readonly Shell _shell = Shell.Open();
        private readonly List<NatsServer> _all = [];

        public string Folder { get; } = Directory.CreateTempSubdirectory("nas-login-").FullName;

        /// <summary>What the scripts find in $s.</summary>
        public Dictionary<string, object> Secrets { get; } =
            new() { ["Password"] = "S3cret/pass", ["Token"] = "S3cret-token" };

        public string[] Shown { get; private set; } = [];

        private Dictionary<string, string> Words { get; } = [];

        public async ValueTask InitializeAsync()
        {
            var maker = Path.Combine(NatsServerBinary.RepositoryRoot, "tests", "Jwt", "New-JwtOperator.ps1");
            var keys = Path.Combine(
                Path.GetDirectoryName(ModuleUnderTest.Manifest)!,
                "bin",
                "net8.0",
                "NATS.NKeys.dll"
            );
            _shell.Run("$operator = & $args[0] $args[1]", maker, keys);
            foreach (var name in new[] { "bob", "eve" })
            {
                var user = NewUser();
                File.WriteAllText(Path.Combine(Folder, name + ".creds"), Value(user, "Creds"));
                File.WriteAllText(Path.Combine(Folder, name + ".nk"), Value(user, "Seed"));
                foreach (var property in new[] { "Id", "Jwt", "Seed" })
                {
                    Secrets[name + property] = Value(user, property);
                }
            }
            File.WriteAllText(
                Path.Combine(Folder, "seed.creds"),
                $"-----BEGIN USER NKEY SEED-----\n{Secrets["bobSeed"]}\n------END USER NKEY SEED------\n"
            );
            Shown = ["S3cret", .. Secrets.Where(s => !s.Key.EndsWith("Id")).Select(s => (string)s.Value)];
            Secrets["Credential"] = new PSCredential(
                "bob",
                new System.Net.NetworkCredential("", (string)Secrets["Password"]).SecurePassword
            );
            Secrets["Secure"] = new System.Net.NetworkCredential("", (string)Secrets["Token"]).SecurePassword;
            await StartAsync(
                "USERS",
                "authorization { users: [ { user: bob, password: \"S3cret/pass\" }, { user: eve, password: other } ] }"
            );
            await StartAsync("TOKENS", "authorization { token: S3cret-token }");
            await StartAsync("NKEYS", $"authorization {{ users: [ {{ nkey: {Secrets["bobId"]} }} ] }}");
            await StartAsync("JWTS", Config);
            Words["FILES"] = Folder;
        }

        public string Config => _shell.Get<string>("$operator.Config");

        public PSObject NewUser(int seconds = 0) => _shell.Run("& $operator.NewUser $args[0]", seconds)[0];

        public static string Value(PSObject user, string name) => (string)user.Properties[name].Value;

        public string Fill(string script) =>
            Words.Aggregate(script, (text, word) => text.Replace(word.Key, word.Value));

        /// <summary>Windows' paths have backslashes.</summary>
        public string FillJson(string json) =>
            Words.Aggregate(json, (text, word) => text.Replace(word.Key, word.Value.Replace(@"\", @"\\")));

        public async ValueTask DisposeAsync()
        {
            foreach (var server in _all)
            {
                await server.DisposeAsync();
            }

            _shell.Dispose();
            Directory.Delete(Folder, recursive: true);
        }

        private async Task StartAsync(string word, string config)
        {
            var server = await NatsServer.StartAsync(config);
            _all.Add(server);
            Words[word] = $"127.0.0.1:{server.Port}";
        }
    }

    [ServerTheory(MinVersion = "2.10")]
    [InlineData("USERS -Credential $s.Credential", "bob")]
    [InlineData("nats://bob:S3cret%2Fpass@USERS", "bob")]
    [InlineData("nats://eve:other@USERS -Credential $s.Credential", "bob")]
    [InlineData("nats://eve:other@USERS, nats://127.0.0.1:1 -Credential $s.Credential", "bob")]
    [InlineData("nats://eve:other@USERS, nats://x:y@127.0.0.1:1 -KeepServerOrder", "eve")]
    [InlineData("TOKENS -Token $s.Token", "")]
    [InlineData("TOKENS -Token $s.Secure", "")]
    [InlineData("JWTS -CredentialsFile FILES/bob.creds -Token $s.Token", "")]
    [InlineData("\"$($s.Token)@TOKENS\"", "")]
    [InlineData("NKEYS -NKeySeed $s.bobSeed", "bobId")]
    [InlineData("NKEYS -NKeyFile ./bob.nk", "bobId")]
    [InlineData("JWTS -CredentialsFile ./bob.creds", "bobId")]
    [InlineData("JWTS -Creds FILES/eve.creds", "eveId")]
    [InlineData("JWTS -Jwt $s.eveJwt -NKeySeed $s.eveSeed", "eveId")]
    public void Calls_that_let_in(string call, string user)
    {
        using var shell = Shell.Open();
        var result = shell.Invoke(
            servers.Fill(
                $"param($s) $null = $ExecutionContext.SessionState.Path.SetLocation('FILES'); $null = Connect-NasPubSub {call} -Verbose -Debug; {(user.Length > 0 ? Who : "''")}"
            ),
            servers.Secrets
        );
        Assert.Equal(
            user.EndsWith("Id") ? servers.Secrets[user] : user,
            Assert.Single(result.ThrowIfFailed().Output).ToString()
        );
        ShowsNoSecret(shell, result);
    }

    [Theory]
    [InlineData("USERS", "Authorization Violation")]
    [InlineData("nats://bob:S3cret%2Fpas@USERS", "Authorization Violation")]
    [InlineData("nats://bob:S3cret/pass@USERS", "%2F", "InvalidOption")]
    [InlineData("USERS -Token $s.Token", "Authorization Violation")]
    [InlineData("TOKENS -Credential $s.Credential", "Authorization Violation")]
    [InlineData("NKEYS -NKeySeed $s.eveSeed", "Authorization Violation")]
    [InlineData("NKEYS -NKeySeed $s.Token", "seed is not valid")]
    [InlineData("NKEYS -NKeyFile FILES/nowhere.nk", "nowhere.nk")]
    [InlineData("NKEYS -NKeyFile $s.bobSeed", "looks like a secret")]
    [InlineData("JWTS -CredentialsFile FILES/nowhere.creds", "nowhere.creds")]
    [InlineData("JWTS -CredentialsFile FILES/bob.nk", "holds no user JWT")]
    [InlineData("JWTS -CredentialsFile FILES/seed.creds", "holds no user JWT")]
    [InlineData("JWTS -CredentialsFile $s.bobJwt", "looks like a secret")]
    [InlineData("JWTS -Jwt $s.eveJwt -NKeySeed $s.bobSeed", "Authorization Violation")]
    [InlineData("JWTS -Jwt $s.eveJwt", "Authorization Violation")]
    [InlineData("JWTS -CredentialsFile FILES/bob.creds -NKeyFile FILES/bob.nk", "one way", "InvalidOption")]
    public void Calls_that_give_one_clear_error(string call, string says, string id = "AuthenticationFailed")
    {
        using var shell = Shell.Open();
        var result = shell.Invoke(servers.Fill($"param($s) Connect-NasPubSub {call} -Verbose -Debug"), servers.Secrets);
        Assert.Equal(id, result.ErrorId);
        Assert.Contains(says, result.Errors[0].ToString(), StringComparison.Ordinal);
        Assert.NotEmpty(result.Errors[0].ErrorDetails.RecommendedAction);
        Assert.Equal(
            id == "InvalidOption" ? ErrorCategory.InvalidArgument : ErrorCategory.AuthenticationError,
            result.Errors[0].CategoryInfo.Category
        );
        Assert.Empty(shell.Run("Get-NasConnection"));
        ShowsNoSecret(shell, result);
    }

    [ServerTheory(MinVersion = "2.10")]
    [InlineData("USERS", "\"user\": \"bob\", \"password\": \"S3cret/pass\"", "bob")]
    [InlineData("TOKENS", "\"token\": \"S3cret-token\"", "")]
    [InlineData("NKEYS", "\"nkey\": \"FILES/bob.nk\"", "bobId")]
    [InlineData("JWTS", "\"creds\": \"FILES/eve.creds\"", "eveId")]
    [InlineData("JWTS", "\"user_jwt\": \"bobJwt\", \"user_seed\": \"bobSeed\"", "bobId")]
    [InlineData("JWTS", "\"creds\": \"FILES/nowhere.creds\"", "!")]
    [InlineData("USERS", "\"user\": \"bob\", \"password\": \"S3cret-token\"", "!")]
    public void Contexts(string server, string settings, string user)
    {
        foreach (var name in new[] { "bobJwt", "bobSeed" })
        {
            settings = settings.Replace(name, (string)servers.Secrets[name]);
        }

        var file = Path.Combine(servers.Folder, Guid.NewGuid().ToString("N") + ".json");
        File.WriteAllText(file, servers.FillJson($"{{ \"url\": \"{server}\", {settings} }}"));
        using var shell = Shell.Open();
        var result = shell.Invoke(
            $"$null = Connect-NasPubSub -Context $args[0] -Verbose -Debug; {(user.Length > 1 ? Who : "''")}",
            file
        );
        if (user == "!")
        {
            Assert.Equal(
                "AuthenticationFailed",
                Assert.Single(result.Errors.Select(e => e.FullyQualifiedErrorId.Split(',')[0]))
            );
        }
        else
        {
            Assert.Equal(
                user.EndsWith("Id") ? servers.Secrets[user] : user,
                Assert.Single(result.ThrowIfFailed().Output).ToString()
            );
        }

        ShowsNoSecret(shell, result);
    }

    [ServerTheory(MinVersion = "2.10")]
    [InlineData("USERS", "NATS_USER=bob NATS_PASSWORD=S3cret/pass", "bob")]
    [InlineData("TOKENS", "NATS_TOKEN=S3cret-token", "")]
    [InlineData("TOKENS", "NATS_USER=S3cret-token", "")]
    [InlineData("NKEYS", "NATS_NKEY=FILES/bob.nk", "bobId")]
    [InlineData("NKEYS", "NATS_NKEY=bobSeed", "bobId")]
    [InlineData("JWTS", "NATS_CREDS=FILES/eve.creds", "eveId")]
    [InlineData("JWTS", "NATS_CREDS=FILES/nowhere.creds", "AuthenticationFailed")]
    [InlineData("JWTS", "NATS_CREDS=bobSeed", "AuthenticationFailed")]
    [InlineData("NKEYS", "NATS_NKEY=FILES/nowhere.nk", "AuthenticationFailed")]
    [InlineData("TOKENS", "NATS_TOKEN=other", "AuthenticationFailed")]
    public async Task The_environment(string server, string variables, string expected)
    {
        // In a process of its own: the variables count for all of one.
        var script =
            $"try {{ $null = Connect-NasPubSub -Verbose 4>&1; {(expected.Length > 0 ? Who : "''")} }} catch {{ $_.FullyQualifiedErrorId.Split(',')[0]; [Console]::Error.WriteLine($_.Exception.ToString() + $_.TargetObject) }}";
        var start = Pwsh.WithModule(script);
        start.Environment["NATS_URL"] = servers.Fill(server);
        foreach (
            var pair in servers
                .Fill(variables)
                .Replace("bobSeed", (string)servers.Secrets["bobSeed"])
                .Split(' ')
                .Select(v => v.Split('=', 2))
        )
        {
            start.Environment[pair[0]] = pair[1];
        }

        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        var said = (await process.StandardOutput.ReadToEndAsync()).Trim();
        await process.WaitForExitAsync();
        Assert.Equal(expected.EndsWith("Id") ? servers.Secrets[expected] : expected, said);
        foreach (var secret in servers.Shown)
        {
            Assert.DoesNotContain(secret, said + await errors, StringComparison.Ordinal);
        }
    }

    [ServerFact(MinVersion = "2.10")]
    public async Task A_creds_file_is_read_anew_and_an_expired_one_ends_the_session_with_its_reason()
    {
        await using var server = await NatsServer.StartAsync(servers.Config);
        var (old, late) = (servers.NewUser(), servers.NewUser(6));
        var file = Path.Combine(servers.Folder, "rotated.creds");
        await File.WriteAllTextAsync(file, Servers.Value(old, "Creds"));
        using var shell = Shell.Open();
        Assert.Equal(
            Servers.Value(old, "Id"),
            shell.Get<string>(
                $"$nas = Connect-NasPubSub {server.Url} -CredentialsFile '{file}' -ReconnectWait 0.05 -ReconnectMaxWait 0.1; {Who}"
            )
        );
        await server.KillAsync();
        await File.WriteAllTextAsync(file, Servers.Value(late, "Creds"));
        await server.RestartAsync();
        await Eventually.TrueAsync(() => shell.Get<bool>("$nas.IsConnected -and $nas.Statistics.Reconnects -ge 1"));
        Assert.Equal(Servers.Value(late, "Id"), shell.Get<string>(Who + " 3>$null"));
        await Eventually.TrueAsync(() => shell.Get<string>("\"$($nas.State)\"") == "Closed", TimeSpan.FromSeconds(20));
        var result = shell.Invoke(
            "$nas.LastError.Error.ToString(); 'x' | Publish-NasMessage a -Verbose -Connection $nas"
        );
        Assert.Equal("AuthenticationFailed", Assert.Single(result.Output).ToString());
        Assert.Equal("ConnectionClosed", result.ErrorId);
        Assert.Contains("refused the login", result.Errors[0].ToString(), StringComparison.Ordinal);
        var shown = string.Join(
            ' ',
            result.Warnings.Concat(result.Verbose).Append(result.Errors[0].Exception.ToString())
        );
        foreach (var name in new[] { "Jwt", "Seed" })
        {
            Assert.DoesNotContain(Servers.Value(late, name), shown, StringComparison.Ordinal);
        }
    }

    private void ShowsNoSecret(Shell shell, ShellResult result)
    {
        var all =
            string.Join(
                '\n',
                result
                    .Verbose.Concat(result.Debug)
                    .Concat(result.Warnings)
                    .Concat(
                        result.Errors.Select(e =>
                            $"{e} {e.Exception} {e.TargetObject} {e.FullyQualifiedErrorId} {e.ErrorDetails?.Message}"
                        )
                    )
            )
            + shell.Show(
                "foreach ($nas in Get-NasConnection) { $nas; $nas | Format-List * -Force; $nas.Options | Format-List * -Force; $nas.Options.Tls, $nas.Options.Credentials, $nas.LastError | Format-List * -Force; \"$nas $($nas.Options) $($nas.Options.Credentials)\" }"
            );
        foreach (var secret in servers.Shown)
        {
            Assert.DoesNotContain(secret, all, StringComparison.Ordinal);
        }
    }
}

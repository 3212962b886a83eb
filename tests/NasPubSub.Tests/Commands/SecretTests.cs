using NasPubSub.Tests.Infrastructure;
using NasPubSub.TestServer;

namespace NasPubSub.Tests.Commands;

/// <summary>
/// Connect-NasPubSub -Secret: Get-Secret is a function or a module, which reads its secrets from a file.
/// </summary>
public sealed class SecretTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("nas-secret-").FullName;
    private readonly Shell _shell = Shell.Open();

    private string SecretFile => Path.Combine(_folder, "secret.ps1");

    private string Function =>
        $"function Get-Secret {{ [CmdletBinding()] param([string]$Name, [string]$Vault) if ($Name -ne 'nats') {{ throw \"no secret $Name in $Vault\" }} & ([scriptblock]::Create([System.IO.File]::ReadAllText('{SecretFile}'))) }}";

    [Fact]
    public async Task Each_kind_of_secret_is_a_login()
    {
        var (user, seed) = NewUser();
        await using var passwords = await StartAsync("users = [{ user: bob, password: s3cret }]");
        await using var tokens = await StartAsync("token: s3cret");
        await using var keys = await StartAsync($"users = [{{ nkey: {user} }}]");
        _shell.Run(Function);
        foreach (
            var (server, secret) in new[]
            {
                (passwords, "[pscredential]::new('bob', [System.Net.NetworkCredential]::new('', 's3cret').SecurePassword)"),
                (passwords, "@{ UserName = 'bob'; Password = [System.Net.NetworkCredential]::new('', 's3cret').SecurePassword }"),
                (tokens, "'s3cret'"),
                (tokens, "[System.Net.NetworkCredential]::new('', 's3cret').SecurePassword"),
                (tokens, "@{ token = 's3cret' }"),
                (tokens, ", , [System.Text.Encoding]::UTF8.GetBytes('s3cret')"),
                (keys, $"'{seed}'"),
                (keys, $"@{{ Seed = '{seed}' }}"),
                (keys, $"\"-----BEGIN USER NKEY SEED-----`n{seed}`n------END USER NKEY SEED------\""),
            }
        )
        {
            File.WriteAllText(SecretFile, secret);
            Assert.Equal(
                (secret, "Connected secret 'nats'"),
                (secret, _shell.Get<string>($"$c = Connect-NasPubSub {server.Url} -Secret nats; \"$($c.State) $($c.Options.Credentials)\"; Disconnect-NasPubSub"))
            );
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task It_is_read_anew_at_a_reconnect_and_may_come_back(bool isModule)
    {
        await using var server = await StartAsync(
            "users = [{ user: bob, password: one }, { user: eve, password: two }]"
        );
        Keep("bob", "one");
        if (isModule)
        {
            File.WriteAllText(Path.Combine(_folder, "TestVault.psm1"), Function);
            _shell.Run($"Import-Module '{Path.Combine(_folder, "TestVault.psm1")}'");
        }
        else
        {
            _shell.Run(Function);
        }

        _shell.Run($"$nas = Connect-NasPubSub {server.Url} -Secret nats -SecretVault here -ReconnectWait 0.05 -ReconnectMaxWait 0.05");
        File.WriteAllText(SecretFile, "throw 'the vault is locked'");
        await server.KillAsync();
        await server.RestartAsync();
        await Eventually.TrueAsync(() => _shell.Get<bool>("\"$($nas.LastError)\" -match 'the vault is locked'"));
        Keep("eve", "two");
        await Eventually.TrueAsync(() => _shell.Get<bool>("$nas.IsConnected"));
        Assert.Equal("1", _shell.Get<string>("$nas.Statistics.Reconnects"));
    }

    [Theory]
    [InlineData("1", "AuthenticationFailed", "Int32")]
    [InlineData("''", "AuthenticationFailed", "empty")]
    [InlineData("", "AuthenticationFailed", "0 objects")]
    [InlineData("'a', 'b'", "AuthenticationFailed", "2 objects")]
    [InlineData("@{ hunter2 = 'hunter2' }", "AuthenticationFailed", "Jwt and Seed")]
    public void A_secret_that_is_no_login_is_an_error_that_does_not_show_it(string secret, string id, string text)
    {
        File.WriteAllText(SecretFile, secret);
        _shell.Run(Function);
        var result = _shell.Invoke("Connect-NasPubSub nats://127.0.0.1:1 -Secret nats -Verbose");
        Assert.Equal(id, result.ErrorId);
        Assert.Contains(text, result.Errors[0].ToString(), StringComparison.Ordinal);
        var shown = string.Join('|', result.Errors.Cast<object>().Concat(result.Verbose));
        Assert.DoesNotContain("hunter2", shown, StringComparison.Ordinal);
    }

    [Fact]
    public void Without_the_secret_the_command_or_with_two_logins_it_is_an_error()
    {
        Assert.Equal("InvalidOption", _shell.Invoke("Connect-NasPubSub nats://127.0.0.1:1 -Secret nats").ErrorId);
        _shell.Run(Function);
        var result = _shell.Invoke("Connect-NasPubSub nats://127.0.0.1:1 -Secret other -SecretVault there");
        Assert.Equal("AuthenticationFailed", result.ErrorId);
        Assert.Contains("no secret other in there", result.Errors[0].ToString(), StringComparison.Ordinal);
        File.WriteAllText(SecretFile, "'x'");
        Assert.Equal(
            "InvalidOption",
            _shell.Invoke("Connect-NasPubSub nats://127.0.0.1:1 -Secret nats -NKeyFile x").ErrorId
        );
    }

    [Fact]
    public async Task Control_C_ends_a_vault_that_hangs()
    {
        _shell.Run("function Get-Secret { $global:asked = $true; while ($true) { } }");
        var run = _shell.Start("Connect-NasPubSub nats://127.0.0.1:1 -Secret nats");
        Assert.NotSame(run.Completed, await Task.WhenAny(run.Completed, Task.Delay(200)));
        Assert.True(await run.StopAsync() < TimeSpan.FromSeconds(1));
        Assert.True(_shell.Get<bool>("$asked"));
    }

    private (string User, string Seed) NewUser()
    {
        var maker = Path.Combine(NatsServerBinary.RepositoryRoot, "tests", "Jwt", "New-JwtOperator.ps1");
        var keys = Path.Combine(Path.GetDirectoryName(ModuleUnderTest.Manifest)!, "bin", "net8.0", "NATS.NKeys.dll");
        _shell.Run("$operator = & $args[0] $args[1]; $key = [NATS.NKeys.KeyPair]::CreatePair('User')", maker, keys);
        return (_shell.Get<string>("$key.GetPublicKey()"), _shell.Get<string>("$key.GetSeed()"));
    }

    private void Keep(string user, string password) =>
        File.WriteAllText(SecretFile, $"@{{ User = '{user}'; Password = '{password}' }}");

    private static Task<NatsServer> StartAsync(string authorization) =>
        NatsServer.StartAsync($"authorization {{ {authorization} }}");

    public void Dispose()
    {
        _shell.Dispose();
        Directory.Delete(_folder, recursive: true);
    }
}

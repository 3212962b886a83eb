using NasPubSub.Tests.Infrastructure;
using NasPubSub.TestServer;

namespace NasPubSub.Tests.Commands;

public sealed class ConnectTests(ServerFixture fixture) : ServedTests(fixture)
{
    [Fact]
    public void A_session_becomes_the_default_and_is_found_by_name()
    {
        using var shell = Shell.Open();
        shell.Run(
            $"$null = Connect-NasPubSub {Server.Url} -Name one; $null = Connect-NasPubSub {Server.Url} -Name two -Namespace b"
        );
        Assert.Equal(["one", "two"], shell.Run("Get-NasConnection | ForEach-Object Name").Select(o => o.ToString()));
        Assert.Equal("b", shell.Get<string>("(Get-NasConnection two).Namespace"));
        Assert.True(shell.Get<bool>("Test-NasConnection"));
        Assert.True(shell.Get<bool>("Test-NasConnection one -Ping"));
        shell.Run("Disconnect-NasPubSub two");
        Assert.Equal("one", shell.Get<string>("(Get-NasConnection).Name"));
        shell.Run("Disconnect-NasPubSub -All; Disconnect-NasPubSub");
        Assert.False(shell.Get<bool>("Test-NasConnection"));
    }

    [Fact]
    public void The_same_name_again_replaces_the_session()
    {
        using var shell = Shell.Open();
        shell.Run($"$a = Connect-NasPubSub {Server.Url} -Name same; $b = Connect-NasPubSub {Server.Url} -Name same");
        Assert.Equal("Closed", shell.Get<string>("\"$($a.State)\""));
        Assert.Equal(1, shell.Get<int>("@(Get-NasConnection).Count"));
        Assert.True(shell.Get<bool>("$b.IsConnected"));
    }

    [Theory]
    [InlineData("Connect-NasPubSub nats://127.0.0.1:1", "ConnectFailed")]
    [InlineData("Connect-NasPubSub -HostName 127.0.0.1 -Port 1", "ConnectFailed")]
    [InlineData("Connect-NasPubSub 'ftp://127.0.0.1:21'", "InvalidOption")]
    [InlineData("Connect-NasPubSub 'nats://'", "InvalidOption")]
    [InlineData("Connect-NasPubSub URL -Namespace 'a.*'", "InvalidNamespace")]
    [InlineData("Connect-NasPubSub URL -Namespace 'a b'", "InvalidNamespace")]
    [InlineData("Connect-NasPubSub URL -Namespace 'a..b'", "InvalidNamespace")]
    [InlineData("Connect-NasPubSub URL -Namespace ''", "InvalidNamespace")]
    [InlineData("Connect-NasPubSub URL -CredentialsFile ./nowhere.creds", "AuthenticationFailed")]
    [InlineData("Connect-NasPubSub URL -CredentialsFile a -NKeySeed b", "InvalidOption")]
    [InlineData("Connect-NasPubSub URL -Tls Require", "TlsFailed")]
    [InlineData("Connect-NasPubSub -Context no-such-context", "InvalidOption")]
    [InlineData("Publish-NasMessage a b -Connection nobody", "SessionNotFound")]
    public void Bad_calls_give_one_error_and_the_session_goes_on(string call, string id)
    {
        using var shell = OpenConnected();
        Assert.Equal(id, shell.Invoke(call.Replace("URL", Server.Url)).ErrorId);
        Assert.True(shell.Get<bool>("Test-NasConnection -Ping"));
    }

    [Fact]
    public async Task A_server_that_is_no_NATS_server_is_told()
    {
        await using var fake = FakeServer.Start(async peer =>
        {
            await peer.SendAsync("HTTP/1.1 400 Bad Request\r\n\r\n");
            await peer.UntilClosedAsync();
        });
        using var shell = Shell.Open();
        Assert.Equal(
            "ProtocolError",
            (await shell.InvokeAsync($"Connect-NasPubSub nats://127.0.0.1:{fake.Port}")).ErrorId
        );
    }

    [Fact]
    public async Task NoWait_returns_at_once_and_the_messages_go_when_the_server_is_there()
    {
        await using var server = await NatsServer.StartAsync();
        await server.StopAsync();
        using var shell = Shell.Open();
        shell.Run(
            $"$nas = Connect-NasPubSub {server.Url} -NoWait -ReconnectWait 0.05 -ReconnectMaxWait 0.1 -Namespace x; 1..3 | Publish-NasMessage early"
        );
        Assert.Equal("Timeout", shell.Invoke("Wait-NasConnection 0.2").ErrorId);
        await server.RestartAsync();
        shell.Run("Wait-NasConnection 10");
        Assert.Equal(3, shell.Get<long>("$nas.Statistics.MessagesOut"));
        Assert.Equal(0, shell.Get<int>("$null = $nas.FlushAsync().GetAwaiter().GetResult(); $nas.PendingBytes"));
    }

    [Fact]
    public async Task A_broken_and_a_restored_connection_are_told_as_warnings()
    {
        await using var server = await NatsServer.StartAsync();
        using var shell = Shell.Open();
        shell.Run($"$nas = Connect-NasPubSub {server.Url} -ReconnectWait 0.05 -ReconnectMaxWait 0.1");
        await server.KillAsync();
        await Eventually.TrueAsync(() => Task.FromResult(shell.Get<string>("\"$($nas.State)\"") == "Reconnecting"));
        await server.RestartAsync();
        shell.Run("Wait-NasConnection 10 3>$null");
        await Eventually.TrueAsync(() => Task.FromResult(shell.Get<bool>("$nas.IsConnected")));
    }

    [Fact]
    public void Environment_gives_the_server_when_nobody_said()
    {
        using var shell = Shell.Open();
        var warned = shell.Run(
            $"$env:NATS_URL = '{Server.Url}'; try {{ Publish-NasMessage auto hello -Flush; (Get-NasConnection).Server }} finally {{ $env:NATS_URL = '' }}"
        );
        Assert.Equal(Server.Url, Assert.Single(warned).ToString());
    }

    [Fact]
    public void Secrets_are_shown_nowhere()
    {
        using var shell = Shell.Open();
        var result = shell.Invoke(
            """
            $VerbosePreference = $DebugPreference = 'Continue'
            $pass = [System.Net.NetworkCredential]::new('', 'S3cret-pass').SecurePassword
            Connect-NasPubSub 'nats://bob:S3cret-url@127.0.0.1:1' -Credential ([pscredential]::new('bob', $pass)) -Verbose -Debug
            Connect-NasPubSub nats://127.0.0.1:1 -Token S3cret-token -Verbose -Debug
            Connect-NasPubSub nats://127.0.0.1:1 -NKeySeed S3cret-seed -Verbose -Debug
            """
        );
        var all = string.Join(
            "\n",
            result
                .Verbose.Concat(result.Debug)
                .Concat(result.Warnings)
                .Concat(
                    result.Errors.Select(e => e + e.Exception.ToString() + e.TargetObject + e.FullyQualifiedErrorId)
                )
        );
        Assert.Contains("127.0.0.1:1", all);
        Assert.DoesNotContain("S3cret", all);
        using var connected = OpenConnected("-Token S3cret-token");
        Assert.DoesNotContain(
            "S3cret",
            connected.Show(
                "$nas | Format-List *; $nas.Options; \"$nas\"; \"$($nas.Options)\"; $nas.Options.Tls; $nas.Options.Credentials"
            )
        );
    }
}

using System.Management.Automation.Runspaces;
using NasPubSub.Tests.Infrastructure;
using NasPubSub.TestServer;

namespace NasPubSub.Tests.Commands;

/// <summary>What belongs to a runspace, what does not, and what is told on its pipeline.</summary>
public sealed class SessionTests(ServerFixture fixture) : ServedTests(fixture)
{
    [Fact]
    public async Task A_broken_and_a_restored_connection_are_told_once_by_the_next_cmdlet()
    {
        await using var server = await NatsServer.StartAsync();
        using var shell = Shell.Open();
        shell.Run($"$nas = Connect-NasPubSub {server.Url} -ReconnectWait 0.05 -ReconnectMaxWait 0.1");
        await server.KillAsync();
        await Eventually.TrueAsync(() => Task.FromResult(shell.Get<string>("\"$($nas.State)\"") == "Reconnecting"));
        var warnings = new List<string>();
        await Eventually.TrueAsync(() =>
        {
            warnings.AddRange(shell.Invoke("Get-NasConnection").Warnings);
            return Task.FromResult(warnings.Count > 0);
        });
        Assert.StartsWith("Disconnected from ", Assert.Single(warnings));
        await server.RestartAsync();
        // The waiting cmdlet itself tells, or the next one.
        warnings = [.. shell.Invoke("Wait-NasConnection 10").ThrowIfFailed().Warnings];
        await Eventually.TrueAsync(() =>
        {
            warnings.AddRange(shell.Invoke("Publish-NasMessage a x").ThrowIfFailed().Warnings);
            return Task.FromResult(warnings.Count > 0);
        });
        Assert.StartsWith("Reconnected to ", Assert.Single(warnings));
        Assert.Empty(shell.Invoke("Test-NasConnection -Ping").Warnings);
    }

    [Fact]
    public async Task A_cmdlet_that_runs_tells_while_it_runs()
    {
        await using var server = await NatsServer.StartAsync();
        using var shell = Shell.Open();
        shell.Run($"$nas = Connect-NasPubSub {server.Url}");
        var run = shell.Start("Receive-NasMessage a");
        await Eventually.TrueAsync(() => Task.FromResult(server.IsRunning));
        await server.KillAsync();
        await Eventually.TrueAsync(() => Task.FromResult(run.Streams.Warning.Count > 0));
        await run.StopAsync();
    }

    [Fact]
    public void A_connection_of_another_runspace_can_be_used_and_lives_on()
    {
        using var owner = OpenConnected();
        var connection = owner.Run("$nas")[0].BaseObject;
        using (var guest = Shell.Open())
        {
            guest.Run("param($nas) Publish-NasMessage a x -Connection $nas -Flush", connection);
            Assert.Equal(0, guest.Get<int>("@(Get-NasConnection).Count"));
        }
        Assert.Equal(1, owner.Get<long>("$nas.Statistics.MessagesOut"));
        Assert.True(owner.Get<bool>("Test-NasConnection -Ping"));
    }

    [Fact]
    public async Task Twenty_runspaces_publish_through_one_connection()
    {
        using var owner = OpenConnected();
        owner.Run("$sub = $nas.SubscribeAsync('p').GetAwaiter().GetResult()");
        var connection = owner.Run("$nas")[0].BaseObject;
        var shells = Enumerable.Range(0, 20).Select(_ => Shell.Open()).ToList();
        var results = await Task.WhenAll(
            shells.Select(
                (s, i) =>
                    s.InvokeAsync(
                        "param($nas, $i) 1..500 | ForEach-Object { \"$i-$_\" } | Publish-NasMessage p -Connection $nas",
                        connection,
                        i
                    )
            )
        );
        Assert.All(results, r => r.ThrowIfFailed());
        shells.ForEach(s => s.Dispose());
        var texts = owner
            .Run("$sub | Receive-NasMessage -Count 10000 -Timeout 20 -As Text")
            .Select(o => o.ToString()!.Split('-'))
            .ToLookup(p => int.Parse(p[0]), p => int.Parse(p[1]));
        Assert.All(Enumerable.Range(0, 20), i => Assert.Equal(Enumerable.Range(1, 500), texts[i]));
    }

    [Fact]
    public void A_session_without_a_name_has_one_that_can_be_used()
    {
        using var shell = OpenConnected();
        Assert.True(shell.Get<bool>("Test-NasConnection $nas.Name -Ping"));
        Assert.Contains(shell.Get<string>("$nas.Name"), shell.Show("$nas"));
    }

    [Theory]
    [InlineData("5", false)]
    [InlineData("nobody", false)]
    [InlineData("$nas", true)]
    public void Test_answers_yes_or_no(string connection, bool answer)
    {
        using var shell = OpenConnected();
        Assert.Equal(answer, shell.Get<bool>("Test-NasConnection " + connection));
    }

    [Fact]
    public void Credentials_in_addresses_and_passwords_of_keys_are_not_to_be_seen()
    {
        using var shell = Shell.Open();
        var shown = shell.Show(
            $"""
            $tls = Connect-NasPubSub nats://bob:S3cret@127.0.0.1:{Server.Port} -TlsCertificatePassword S3cret -NoWait
            $nas = Connect-NasPubSub nats://bob:S3cret@127.0.0.1:{Server.Port}
            $nas.Options | Format-List *
            $tls.Options.Tls | Format-List *
            $nas.Options.Servers
            $nas.Options.Credentials
            $s = $nas.SubscribeAsync('j').GetAwaiter().GetResult(); $nas, $nas.Options, $tls.Options.Tls | Publish-NasMessage j
            $s | Receive-NasMessage -Count 3 -Timeout 5 -As Text
            """
        );
        Assert.Contains("user bob", shown);
        Assert.DoesNotContain("S3cret", shown);
    }

    [Theory]
    [InlineData("0.5", "00:00:00.5000000")]
    [InlineData("3", "00:00:03")]
    [InlineData("'2.5'", "00:00:02.5000000")]
    [InlineData("'00:01:00'", "00:01:00")]
    [InlineData("([timespan]::FromMinutes(2))", "00:02:00")]
    [InlineData("1e99", "24.20:31:23.6470000")]
    public void Times_are_seconds_or_TimeSpans(string given, string time)
    {
        using var shell = Shell.Open();
        Assert.Equal(
            time,
            shell.Get<string>(
                $"$nas = Connect-NasPubSub {Server.Url} -PingInterval {given}; \"$($nas.Options.PingInterval)\""
            )
        );
    }

    [Theory]
    [InlineData("-1")]
    [InlineData("soon")]
    [InlineData("([double]::NaN)")]
    public void What_is_no_time_is_refused(string given)
    {
        using var shell = Shell.Open();
        Assert.Equal(
            "ParameterArgumentTransformationError",
            shell.Invoke($"Connect-NasPubSub {Server.Url} -PingInterval {given}").ErrorId
        );
    }

    [Fact]
    public void Reconnect_delays_are_several_times()
    {
        using var shell = Shell.Open();
        Assert.Equal(
            "00:00:00.1000000 00:00:02 00:00:02",
            shell.Get<string>(
                $"$nas = Connect-NasPubSub {Server.Url} -ReconnectDelay 0.1, 2; \"$(1..3 | ForEach-Object {{ $nas.Options.ReconnectDelay.Invoke($_) }})\""
            )
        );
    }

    [Theory]
    [InlineData("Connect-NasPubSub nats://127.0.0.1:1")]
    [InlineData("Connect-NasPubSub -Context no-such-context")]
    [InlineData("Connect-NasPubSub nats://127.0.0.1:1 -Timeout soon")]
    [InlineData("try { Connect-NasPubSub -NoSuchParameter } catch { throw }")]
    [InlineData("Connect-NasPubSub nats://127.0.0.1:1 -Namespace 'a b'")]
    public void After_a_failed_connect_nothing_connects_by_itself(string connect)
    {
        using var shell = Shell.Open();
        Assert.Single(shell.Invoke(connect).Errors);
        foreach (
            var call in new[]
            {
                "Publish-NasMessage a x",
                "Invoke-NasRequest a x",
                "Register-NasSubscription a",
                "Receive-NasMessage a -Timeout 1",
                "Wait-NasConnection 1",
            }
        )
        {
            Assert.Equal("NotConnected", shell.Invoke(call).ErrorId);
        }
        shell.Run($"$nas = Connect-NasPubSub {Server.Url}; Publish-NasMessage a x; Get-NasSubscription");
    }

    [Theory]
    [InlineData("Connect-NasPubSub nats://127.0.0.1:1")]
    [InlineData("Connect-NasPubSub -NoSuchParameter")]
    public void Disconnect_ends_the_refusal_of_a_failed_connect(string connect)
    {
        using var shell = Shell.Open();
        shell.Invoke(connect);
        shell.Run("Disconnect-NasPubSub");
        Assert.DoesNotContain(
            shell.Invoke("Publish-NasMessage a x").Errors,
            e => e.FullyQualifiedErrorId.StartsWith("NotConnected", StringComparison.Ordinal)
        );
    }

    [Fact]
    public void A_session_that_only_another_runspace_has_is_named_with_using()
    {
        using var owner = Shell.Open();
        owner.Run($"$nas = Connect-NasPubSub {Server.Url} -Name {Space}");
        using var guest = Shell.Open();
        foreach (
            var call in new[]
            {
                $"Publish-NasMessage a x -Connection {Space}",
                $"Get-NasConnection {Space}",
                $"Disconnect-NasPubSub {Space}",
            }
        )
        {
            var result = guest.Invoke(call);
            Assert.Equal("SessionNotFound", result.ErrorId);
            Assert.Contains("$using:", result.Errors[0].ToString(), StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_session_goes_on_trying_and_says_how_often_it_has()
    {
        await using var server = await NatsServer.StartAsync();
        using var shell = Shell.Open();
        shell.Run($"$nas = Connect-NasPubSub {server.Url} -ReconnectDelay 0.001");
        Assert.Equal(-1, shell.Get<int>("$nas.Options.MaxReconnects"));
        await server.KillAsync();
        await Eventually.TrueAsync(() => shell.Get<int>("$nas.Attempts") > 70);
        Assert.Equal("Reconnecting", shell.Get<string>("\"$($nas.State)\""));
        Assert.Matches(@"after \d+ attempts", Assert.Single(shell.Invoke("Wait-NasConnection 0.05").Errors).ToString());
        await server.RestartAsync();
        var warnings = shell.Invoke("Wait-NasConnection 10").ThrowIfFailed().Warnings.ToList();
        await Eventually.TrueAsync(() =>
        {
            warnings.AddRange(shell.Invoke("Get-NasConnection").Warnings);
            return warnings.Exists(w =>
                System.Text.RegularExpressions.Regex.IsMatch(w, @"^Reconnected to .* after \d+ attempts\.$")
            );
        });
        Assert.Equal(0, shell.Get<int>("$nas.Attempts"));
    }

    [Fact]
    public void Each_record_may_bind_another_session()
    {
        using var shell = Shell.Open();
        shell.Run($"1..2 | ForEach-Object {{ $null = Connect-NasPubSub {Server.Url} -Name \"s$_\" }}");
        Assert.Equal("s1 s2", shell.Get<string>("\"$((Get-NasConnection | Wait-NasConnection -PassThru).Name)\""));
    }

    [Theory]
    [InlineData("Publish-NasMessage a x -Connection ([uri]'nats://a')")]
    [InlineData("Get-NasSubscription -Connection ([uri]'nats://a')")]
    [InlineData("Set-NasConnection ([uri]'nats://a') -Default")]
    [InlineData("Disconnect-NasPubSub ([uri]'nats://a')")]
    public void What_is_no_session_is_refused_by_every_cmdlet(string call)
    {
        using var shell = Shell.Open();
        Assert.Equal("InvalidArgument", shell.Invoke(call).ErrorId);
    }

    [Fact]
    public void The_default_session_is_chosen_and_marked()
    {
        using var shell = Shell.Open();
        shell.Run($"1..2 | ForEach-Object {{ $null = Connect-NasPubSub {Server.Url} -NoNamespace -Name \"s$_\" }}");
        const string Marked = "(Get-NasConnection | Where-Object IsDefault).Name";
        Assert.Equal("s2", shell.Get<string>(Marked));
        shell.Run("Set-NasConnection s1 -Default -WhatIf");
        Assert.Equal("s2", shell.Get<string>(Marked));
        Assert.Equal("s1", shell.Get<string>("(Set-NasConnection s1 -Default -PassThru).Name"));
        Assert.Equal("s1", shell.Get<string>("(Register-NasSubscription a).Connection.Name"));
        Assert.Matches(@"\n\* s1 .*\n  s2 ", shell.Show("Get-NasConnection").ReplaceLineEndings("\n"));
        Assert.Equal("s2", shell.Get<string>("Get-NasConnection s2 | Set-NasConnection -Default; " + Marked));
        Assert.Equal("SessionNotFound", shell.Invoke("Set-NasConnection nobody -Default").ErrorId);
        Assert.Equal(
            "ConnectionClosed",
            shell.Invoke("$s = Get-NasConnection s2; Disconnect-NasPubSub $s; Set-NasConnection $s -Default").ErrorId
        );
        Assert.Equal("s1", shell.Get<string>(Marked));
    }

    [Fact]
    public void A_session_of_another_runspace_can_be_the_default_and_lives_on()
    {
        using var owner = OpenConnected();
        var connection = owner.Run("$nas")[0].BaseObject;
        using (var guest = Shell.Open())
        {
            guest.Run(
                "Set-NasConnection $args[0] -Default; Publish-NasMessage a x -Flush; Disconnect-NasPubSub",
                connection
            );
        }
        Assert.Equal(1, owner.Get<long>("$nas.Statistics.MessagesOut"));
        Assert.True(owner.Get<bool>("Test-NasConnection -Ping"));
    }

    [Fact]
    public void What_if_leaves_a_session_as_it_is()
    {
        using var shell = OpenConnected();
        Assert.True(
            shell.Get<bool>("Disconnect-NasPubSub -WhatIf; Disconnect-NasPubSub -All -Force -WhatIf; $nas.IsConnected")
        );
        Assert.Equal("Closed", shell.Get<string>("Disconnect-NasPubSub -Confirm:$false; \"$($nas.State)\""));
    }

    [Fact]
    public void Many_runspaces_come_and_go()
    {
        for (var i = 0; i < 5; i++)
        {
            using var shell = OpenConnected();
            shell.Run("Publish-NasMessage a x");
            Assert.Equal(RunspaceState.Opened, shell.Runspace.RunspaceStateInfo.State);
        }
    }

    [Fact]
    public async Task Without_a_session_a_test_tries_the_server_and_leaves_none()
    {
        await using var server = await NatsServer.StartAsync("authorization { user: u, password: p }");
        using var shell = Shell.Open();
        var open = server.Url.Replace("//", "//u:p@");
        Assert.Equal(
            [true, false, false, true, false, false],
            shell
                .Run(
                    $$"""
                    $free = [System.Net.Sockets.TcpListener]::new('127.0.0.1', 0); $free.Start(); $port = $free.LocalEndpoint.Port; $free.Stop()
                    Test-NasConnection {{open}}; Test-NasConnection {{server.Url}}; Test-NasConnection "127.0.0.1:$port" -Timeout 2
                    $before = $env:NATS_URL
                    try { $env:NATS_URL = '{{open}}'; Test-NasConnection -Ping; try { Connect-NasPubSub nats://127.0.0.1:1 } catch { }; Test-NasConnection } finally { $env:NATS_URL = $before }
                    Test-NasConnection nobody
                    Get-NasConnection
                    """
                )
                .Select(o => o.BaseObject)
        );
        Assert.Equal("InvalidOption", shell.Invoke("Test-NasConnection 'http://127.0.0.1:1'").ErrorId);
    }
}

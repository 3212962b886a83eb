using NasPubSub.Tests.Infrastructure;
using NasPubSub.TestServer;

namespace NasPubSub.Tests.Commands;

/// <summary>What a server denies after a cmdlet has returned is an error, once.</summary>
public sealed class DenialTests : IAsyncLifetime
{
    private NatsServer _server = null!;
    private Shell _shell = null!;

    public async ValueTask InitializeAsync()
    {
        _server = await NatsServer.StartAsync(
            new NatsServerOptions { JetStream = true, Config = Config("""{ deny: ["no.>", "_INBOX.>"] }""") }
        );
        _shell = Shell.Open();
        _shell.Run($"$nas = Connect-NasPubSub {_server.Url.Replace("//", "//u:p@")} -NoNamespace");
    }

    public async ValueTask DisposeAsync()
    {
        _shell.Dispose();
        await _server.DisposeAsync();
    }

    [Theory]
    [InlineData("Publish-NasMessage no.1 x -Flush", "no.1")]
    [InlineData("Publish-NasMessage no.1 x; $nas.PingAsync().Wait(); Publish-NasMessage yes x", "no.1")]
    [InlineData("Publish-NasMessage no.1 x; $nas.PingAsync().Wait(); Receive-NasMessage yes -Timeout 0.2", "no.1")]
    [InlineData("Publish-NasMessage no.1 x; $nas.PingAsync().Wait(); $null = Get-NasConnection", "no.1")]
    [InlineData("Publish-NasMessage no.1 x; $nas.PingAsync().Wait(); $null = Test-NasConnection", "no.1")]
    [InlineData("Publish-NasMessage no.1 x; Disconnect-NasPubSub", "no.1")]
    [InlineData("Publish-NasMessage no.1 x; Disconnect-NasPubSub -All", "no.1")]
    [InlineData(
        "$url = $nas.Options.Servers; $c = [pscredential]::new('u', (ConvertTo-SecureString p -AsPlainText -Force)); $null = Connect-NasPubSub $url -Name s -Credential $c -NoNamespace; Publish-NasMessage no.1 x; $null = Connect-NasPubSub $url -Name s -Credential $c",
        "no.1"
    )]
    [InlineData("1..3 | Publish-NasMessage no.1 -Acknowledge -Timeout 5", "no.1|no.1|no.1")]
    [InlineData("1..500 | Publish-NasMessage no.1 -Flush", "no.1.*500 messages")]
    [InlineData(
        "1..3 | ForEach-Object { Publish-NasMessage no.$_ x }; Publish-NasMessage yes x -Flush",
        "no.1|no.2|no.3"
    )]
    [InlineData(
        "$m = [pscustomobject]@{ Subject = 'no.1'; Payload = 1 }; $m, $m | Publish-NasMessage -Flush",
        "no.1.*2 messages"
    )]
    public void It_is_an_error_of_that_cmdlet_or_of_the_next_and_no_warning(string script, string expected)
    {
        var result = _shell.Invoke(script);
        var subjects = expected.Split('|');
        Assert.True(subjects.Length == result.Errors.Count, string.Join("; ", result.Errors));
        for (var i = 0; i < subjects.Length; i++)
        {
            Assert.StartsWith("PermissionDenied,", result.Errors[i].FullyQualifiedErrorId, StringComparison.Ordinal);
            Assert.Matches(subjects[i], result.Errors[i].Exception.Message);
            Assert.NotEmpty(result.Errors[i].ErrorDetails.RecommendedAction);
        }
        Assert.Empty(result.Warnings);
        Assert.Empty(_shell.Invoke("Get-NasConnection | Out-Null; Disconnect-NasPubSub").Errors);
    }

    [Fact]
    public void Stop_ends_the_script_there_and_leaves_the_others_for_the_next_cmdlet()
    {
        var result = _shell.Invoke(
            "$ErrorActionPreference = 'Stop'; 'no.1', 'no.2' | Publish-NasMessage -Subject { $_ } -Flush; 'not reached'"
        );
        Assert.Equal("PermissionDenied", result.ErrorId);
        Assert.Empty(result.Output);
        Assert.Contains(
            "no.2",
            Assert
                .Single(_shell.Invoke("$ErrorActionPreference = 'Continue'; Get-NasConnection | Out-Null").Errors)
                .Exception.Message,
            StringComparison.Ordinal
        );
    }

    [Fact]
    public void A_cmdlet_that_connected_by_itself_waits_for_the_server_and_so_do_those_after_it()
    {
        using var shell = Shell.Open();
        foreach (var script in new[] { "Publish-NasMessage no.1 x -Raw", "Publish-NasMessage no.2 x -Raw" })
        {
            var result = shell.Invoke(
                $"$env:NATS_URL = '{_server.Url.Replace("//", "//u:p@")}'; try {{ {script} }} finally {{ $env:NATS_URL = $null }}"
            );
            Assert.Equal("PermissionDenied", result.ErrorId);
        }
    }

    [Fact]
    public void A_denied_reply_is_an_error_of_the_next_cmdlet()
    {
        var result = _shell.Invoke(
            """
            $sub = Register-NasSubscription ask; Publish-NasMessage ask x -ReplyTo no.back
            $sub | Receive-NasMessage -Count 1 -Timeout 5 | Send-NasReply answer
            $null = Disconnect-NasPubSub
            """
        );
        Assert.Equal("PermissionDenied", result.ErrorId);
        Assert.Contains("no.back", result.Errors[0].Exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void A_denied_answer_of_an_action_is_an_error_of_its_job()
    {
        var result = _shell.Invoke(
            """
            $job = Register-NasSubscription ask -Reply -MaxMessages 2 { 'answer' }
            1..2 | Publish-NasMessage ask -ReplyTo no.back
            $null = $job | Wait-Job -Timeout 10
            $job.Error.Count; $job.Error[0].FullyQualifiedErrorId; $job.Error[0].Exception.Message
            $null = Disconnect-NasPubSub
            """
        );
        Assert.Empty(result.Errors);
        Assert.Equal([2, "PermissionDenied"], result.Values.Take(2));
        Assert.Contains("no.back", (string)result.Values.Last()!, StringComparison.Ordinal);
    }

    [Fact]
    public void A_denied_request_is_reported_by_itself_alone()
    {
        Assert.Equal("PermissionDenied", _shell.Invoke("Invoke-NasRequest no.1 x").ErrorId);
        Assert.Empty(_shell.Invoke("Disconnect-NasPubSub").Errors);
    }

    [ServerFact(Signals = true)]
    public async Task A_subscription_denied_later_is_an_error_of_the_next_cmdlet()
    {
        _shell.Run("$sub = Register-NasSubscription taken");
        await _server.ReloadAsync(Config("\">\"", "\"kept\""));
        await Eventually.TrueAsync(() => Task.FromResult(!_shell.Get<bool>("$sub.IsActive")));
        Assert.Equal("PermissionDenied", _shell.Invoke("Publish-NasMessage yes x").ErrorId);
        Assert.Empty(_shell.Invoke("Publish-NasMessage yes x").Errors);
    }

    private static string Config(string publish, string subscribe = "\">\"") =>
        $"authorization {{ users = [{{ user: u, password: p, permissions: {{ publish: {publish}, subscribe: {subscribe} }} }}] }}";
}

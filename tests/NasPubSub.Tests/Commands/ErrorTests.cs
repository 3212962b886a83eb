using NasPubSub.Tests.Infrastructure;
using NasPubSub.TestServer;

namespace NasPubSub.Tests.Commands;

/// <summary>What goes wrong is one error, with a name of its own, and what to do about it.</summary>
public sealed class ErrorTests(ServerFixture fixture) : ServedTests(fixture)
{
    [Theory]
    [InlineData(
        "Publish-NasMessage a x -Header @{ 'a b' = 1 }",
        "InvalidHeader,NasPubSub.Commands.PublishNasMessageCommand"
    )]
    [InlineData(
        "Publish-NasMessage a x -Header @{ a = \"x`ny\" }",
        "InvalidHeader,NasPubSub.Commands.PublishNasMessageCommand"
    )]
    [InlineData("Publish-NasMessage a x -ReplyTo 'a b'", "InvalidSubject,NasPubSub.Commands.PublishNasMessageCommand")]
    [InlineData("1..9 | Publish-NasMessage 'a b'", "InvalidSubject,NasPubSub.Commands.PublishNasMessageCommand")]
    [InlineData(
        "1 | Publish-NasMessage -Subject { throw 'no' }",
        "SubjectScriptFailed,NasPubSub.Commands.PublishNasMessageCommand"
    )]
    [InlineData("1 | Publish-NasMessage -Subject { }", "MissingSubject,NasPubSub.Commands.PublishNasMessageCommand")]
    [InlineData(
        "Publish-NasMessage a x -Connection ([guid]::Empty)",
        "InvalidArgument,NasPubSub.Commands.PublishNasMessageCommand"
    )]
    [InlineData(
        "$nas.DisconnectAsync().Wait(); 1..9 | Publish-NasMessage a",
        "ConnectionClosed,NasPubSub.Commands.PublishNasMessageCommand"
    )]
    [InlineData(
        "$nas.DisconnectAsync().Wait(); Receive-NasMessage a",
        "ConnectionClosed,NasPubSub.Commands.ReceiveNasMessageCommand"
    )]
    [InlineData(
        "Receive-NasMessage a -QueueGroup 'q q'",
        "InvalidQueueGroup,NasPubSub.Commands.ReceiveNasMessageCommand"
    )]
    [InlineData("Receive-NasMessage 'a.>.b'", "InvalidSubject,NasPubSub.Commands.ReceiveNasMessageCommand")]
    [InlineData(
        "$s = Register-NasSubscription a; Publish-NasMessage a x; $s.DrainAsync().Wait(); $null = $s | Receive-NasMessage -Count 2",
        "SubscriptionEnded,NasPubSub.Commands.ReceiveNasMessageCommand"
    )]
    [InlineData("1..3 | Invoke-NasRequest 'a b'", "InvalidSubject,NasPubSub.Commands.InvokeNasRequestCommand")]
    [InlineData("Invoke-NasRequest a x -Count 3 -Timeout 1", "NoResponders,NasPubSub.Commands.InvokeNasRequestCommand")]
    [InlineData(
        "$nas.DisconnectAsync().Wait(); Wait-NasConnection 1",
        "ConnectionClosed,NasPubSub.Commands.WaitNasConnectionCommand"
    )]
    [InlineData("Get-NasConnection nobody", "SessionNotFound,NasPubSub.Commands.GetNasConnectionCommand")]
    [InlineData("Disconnect-NasPubSub nobody", "SessionNotFound,NasPubSub.Commands.DisconnectNasPubSubCommand")]
    public void It_has_its_name_and_an_advice(string script, string id)
    {
        using var shell = OpenConnected();
        var error = Assert.Single(shell.Invoke(script).Errors);
        Assert.Equal(id, error.FullyQualifiedErrorId);
        Assert.NotEmpty(error.ErrorDetails.RecommendedAction);
    }

    [Fact]
    public void A_reply_script_that_throws_costs_its_message_only()
    {
        using var shell = OpenConnected();
        var result = shell.Invoke(
            """
            $s = Register-NasSubscription a; $inbox = $nas.NewInbox(); $answers = $nas.SubscribeAsync($inbox).GetAwaiter().GetResult()
            1..3 | Publish-NasMessage a -ReplyTo $inbox
            $s | Receive-NasMessage -Count 3 -Timeout 5 | Send-NasReply { if ($_.Text -eq '2') { throw 'no two' }; $_.Text }
            $answers | Receive-NasMessage -Count 2 -Timeout 5 -As Text
            """
        );
        Assert.Equal("ReplyScriptFailed", result.ErrorId);
        Assert.Equal(["1", "3"], result.Values);
    }

    [Fact]
    public async Task A_full_buffer_is_an_error_for_what_did_not_fit()
    {
        await using var server = await NatsServer.StartAsync();
        using var shell = Shell.Open();
        shell.Run($"$nas = Connect-NasPubSub {server.Url} -ReconnectBufferBytes 1000");
        await server.KillAsync();
        await Eventually.TrueAsync(() => Task.FromResult(shell.Get<string>("\"$($nas.State)\"") == "Reconnecting"));
        var result = shell.Invoke("'a', ('b' * 2000), 'c' | Publish-NasMessage s");
        Assert.Equal("BufferFull", result.ErrorId);
        Assert.Equal(2, shell.Get<long>("$nas.Statistics.MessagesOut"));
    }

    [Fact]
    public async Task A_forbidden_subject_is_the_errors_of_the_call_and_no_warning_besides()
    {
        await using var server = await NatsServer.StartAsync(
            "authorization { users = [{ user: u, password: p, permissions: { publish: { deny: [\"*.no\"] }, subscribe: { deny: [\"*.no\"] } } }] }"
        );
        using var shell = Shell.Open();
        shell.Run($"$nas = Connect-NasPubSub {server.Url.Replace("//", "//u:p@")}");
        foreach (var script in new[] { "Receive-NasMessage no", "Invoke-NasRequest no x" })
        {
            var denied = shell.Invoke(script);
            Assert.Equal("PermissionDenied", denied.ErrorId);
            Assert.True(denied.Elapsed < TimeSpan.FromSeconds(3));
            Assert.Empty(denied.Warnings);
            Assert.Empty(shell.Invoke("Test-NasConnection -Ping").Warnings);
        }
        Assert.Equal("AuthenticationFailed", shell.Invoke($"Connect-NasPubSub {server.Url} -Token wrong").ErrorId);
    }

    [ServerFact(Signals = true)]
    public async Task A_permission_that_a_reload_takes_away_fails_the_job_the_reader_and_the_calls_that_need_it()
    {
        static string Config(string allowed) =>
            $"authorization {{ users = [{{ user: u, password: p, permissions: {{ publish: {allowed}, subscribe: {allowed} }} }}] }}";
        await using var server = await NatsServer.StartAsync(Config("\">\""));
        using var shell = Shell.Open();
        shell.Run(
            $"$nas = Connect-NasPubSub {server.Url.Replace("//", "//u:p@")} -NoNamespace; $kept = Register-NasSubscription kept; $buffer = Register-NasSubscription taken; $job = Register-NasSubscription taken {{ $_.Text }}"
        );
        shell.Run("Publish-NasMessage taken before -Flush");
        var reading = shell.Start("$buffer | Receive-NasMessage -Timeout 30 -As Text");
        await Eventually.TrueAsync(() => reading.Output.Count == 1);
        await server.ReloadAsync(Config("[\"kept\", \"_INBOX.>\"]"));
        var read = await reading.Completed;
        Assert.Equal(("PermissionDenied", "before"), (read.ErrorId, Assert.Single(read.Values)));
        await Eventually.TrueAsync(() => Task.FromResult(shell.Get<string>("$job.State") == "Failed"));
        var handled = shell.Invoke("Receive-Job $job");
        Assert.Equal(("PermissionDenied", "before"), (handled.ErrorId, Assert.Single(handled.Values)));
        foreach (
            var script in new[]
            {
                "Register-NasSubscription taken",
                "Receive-NasMessage taken -Timeout 5",
                "Invoke-NasRequest taken x -Timeout 5",
            }
        )
        {
            Assert.Equal("PermissionDenied", shell.Invoke(script).ErrorId);
        }

        Assert.Equal("PermissionDenied", shell.Invoke("Publish-NasMessage taken x -Flush").ErrorId);
        Assert.Contains("taken", shell.Get<string>("$nas.LastError.Message"), StringComparison.Ordinal);
        Assert.Equal(
            "after",
            shell.Get<string>("Publish-NasMessage kept after; $kept | Receive-NasMessage -Count 1 -Timeout 5 -As Text")
        );
    }
}

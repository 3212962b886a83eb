using NasPubSub.Tests.Infrastructure;
using NasPubSub.TestServer;

namespace NasPubSub.Tests.Commands;

/// <summary>
/// Disconnect-NasPubSub: what has arrived is handled, what is left over is an error, and no session of others ends.
/// </summary>
public sealed class DisconnectTests(ServerFixture fixture) : ServedTests(fixture)
{
    [Theory]
    [InlineData("")]
    [InlineData("-ThrottleLimit 4")]
    [InlineData("-InCallerRunspace")]
    public void Actions_handle_and_answer_what_has_arrived(string how)
    {
        using var client = OpenConnected();
        client.Run("$answers = Register-NasSubscription answers");
        using var shell = OpenConnected();
        Assert.Equal(
            "Completed",
            shell.Get<string>(
                $$"""
                $job = Register-NasSubscription work { [System.Threading.Thread]::Sleep(1); $_.Text } -Reply {{how}}
                1..100 | Publish-NasMessage work -ReplyTo answers
                Disconnect-NasPubSub
                "$($job.State)"
                """
            )
        );
        Assert.Equal(100, client.Get<int>("@($answers | Receive-NasMessage -Count 100 -Timeout 10).Count"));
    }

    [Fact]
    public void What_is_unhandled_after_the_timeout_is_an_error_with_its_number()
    {
        using var shell = OpenConnected();
        using var gate = new ManualResetEventSlim();
        var result = shell.Invoke(
            "$gate = $args[0]; $job = Register-NasSubscription work { ($using:gate).Wait() }; 1..7 | Publish-NasMessage work -Flush; Disconnect-NasPubSub -Timeout 0.3; \"$($nas.State)\"",
            gate
        );
        gate.Set();
        Assert.Equal("Timeout", result.ErrorId);
        Assert.Contains(" 7 messages", result.Errors[0].ToString(), StringComparison.Ordinal);
        Assert.Contains("actions", result.Errors[0].ErrorDetails.RecommendedAction, StringComparison.Ordinal);
        Assert.Equal(["Closed"], result.Values);
        Assert.Empty(result.Warnings);
    }

    [Fact]
    public async Task What_a_server_does_not_confirm_in_time_is_an_error()
    {
        await using var server = await NatsServer.StartAsync();
        using var shell = Shell.Open();
        shell.Run($"$nas = Connect-NasPubSub {server.Url}");
        await server.PauseAsync();
        var result = shell.Invoke("Publish-NasMessage a x; Disconnect-NasPubSub -Timeout 0.2");
        Assert.Equal("Timeout", result.ErrorId);
        var advice = result.Errors[0].ErrorDetails.RecommendedAction;
        Assert.Contains("server", advice, StringComparison.Ordinal);
        Assert.DoesNotContain("actions", advice, StringComparison.Ordinal);
        await server.ResumeAsync();
    }

    [Fact]
    public async Task What_waits_for_a_server_that_is_gone_is_an_error()
    {
        await using var server = await NatsServer.StartAsync();
        using var shell = Shell.Open();
        shell.Run($"$nas = Connect-NasPubSub {server.Url} -NoReconnect");
        shell.Run("1..10 | Publish-NasMessage a -Flush");
        await server.KillAsync();
        await Eventually.TrueAsync(() => shell.Get<string>("\"$($nas.State)\"") == "Closed");
        Assert.Empty(shell.Invoke("Disconnect-NasPubSub").Errors);
    }

    [Theory]
    [InlineData("Disconnect-NasPubSub -All")]
    [InlineData("Disconnect-NasPubSub")]
    public void An_action_leaves_the_session_of_its_shell(string call)
    {
        using var shell = OpenConnected();
        Assert.Equal(
            "Connected",
            shell.Get<string>(
                $$"""
                $job = Register-NasSubscription a { 'work'; {{call}} } -MaxMessages 1
                Publish-NasMessage a 1 -Flush
                $null = $job.Finished.WaitOne(10000)
                Publish-NasMessage b 2 -Flush
                "$($nas.State)"
                """
            )
        );
    }

    [Fact]
    public void An_action_that_names_the_session_ends_it_and_does_not_wait_for_itself()
    {
        using var shell = OpenConnected();
        var result = shell.Run(
            """
            $clock = [System.Diagnostics.Stopwatch]::StartNew()
            $job = Register-NasSubscription a { Disconnect-NasPubSub $using:nas -ErrorAction Stop } -MaxMessages 1
            Publish-NasMessage a 1 -Flush
            $null = $job.Finished.WaitOne(10000)
            "$($nas.State) $($job.State) $($job.Error.Count)"; $clock.Elapsed.TotalSeconds -lt 5
            """
        );
        Assert.Equal(["Closed Completed 0", true], result.Select(r => r.BaseObject));
    }
}

using NasPubSub.Tests.Infrastructure;
using NasPubSub.TestServer;

namespace NasPubSub.Tests.Commands;

public sealed class ReceiveTests(ServerFixture fixture) : ServedTests(fixture)
{
    [Fact]
    public async Task A_subject_is_subscribed_to_while_it_runs_and_no_longer()
    {
        using var shell = OpenConnected();
        using var sender = OpenConnected();
        var run = shell.Start("Receive-NasMessage 'a.>' -IdleTimeout 1 -As Text");
        await Eventually.TrueAsync(() => Task.FromResult(Subscribed(sender, "a.1")));
        sender.Run("'x', 'y', 'z' | Publish-NasMessage a.1");
        var result = await run.Completed;
        Assert.Equal(["x", "y", "z"], result.ThrowIfFailed().Values.Where(v => (string?)v != "probe"));
        Assert.Equal(0, shell.Get<int>("$nas.Subscriptions.Count"));
    }

    /// <summary>Does somebody listen? A request without responders tells.</summary>
    private static bool Subscribed(Shell shell, string subject) =>
        shell.Invoke($"Invoke-NasRequest {subject} -Payload probe -Timeout 0.05").ErrorId == "RequestTimeout";

    [Fact]
    public void A_pipeline_that_has_enough_ends_it_at_once_and_leaves_no_subscription()
    {
        using var shell = OpenConnected();
        var result = shell.Invoke(
            $$"""
            $feed = Connect-NasPubSub {{Server.Url}} -Namespace {{Space}} -Name feed
            $timer = [System.Threading.Timer]::new([System.Threading.TimerCallback]([NasPubSub.Tests.Infrastructure.Feed]::new($feed, 'a.b').Send), $null, 0, 20)
            try { foreach ($m in 1) { Receive-NasMessage 'a.>' -Count 1000000 -Connection $nas | ForEach-Object { $n++; $_.Text; if ($n -eq 3) { break } } } } finally { $timer.Dispose() }
            """
        );
        Assert.Equal(3, result.Output.Count);
        Assert.True(result.Elapsed < TimeSpan.FromSeconds(5));
        Assert.Equal(0, shell.Get<int>("$nas.Subscriptions.Count"));
    }

    [Theory]
    [InlineData("Receive-NasMessage quiet")]
    [InlineData("Receive-NasMessage quiet -Count 5 -Timeout 60")]
    [InlineData("$nas.SubscribeAsync('q').GetAwaiter().GetResult() | Receive-NasMessage")]
    [InlineData("Invoke-NasRequest slow x -Timeout 60")]
    [InlineData("Invoke-NasRequest slow x -Timeout 60 -Count 3")]
    [InlineData("Connect-NasPubSub nats://127.0.0.1:SILENT -Timeout 60")]
    [InlineData("$n = Connect-NasPubSub nats://127.0.0.1:1 -NoWait; Wait-NasConnection 60 -Connection $n")]
    public async Task Control_C_ends_every_wait_within_a_second(string script)
    {
        await using var silent = FakeServer.Start(peer => peer.StaySilentAsync());
        using var shell = OpenConnected();
        shell.Run("$null = $nas.SubscribeAsync('slow').GetAwaiter().GetResult()");
        var run = shell.Start(script.Replace("SILENT", silent.Port.ToString()));
        await Task.WhenAny(run.Completed, Task.Delay(500));
        Assert.False(run.Completed.IsCompleted, "it did not wait");
        Assert.True(await run.StopAsync() < TimeSpan.FromSeconds(1));
        Assert.True((await run.Completed).Stopped);
        Assert.Equal(1, shell.Get<int>("@($nas.Subscriptions | Where-Object Subject -NE 'q').Count"));
        Assert.True(shell.Get<bool>("Test-NasConnection $nas -Ping"));
    }

    [Fact]
    public void Time_limits_end_it_and_a_count_not_reached_is_an_error()
    {
        using var shell = OpenConnected();
        var idle = shell.Invoke("Receive-NasMessage q -IdleTimeout 0.2");
        Assert.Empty(idle.ThrowIfFailed().Output);
        Assert.InRange(idle.Elapsed.TotalSeconds, 0.15, 3);
        Assert.Empty(shell.Invoke("Receive-NasMessage q -Timeout ([TimeSpan]'00:00:00.2')").ThrowIfFailed().Output);
        Assert.Equal("Timeout", shell.Invoke("Receive-NasMessage q -Timeout 0.2 -Count 2").ErrorId);
    }

    [Fact]
    public void From_a_subscription_it_takes_no_more_than_it_gives_out()
    {
        using var shell = OpenConnected();
        var values = shell
            .Run(
                """
                $sub = $nas.SubscribeAsync('k').GetAwaiter().GetResult()
                1..5 | Publish-NasMessage k -Flush
                $sub | Receive-NasMessage -Count 2 -As Text
                foreach ($once in 1) { $sub | Receive-NasMessage -As Text | ForEach-Object { $_; break } }
                $sub | Receive-NasMessage -Count 2 -Timeout 5 -As Text
                """
            )
            .Select(o => o.ToString());
        Assert.Equal(["1", "2", "3", "4", "5"], values);
    }

    [Fact]
    public void JSON_comes_back_as_objects_and_what_is_none_is_one_error()
    {
        using var shell = OpenConnected();
        var result = shell.Invoke(
            """
            $sub = $nas.SubscribeAsync('j').GetAwaiter().GetResult()
            [pscustomobject]@{ Name = 'n'; When = [datetime]::SpecifyKind('2026-01-02T03:04:05', 'Utc'); Deep = @{ List = 1, 2 } }, 7 | Publish-NasMessage j
            Publish-NasMessage j 'no json'
            Publish-NasMessage j '[1,2]'
            $sub | Receive-NasMessage -Count 4 -Timeout 5 -As Json | ForEach-Object { if ($_ -is [array]) { "array $($_.Count)" } else { $_ } }
            """
        );
        Assert.Equal("InvalidJson", result.ErrorId);
        Assert.Equal(
            ["n", new DateTime(2026, 1, 2, 3, 4, 5, DateTimeKind.Utc)],
            new object[] { result.Output[0].Properties["Name"].Value, result.Output[0].Properties["When"].Value }
        );
        Assert.Equal(7L, result.Output[1].BaseObject);
        Assert.Equal("array 2", result.Output[2].BaseObject);
    }

    [Fact]
    public void A_stream_without_pause_ends_in_time_with_a_count_and_without()
    {
        using var shell = OpenConnected();
        shell.Run(
            $$"""
            $feed = Connect-NasPubSub {{Server.Url}} -Namespace {{Space}} -Name feed
            $timer = [System.Threading.Timer]::new([System.Threading.TimerCallback]([NasPubSub.Tests.Infrastructure.Feed]::new($feed, 'a.b').Send), $null, 0, 1)
            """
        );
        try
        {
            var counted = shell.Invoke("Receive-NasMessage a.b -Count 100000000 -Timeout 0.5 -Connection $nas");
            Assert.Equal("Timeout", counted.ErrorId);
            Assert.InRange(counted.Elapsed.TotalSeconds, 0.4, 5);
            Assert.NotEmpty(counted.Output);
            Assert.NotEmpty(
                shell
                    .Invoke("Receive-NasMessage a.b -Timeout 0.5 -IdleTimeout 5 -Connection $nas")
                    .ThrowIfFailed()
                    .Output
            );
        }
        finally
        {
            shell.Run("$timer.Dispose()");
        }
    }

    [Fact]
    public void Progress_is_shown_after_a_second_not_too_often_and_ends()
    {
        using var shell = OpenConnected();
        shell.Run(
            $$"""
            $feed = Connect-NasPubSub {{Server.Url}} -Namespace {{Space}} -Name feed
            $timer = [System.Threading.Timer]::new([System.Threading.TimerCallback]([NasPubSub.Tests.Infrastructure.Feed]::new($feed, 'a.b').Send), $null, 0, 5)
            """
        );
        var result = shell.Invoke(
            "Receive-NasMessage a.b -Count 100000 -Timeout 3 -Connection $nas 2>$null; $timer.Dispose()"
        );
        // Five a second, but for the first second, and the last that ends it.
        Assert.InRange(result.Progress.Count, 2, 11);
        Assert.Equal(System.Management.Automation.ProgressRecordType.Completed, result.Progress[^1].RecordType);
        Assert.Contains("of 100,000 messages", result.Progress[0].StatusDescription);
        Assert.Empty(
            shell
                .Invoke(
                    "$s = $nas.SubscribeAsync('q').GetAwaiter().GetResult(); 1..50 | Publish-NasMessage q -Connection $nas; $s | Receive-NasMessage -Count 50 -Timeout 5"
                )
                .Progress
        );
    }

    [Fact]
    public void Progress_is_shown_also_where_nothing_comes()
    {
        using var shell = OpenConnected();
        var result = shell.Invoke("Receive-NasMessage a.b -Count 3 -Timeout 2 2>$null");
        Assert.InRange(result.Progress.Count, 2, 8);
        Assert.Contains("0 of 3 messages", result.Progress[0].StatusDescription);
    }

    [Fact]
    public async Task A_queue_group_shares_and_a_raw_subject_is_as_it_stands()
    {
        using var shell = OpenConnected();
        dynamic nas = shell
            .Run("$other = $nas.SubscribeAsync('w', $null, 'g').GetAwaiter().GetResult(); $nas")[0]
            .BaseObject;
        var run = shell.Start("Receive-NasMessage w -QueueGroup g -IdleTimeout 1 -As Text");
        using var sender = OpenConnected();
        await Eventually.TrueAsync(() =>
            Task.FromResult(((System.Collections.ICollection)nas.Subscriptions).Count == 2)
        );
        sender.Run("foreach ($i in 1..200) { Publish-NasMessage w $i -Flush }");
        var here = (await run.Completed).ThrowIfFailed().Output.Count;
        var there = shell.Get<int>("$other.PendingMessages");
        Assert.Equal(200, here + there);
        Assert.InRange(here, 1, 199);
    }
}

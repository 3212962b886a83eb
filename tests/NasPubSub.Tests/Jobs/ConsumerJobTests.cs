using System.Text.Json.Nodes;
using NasPubSub.Tests.Infrastructure;
using NasPubSub.TestServer;

namespace NasPubSub.Tests.Jobs;

/// <summary>Actions over a consumer: the acknowledgement follows the action.</summary>
public sealed class ConsumerJobTests(StreamFixture fixture) : StreamShellTests(fixture)
{
    /// <summary>Makes the stream $s with the subjects w.> and d.>, and a consumer c of w.>.</summary>
    private Shell OpenWithConsumer(string consumer = "", string publish = "")
    {
        var shell = OpenConnected();
        var name = Space.ToUpperInvariant();
        Call(
            shell,
            $"STREAM.CREATE.{name}",
            $$"""{"name":"{{name}}","subjects":["{{Space}}.w.>","{{Space}}.d.>"],"storage":"memory"}"""
        );
        Call(
            shell,
            $"CONSUMER.CREATE.{name}.c",
            $$"""
            {"config":{"durable_name":"c","ack_policy":"explicit","filter_subject":"{{Space}}.w.>"{{consumer}} },
            "stream_name":"{{name}}"}
            """
        );
        if (publish.Length > 0)
        {
            shell.Run($"{publish} | Publish-NasMessage w.x -Flush");
        }

        return shell;
    }

    private JsonNode Consumer(Shell shell, string name = "c") =>
        JsonNode.Parse(Call(shell, $"CONSUMER.INFO.{Space.ToUpperInvariant()}.{name}"))!;

    private Task AckedAsync(Shell shell, ulong floor) =>
        Eventually.TrueAsync(
            () => Consumer(shell)["ack_floor"]!["stream_seq"]!.GetValue<ulong>() == floor,
            explain: () => Consumer(shell).ToJsonString()
        );

    [Fact]
    public async Task A_message_is_acknowledged_when_its_action_has_handled_it()
    {
        using var shell = OpenWithConsumer(publish: "1..50");
        var output = shell.Run(
            """
            $job = Register-NasSubscription -Stream $s -Consumer c -Action { [int]$_.Text } -MaxMessages 50
            $job | Wait-Job -Timeout 20 | Receive-Job
            $job.State; $job.Delivered; $job.Failed; $job.Stream -eq $s; $job.Consumer
            """
        );
        Assert.Equal(
            [.. Enumerable.Range(1, 50).Cast<object>(), "Completed", 50L, 0L, true, "c"],
            output.Select(o => o.BaseObject is string[] one ? one[0] : o.BaseObject)
        );
        await AckedAsync(shell, 50);
        Assert.Equal(0, Consumer(shell)["num_redelivered"]!.GetValue<int>());
    }

    [Theory]
    [InlineData("throw 'no'")]
    [InlineData("Write-Error 'no'")]
    [InlineData("exit 3")]
    public async Task A_message_whose_action_fails_is_delivered_again_after_the_delay(string failure)
    {
        using var shell = OpenWithConsumer(publish: "'a', 'b'");
        var result = shell.Run(
            $$"""
            $job = Register-NasSubscription -Stream $s -Consumer c -RetryDelay 200ms -MaxMessages 4 -Action {
                "$($_.Text)$($_.Delivered)"
                if ($_.Delivered -eq 1) { {{failure}} }
            }
            $null = $job | Wait-Job -Timeout 20
            "$($job.Output)"; $job.Failed; $job.Error.Count; [int]($job.PSEndTime - $job.PSBeginTime).TotalMilliseconds -gt 190
            """
        );
        Assert.Equal(["a1 b1 a2 b2", 2L, 2, true], result.Select(o => o.BaseObject));
        await AckedAsync(shell, 2);
    }

    [Fact]
    public void The_delays_follow_each_other_and_the_last_one_stays()
    {
        using var shell = OpenWithConsumer(publish: "1");
        var gaps = shell.Run(
            """
            $job = Register-NasSubscription -Stream $s -Consumer c -RetryDelay 100ms, 400ms -MaxMessages 4 -Action {
                [DateTime]::UtcNow
                if ($_.Delivered -lt 4) { throw 'no' }
            }
            $null = $job | Wait-Job -Timeout 20
            $times = $job.Output
            1..3 | ForEach-Object { ($times[$_] - $times[$_ - 1]).TotalMilliseconds }
            """
        );
        Assert.Equal(3, gaps.Count);
        Assert.InRange((double)gaps[0].BaseObject, 90, 390);
        Assert.All(gaps.Skip(1), gap => Assert.InRange((double)gap.BaseObject, 390, 5000));
    }

    [Fact]
    public async Task A_message_that_fails_too_often_becomes_a_dead_letter_that_says_why()
    {
        using var shell = OpenWithConsumer(publish: "'bad', 'good'");
        var result = shell.Run(
            """
            $job = Register-NasSubscription -Stream $s -Consumer c -RetryDelay 10ms -MaxDeliver 3 -DeadLetter d.w -MaxMessages 4 -Action {
                if ($_.Text -eq 'bad') { throw "cannot`nread it" } else { 'good' }
            }
            $null = $job | Wait-Job -Timeout 20
            $job.DeadLetters; "$($job.Output)"; $job.Failed
            """
        );
        Assert.Equal([1L, "good", 3L], result.Select(o => o.BaseObject));
        await AckedAsync(shell, 2);
        var stored = JsonNode.Parse(
            Call(
                shell,
                $"STREAM.MSG.GET.{Space.ToUpperInvariant()}",
                $$"""{"last_by_subj":"{{Space}}.d.w"}"""
            )
        )!["message"]!;
        Assert.Equal("bad", Text(stored, "data"));
        var headers = Text(stored, "hdrs");
        Assert.Contains("Nas-Dead-Letter-Reason: MaxDeliveries\r\n", headers);
        Assert.Contains("Nas-Dead-Letter-Detail: cannot read it\r\n", headers);
        Assert.Contains($"Nas-Dead-Letter-Stream: {Space.ToUpperInvariant()}\r\n", headers);
        Assert.Contains("Nas-Dead-Letter-Consumer: c\r\n", headers);
        Assert.Contains("Nas-Dead-Letter-Sequence: 1\r\n", headers);
        Assert.Contains("Nas-Dead-Letter-Deliveries: 3\r\n", headers);
        Assert.Contains($"Nas-Dead-Letter-Subject: {Space}.w.x\r\n", headers);

        static string Text(JsonNode message, string name) =>
            System.Text.Encoding.UTF8.GetString(Convert.FromBase64String(message[name]!.GetValue<string>()));
    }

    [Fact]
    public async Task Without_a_subject_for_dead_letters_a_message_is_given_up_with_a_warning()
    {
        using var shell = OpenWithConsumer(publish: "'bad'");
        var warnings = shell.Run(
            """
            $job = Register-NasSubscription -Stream $s -Consumer c -RetryDelay 10ms -MaxDeliver 2 -MaxMessages 2 -Action { throw 'no' }
            $null = $job | Wait-Job -Timeout 20
            $job.Warning
            """
        );
        Assert.Contains("is given up after 2 deliveries", Assert.Single(warnings).ToString());
        await AckedAsync(shell, 1);
    }

    [Fact]
    public async Task Where_only_the_consumer_counts_deliveries_it_reports_the_last_failure()
    {
        using var shell = OpenWithConsumer(",\"max_deliver\":2", "'bad'");
        shell.Run(
            """
            $advisories = Register-NasSubscription "`$JS.EVENT.ADVISORY.CONSUMER.MAX_DELIVERIES.$s.c" -Raw
            $job = Register-NasSubscription -Stream $s -Consumer c -RetryDelay 10ms -Action { throw 'no' }
            """
        );
        await Eventually.TrueAsync(() => shell.Get<long>("$job.Failed") == 2);
        var advisory = shell.Get<string>("($advisories | Receive-NasMessage -Count 1 -Timeout 10).Json.type");
        Assert.Equal("io.nats.jetstream.advisory.v1.max_deliver", advisory);
        Assert.Empty(shell.Run("$job.Warning"));
    }

    [Fact]
    public async Task Several_actions_run_at_once_and_each_acknowledges_its_own_message()
    {
        using var shell = OpenWithConsumer(publish: "1..8");
        var result = shell.Run(
            """
            $together = [System.Threading.Barrier]::new(4)
            $job = Register-NasSubscription -Stream $s -Consumer c -ThrottleLimit 4 -RetryDelay 10ms -MaxMessages 9 -Action {
                if ($_.Delivered -eq 1 -and $_.Text -eq '5') { throw 'no' }
                if ($_.Delivered -eq 1 -and [int]$_.Text -le 4) { ($using:together).SignalAndWait(10000) }
                $_.Text
            }
            $null = $job | Wait-Job -Timeout 20
            "$($job.Output | Sort-Object -Unique)"; "$($job.Output -eq $true)"
            """
        );
        Assert.Equal("1 2 3 4 5 6 7 8 True", result[0].BaseObject);
        await AckedAsync(shell, 8);
    }

    [Fact]
    public async Task Slow_actions_and_what_waits_behind_them_are_kept_alive()
    {
        using var shell = OpenWithConsumer(",\"ack_wait\":200000000", "1..3");
        var output = shell.Run(
            """
            $job = Register-NasSubscription -Stream $s -Consumer c -MaxMessages 3 -Action { Start-Sleep -Milliseconds 500; "$($_.Text):$($_.Delivered)" }
            $null = $job | Wait-Job -Timeout 20
            "$($job.Output)"
            """
        );
        Assert.Equal("1:1 2:1 3:1", output[0].BaseObject);
        await AckedAsync(shell, 3);
        Assert.Equal(3UL, Consumer(shell)["delivered"]!["consumer_seq"]!.GetValue<ulong>());
    }

    [Theory]
    [InlineData("$job | Unregister-NasSubscription", "Completed", 2)]
    [InlineData("Get-NasSubscription -Stream $s | Unregister-NasSubscription", "Completed", 2)]
    [InlineData("Unregister-NasSubscription -Stream $s -Consumer c", "Completed", 2)]
    [InlineData("$job | Wait-NasSubscription -Timeout 50ms -StopTimeout 10 -WarningAction Ignore", "Completed", 2)]
    [InlineData("$job | Unregister-NasSubscription -Force", "Stopped", 1)]
    [InlineData("Stop-Job $job", "Stopped", 1)]
    public async Task What_no_action_has_handled_goes_back_at_once(string end, string state, int next)
    {
        using var shell = OpenWithConsumer(publish: "1..20");
        shell.Run(
            """
            $go = [System.Threading.ManualResetEventSlim]::new()
            $job = Register-NasSubscription -Stream $s -Consumer c -Action { $_.Text; ($using:go).Wait(700) }
            """
        );
        await Eventually.TrueAsync(() => shell.Get<int>("$job.Output.Count") == 1);
        var result = shell.Run($$"""
            {{end}}
            $job.State; "$($job.Output[0])"
            $again = Register-NasSubscription -Stream $s -Consumer c -Action { "$($_.Text):$($_.Delivered)" }
            """);
        Assert.Equal([state, "1"], result.Select(o => o.ToString()));
        await Eventually.TrueAsync(
            () => shell.Get<int>("$again.Output.Count") == 21 - next,
            TimeSpan.FromSeconds(5),
            () => shell.Get<string>("\"$($again.Output)\"")
        );
        var texts = shell.Run("$again.Output | ForEach-Object { [int]($_ -split ':')[0] } | Sort-Object");
        Assert.Equal(Enumerable.Range(next, 21 - next), texts.Select(t => (int)t.BaseObject));
    }

    [Fact]
    public void Where_deliveries_are_counted_no_more_is_fetched_than_is_handled()
    {
        using var shell = OpenWithConsumer(",\"max_deliver\":2", "1..10");
        shell.Run(
            """
            $job = Register-NasSubscription -Stream $s -Consumer c -MaxMessages 2 -Action { $_.Text }
            $null = $job | Wait-Job -Timeout 20
            """
        );
        Assert.Equal(2UL, Consumer(shell)["delivered"]!["consumer_seq"]!.GetValue<ulong>());
    }

    [Fact]
    public async Task It_goes_on_over_a_restart_of_the_server()
    {
        await using var server = await NatsServer.StartAsync(new NatsServerOptions { JetStream = true });
        using var shell = Shell.Open();
        shell.Run($"$nas = Connect-NasPubSub {server.Url} -NoNamespace -ReconnectWait 20ms");
        Call(shell, "STREAM.CREATE.S", """{"name":"S","subjects":["w"],"storage":"file"}""");
        Call(
            shell,
            "CONSUMER.CREATE.S.c",
            """{"stream_name":"S","config":{"durable_name":"c","ack_policy":"explicit"}}"""
        );
        shell.Run(
            """
            $job = Register-NasSubscription -Stream S -Consumer c -Action { $_.Text }
            Publish-NasMessage w before -Flush
            """
        );
        await Eventually.TrueAsync(() => shell.Get<int>("$job.Output.Count") == 1);
        await server.KillAsync();
        await server.RestartAsync();
        await Eventually.TrueAsync(() => shell.Get<bool>("Test-NasConnection"));
        shell.Run("Publish-NasMessage w after -Flush");
        await Eventually.TrueAsync(
            () => shell.Get<string>("\"$($job.Output | Select-Object -Last 1)\"") == "after",
            explain: () => shell.Show("$job | Format-List; $job.Error; $job.Warning")
        );
    }

    [Fact]
    public async Task A_deleted_consumer_ends_the_job_with_that_error()
    {
        using var shell = OpenWithConsumer();
        shell.Run("$job = Register-NasSubscription -Stream $s -Consumer c -Action { }");
        Call(shell, $"CONSUMER.DELETE.{Space.ToUpperInvariant()}.c");
        await Eventually.TrueAsync(() => shell.Get<string>("$job.State") == "Failed");
        Assert.Contains("ConsumerDeleted", shell.Get<string>("$job.Error[0].FullyQualifiedErrorId"));
    }

    [Theory]
    [InlineData("-Stream none -Consumer c", "StreamNotFound")]
    [InlineData("-Stream $s -Consumer none", "ConsumerNotFound")]
    [InlineData("-Stream $s -Consumer c -DeadLetter d.w", "InvalidOption")]
    [InlineData("-Stream $s -Consumer c -MaxDeliver 2 -DeadLetter w.dead", "InvalidOption")]
    [InlineData("-Stream $s -Consumer c -MaxDeliver 2 -DeadLetter d.*", "InvalidSubject")]
    [InlineData("-Stream $s -Consumer c -InCallerRunspace -ThrottleLimit 2", "InvalidArgument")]
    [InlineData("-Stream $s -Consumer all", "InvalidOption")]
    [InlineData("-Stream $s -Consumer no -MaxDeliver 2", "InvalidOption")]
    public void What_cannot_work_is_refused(string arguments, string id)
    {
        using var shell = OpenWithConsumer();
        foreach (var policy in new[] { "all", "none" })
        {
            var name = policy[..(policy == "all" ? 3 : 2)];
            Call(
                shell,
                $"CONSUMER.CREATE.{Space.ToUpperInvariant()}.{name}",
                $$"""
                {"config":{"durable_name":"{{name}}","ack_policy":"{{policy}}"},"stream_name":"{{Space.ToUpperInvariant()}}"}
                """
            );
        }

        Assert.Equal(id, shell.Invoke($"Register-NasSubscription {arguments} -Action {{ }}").ErrorId);
        Assert.Empty(shell.Run("Get-Job; Get-NasSubscription"));
    }

    [Fact]
    public void It_is_listed_waited_for_and_shown_with_other_subscriptions()
    {
        using var shell = OpenWithConsumer(publish: "1..3");
        var shown = shell.Show(
            """
            $null = Register-NasSubscription other
            $job = Register-NasSubscription -Stream $s -Consumer c -Name worker -Action { $_.Text }
            "list: $((Get-NasSubscription | ForEach-Object { $_.GetType().Name }) -join ',')"
            $job | Format-List Name, Subject, Delivered, Failed
            """
        );
        Assert.Contains("list: NasSubscription,NasSubscriptionJob", shown);
        Assert.Contains($"{Space.ToUpperInvariant()}/c", shown);
    }

    [Fact]
    public void An_action_of_the_callers_runspace_acknowledges_as_well()
    {
        using var shell = OpenWithConsumer(publish: "1..3");
        var sum = shell.Get<int>(
            """
            $sum = 0
            $job = Register-NasSubscription -Stream $s -Consumer c -InCallerRunspace -MaxMessages 3 -Action { $script:sum += [int]$_.Text }
            $job | Wait-NasSubscription -Timeout 10
            $sum
            """
        );
        Assert.Equal(6, sum);
    }

    [Fact]
    public void What_the_action_confirms_itself_stays()
    {
        using var shell = OpenWithConsumer(publish: "'retry', 'reject', 'done'");
        var result = shell.Run(
            """
            $job = Register-NasSubscription -Stream $s -Consumer c -MaxMessages 4 -MaxDeliver 5 -DeadLetter d.w -Action {
                "$($_.Text)$($_.Delivered)"
                if ($_.Text -eq 'reject') { $_ | Confirm-NasMessage -Reject }
                elseif ($_.Text -eq 'done') { $_ | Confirm-NasMessage; throw 'too late' }
                elseif ($_.Delivered -eq 1) { $_ | Confirm-NasMessage -Retry }
            }
            $null = $job | Wait-Job -Timeout 20
            "$($job.Output | Sort-Object)"; $job.DeadLetters
            """
        );
        Assert.Equal(["done1 reject1 retry1 retry2", 1L], result.Select(o => o.BaseObject));
    }

    [Fact]
    public void What_is_given_up_again_after_the_consumer_was_made_again_is_another_dead_letter()
    {
        using var shell = OpenWithConsumer(publish: "'bad'");
        var numbers = shell.Run(
            """
            foreach ($time in 1, 2) {
                $job = Register-NasSubscription -Stream $s -Consumer c -MaxDeliver 1 -DeadLetter d.w -MaxMessages 1 -Action { throw 1 }
                $null = $job | Wait-Job -Timeout 20
                Remove-NasConsumer $s c -Confirm:$false
                $null = New-NasConsumer $s c -Filter w.>
            }
            (Get-NasStream $s).LastSequence
            """
        );
        Assert.Equal(3, Convert.ToInt32(Assert.Single(numbers).BaseObject));
    }

    [Fact]
    public void A_consumer_comes_by_the_pipeline_too()
    {
        using var shell = OpenWithConsumer(publish: "1..3");
        var texts = shell.Run(
            """
            $job = Get-NasConsumer $s c | Register-NasSubscription -MaxMessages 3 -Action { $_.Text }
            $job | Wait-Job -Timeout 20 | Receive-Job
            """
        );
        Assert.Equal(["1", "2", "3"], texts.Select(t => t.ToString()));
    }
}

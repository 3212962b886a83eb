using System.Diagnostics;
using NasPubSub.Tests.Infrastructure;
using NasPubSub.TestServer;

namespace NasPubSub.Tests.Receiving;

public sealed class ConsumerReceiveTests(StreamFixture fixture) : StreamShellTests(fixture)
{
    [Fact]
    public void What_the_pipeline_has_taken_is_acknowledged_and_the_rest_is_for_others_at_once()
    {
        using var shell = Filled(10);
        Assert.Equal(
            ["1", "2", "3"],
            Texts(shell, "Receive-NasMessage -Stream $s -Consumer c -AutoConfirm -As Text | Select-Object -First 3")
        );
        Assert.Equal(
            ["4", "5", "6", "7", "8", "9", "10"],
            Texts(shell, "Receive-NasMessage -Stream $s -Consumer c -AutoConfirm -As Text -NoWait")
        );
        Assert.Equal(0, AckPending(shell));
    }

    [Theory]
    [InlineData("throw 'no'")]
    [InlineData("Write-Error 'no' -ErrorAction Stop")]
    [InlineData("[int]'no'")]
    [InlineData("break")]
    public void A_message_whose_pipeline_fails_is_delivered_again(string failure)
    {
        using var shell = Filled(4);
        shell.Invoke(
            $$"""
            foreach ($once in 1) { Receive-NasMessage -Stream $s -Consumer c -AutoConfirm -As Text | ForEach-Object {
                if ($_ -eq '2') { $ErrorActionPreference = 'Stop'; {{failure}} } } }
            """
        );
        var again = Texts(
            shell,
            "Receive-NasMessage -Stream $s -Consumer c -AutoConfirm -NoWait | ForEach-Object { \"$($_.Text)/$($_.Delivered)\" }"
        );
        Assert.Equal(["2/2", "3/2", "4/2"], again);
    }

    [Fact]
    public void A_failed_message_waits_for_its_delay_and_the_others_do_not()
    {
        using var shell = Filled(3);
        shell.Invoke(
            "Receive-NasMessage -Stream $s -Consumer c -AutoConfirm -RetryDelay 60 | ForEach-Object { throw 'no' }"
        );
        Assert.Equal(
            ["2", "3"],
            Texts(shell, "Receive-NasMessage -Stream $s -Consumer c -AutoConfirm -As Text -NoWait").Order()
        );
    }

    [Fact]
    public async Task Control_C_returns_what_was_not_output()
    {
        using var shell = Filled(100);
        var run = shell.Start(
            "Receive-NasMessage -Stream $s -Consumer c -AutoConfirm -As Text | ForEach-Object { $_; Start-Sleep -Milliseconds 20 }"
        );
        await Eventually.TrueAsync(() => run.Output.Count >= 3);
        Assert.True(await run.StopAsync() < TimeSpan.FromSeconds(1));
        var done = (await run.Completed).Output.Count;
        var clock = Stopwatch.StartNew();
        var rest = Texts(shell, "Receive-NasMessage -Stream $s -Consumer c -AutoConfirm -As Text -NoWait");
        Assert.True(clock.Elapsed < TimeSpan.FromSeconds(2));
        // The message in the sleep was output and not finished: it comes again.
        Assert.Equal(Enumerable.Range(done, 101 - done).Select(i => $"{i}"), rest.OrderBy(int.Parse));
    }

    [Fact]
    public void Where_deliveries_are_limited_none_is_spent_on_what_is_not_output()
    {
        using var shell = Filled(6, "\"ack_policy\":\"explicit\",\"max_deliver\":1");
        Assert.Equal(
            ["1", "2"],
            Texts(shell, "Receive-NasMessage -Stream $s -Consumer c -AutoConfirm -As Text | Select-Object -First 2")
        );
        Assert.Equal(["3"], Texts(shell, "Receive-NasMessage -Stream $s -Consumer c -AutoConfirm -As Text -Count 1"));
        Assert.Equal(
            ["4", "5", "6"],
            Texts(shell, "Receive-NasMessage -Stream $s -Consumer c -AutoConfirm -As Text -IdleTimeout 0.3")
        );
    }

    [Fact]
    public void Slow_work_is_kept_alive_and_so_is_what_waits_behind_it()
    {
        using var shell = Filled(4, "\"ack_policy\":\"explicit\",\"ack_wait\":500000000");
        var delivered = shell.Run(
            "Receive-NasMessage -Stream $s -Consumer c -AutoConfirm -NoWait | ForEach-Object { $_.Delivered; Start-Sleep -Milliseconds 700 }"
        );
        Assert.Equal(["1", "1", "1", "1"], delivered.Select(d => $"{d}"));
        Assert.Empty(shell.Run("Receive-NasMessage -Stream $s -Consumer c -AutoConfirm -NoWait"));
    }

    [Fact]
    public void Without_AutoConfirm_the_script_acknowledges_and_what_was_not_output_returns()
    {
        using var shell = Filled(5);
        Assert.Equal(2, shell.Run("Receive-NasMessage -Stream $s -Consumer c -Count 2").Count);
        shell.Run("Receive-NasMessage -Stream $s -Consumer c | Select-Object -First 1");
        Assert.Equal(2, shell.Run("Receive-NasMessage -Stream $s -Consumer c -NoWait").Count);
        Assert.Equal(5, AckPending(shell));
    }

    [Fact]
    public void A_payload_that_is_no_JSON_is_an_error_and_not_delivered_again()
    {
        using var shell = Filled(0);
        shell.Run("'{\"a\":1}', 'no json', '{\"a\":2}' | Publish-NasMessage \"$s.x\" -Raw -Flush");
        var result = shell.Invoke("Receive-NasMessage -Stream $s -Consumer c -AutoConfirm -As Json -Count 3 -Timeout 5");
        Assert.Equal("InvalidJson", result.ErrorId);
        Assert.Equal(2, result.Output.Count);
        Assert.Empty(shell.Run("Receive-NasMessage -Stream $s -Consumer c -NoWait"));
        Assert.Equal(0, AckPending(shell));
    }

    [Fact]
    public void Why_nothing_comes_is_a_warning_and_a_count_not_reached_an_error()
    {
        using var shell = Filled(3, "\"ack_policy\":\"explicit\",\"max_ack_pending\":1");
        var result = shell.Invoke("Receive-NasMessage -Stream $s -Consumer c -Count 3 -Timeout 1.6");
        Assert.Equal("Timeout", result.ErrorId);
        Assert.Single(result.Output);
        Assert.Contains("max_ack_pending", Assert.Single(result.Warnings));
    }

    [Fact]
    public void What_is_there_and_held_back_ends_a_read_without_waiting_with_the_reason()
    {
        using var shell = Filled(3, "\"ack_policy\":\"explicit\",\"max_ack_pending\":1");
        Assert.Single(shell.Run("Receive-NasMessage -Stream $s -Consumer c -Count 1"));
        var clock = Stopwatch.StartNew();
        var result = shell.Invoke("Receive-NasMessage -Stream $s -Consumer c -NoWait");
        Assert.InRange(clock.Elapsed.TotalSeconds, 0, 3);
        Assert.Empty(result.Output);
        Assert.Empty(result.Errors);
        Assert.Contains("max_ack_pending", Assert.Single(result.Warnings));
    }

    [ServerFact(MinVersion = "2.11")]
    public void A_read_without_waiting_of_a_paused_consumer_ends_with_the_reason()
    {
        using var shell = Filled(3);
        shell.Run("Suspend-NasConsumer $s c");
        var clock = Stopwatch.StartNew();
        var result = shell.Invoke("Receive-NasMessage -Stream $s -Consumer c -NoWait");
        Assert.InRange(clock.Elapsed.TotalSeconds, 0, 3);
        Assert.Empty(result.Output);
        Assert.Empty(result.Errors);
        Assert.Contains("is paused until", Assert.Single(result.Warnings));
    }

    [Fact]
    public void A_work_queue_cannot_be_read_without_a_consumer()
    {
        using var shell = OpenConnected();
        shell.Run("$null = New-NasStream $s x.> -Retention WorkQueue -Storage Memory");
        var error = Assert.Single(shell.Invoke("Receive-NasMessage -Stream $s -NoWait").Errors);
        Assert.StartsWith("WorkQueueStream,", error.FullyQualifiedErrorId);
        Assert.Contains($"'{Name}' is a work queue", error.Exception.Message);
        Assert.Contains("Get-NasStreamMessage", error.ErrorDetails.RecommendedAction);
    }

    [Fact]
    public void The_only_reader_is_not_told_that_too_many_wait()
    {
        using var shell = Filled(0, "\"ack_policy\":\"explicit\",\"max_waiting\":1");
        var result = shell.Invoke("Receive-NasMessage -Stream $s -Consumer c -Count 1 -Timeout 1.6");
        Assert.Equal("Timeout", result.ErrorId);
        Assert.Empty(result.Warnings);
    }

    [Fact]
    public async Task A_consumer_that_is_missing_or_deleted_is_an_error()
    {
        using var shell = Filled(1);
        Assert.Equal("ConsumerNotFound", shell.Invoke("Receive-NasMessage -Stream $s -Consumer none").ErrorId);
        var missing = shell.Invoke("Receive-NasMessage -Stream none -Consumer c").Errors[0];
        Assert.StartsWith("StreamNotFound", missing.FullyQualifiedErrorId);
        Assert.Contains("'none'", missing.Exception.Message);
        Assert.Equal("StreamNotFound", shell.Invoke("Receive-NasMessage -Stream none").ErrorId);
        using var other = OpenConnected();
        var run = shell.Start("Receive-NasMessage -Stream $s -Consumer c");
        await Eventually.TrueAsync(() => run.Output.Count == 1);
        Api(other, "CONSUMER.DELETE.$s.c");
        var result = await run.Completed.WaitAsync(TimeSpan.FromSeconds(10));
        Assert.Equal("ConsumerDeleted", result.ErrorId);
    }

    [Theory]
    [InlineData("-NoWait", "1 2 3 4 5 6")]
    [InlineData("-FromSequence 4 -NoWait", "4 5 6")]
    [InlineData("-Last -NoWait", "6")]
    [InlineData("-LastPerSubject -NoWait", "4 5 6")]
    [InlineData("-Filter \"$s.1\", \"$s.2\" -Raw -NoWait", "1 2 4 5")]
    [InlineData("-Since ([DateTimeOffset]::Now.AddMinutes(-1)) -Count 2", "1 2")]
    [InlineData("-Since 10m -Count 2", "1 2")]
    [InlineData("-Since ([timespan]::FromHours(1)) -Count 2", "1 2")]
    [InlineData("-New -Timeout 0.3", "")]
    [InlineData("-Count 6", "1 2 3 4 5 6")]
    public void A_stream_is_read_from_where_the_parameters_say(string parameters, string texts)
    {
        using var shell = Filled(6);
        Assert.Equal(texts, string.Join(' ', Texts(shell, $"Receive-NasMessage -Stream $s {parameters} -As Text")));
    }

    [Fact]
    public async Task A_stream_is_read_on_and_Control_C_ends_it()
    {
        using var shell = Filled(2);
        using var other = OpenConnected();
        var run = shell.Start("Get-NasStream $s | Receive-NasMessage -As Text");
        await Eventually.TrueAsync(() => run.Output.Count == 2);
        other.Run($"3 | Publish-NasMessage '{Name}.x' -Raw");
        await Eventually.TrueAsync(() => run.Output.Count == 3);
        Assert.True(await run.StopAsync() < TimeSpan.FromSeconds(1));
    }

    [Fact]
    [Trait("System", "Unix")]
    public async Task A_process_that_is_ended_returns_what_it_has_not_output()
    {
        Assert.SkipWhen(OperatingSystem.IsWindows(), "It has no SIGTERM.");
        Assert.SkipWhen(ModuleUnderTest.Build == "netstandard2.0", "This build does not see SIGTERM.");
        using var shell = Filled(20);
        var start = Pwsh.WithModule(
            $"Connect-NasPubSub {Server.Url} > $null; Receive-NasMessage -Stream {Name} -Consumer c -AutoConfirm -As Text | ForEach-Object {{ $_; & /bin/kill -TERM $PID; Start-Sleep 60 }}"
        );
        using var process = Process.Start(start)!;
        await process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(20));
        Assert.Equal(
            Enumerable.Range(1, 20),
            Texts(shell, "Receive-NasMessage -Stream $s -Consumer c -AutoConfirm -As Text -NoWait")
                .Select(int.Parse)
                .Order()
        );
    }

    private string Name => Space.ToUpperInvariant();

    private Shell Filled(int count, string consumer = "\"ack_policy\":\"explicit\"")
    {
        var shell = OpenConnected();
        Api(shell, "STREAM.CREATE.$s", $$"""{"name":"{{Name}}","subjects":["{{Name}}.>"],"storage":"memory"}""");
        Api(
            shell,
            "CONSUMER.CREATE.$s.c",
            $$"""{"stream_name":"{{Name}}","config":{"name":"c","durable_name":"c",{{consumer}} } }"""
        );
        if (count > 0)
        {
            shell.Run(
                $"1..{count} | ForEach-Object {{ Publish-NasMessage \"$s.$($_ % 3)\" \"$_\" -Raw }}; $null = $nas.PingAsync().Result"
            );
        }

        return shell;
    }

    private void Api(Shell shell, string call, string json = "") =>
        Assert.DoesNotContain("\"error\"", Call(shell, call.Replace("$s", Name), json));

    private static int AckPending(Shell shell) =>
        shell.Get<int>("(Invoke-NasRequest \"`$JS.API.CONSUMER.INFO.$s.c\" '' -Raw -As Json).num_ack_pending");

    private static IEnumerable<string> Texts(Shell shell, string script) =>
        shell.Run(script).Select(value => value.ToString());
}

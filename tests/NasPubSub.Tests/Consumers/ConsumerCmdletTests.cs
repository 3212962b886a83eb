using System.Management.Automation;
using NasPubSub.Tests.Infrastructure;
using NasPubSub.Tests.Streams;
using NasPubSub.TestServer;

namespace NasPubSub.Tests.Consumers;

/// <summary>Consumers by their cmdlets: settings, names, pipelines.</summary>
[Trait("Servers", "old")]
public sealed class ConsumerCmdletTests(StreamFixture fixture) : StreamShellTests(fixture)
{
    [ServerTheory(MinVersion = "2.14")]
    [InlineData("-Description 'a b'", "\"description\":\"a b\"")]
    [InlineData("-AckWait 90s", "\"ack_wait\":90000000000")]
    [InlineData("-InactiveThreshold 60d", "\"inactive_threshold\":5184000000000000")]
    [InlineData("-Backoff 1s, 10s -MaxDeliver 5", "\"backoff\":[1000000000,10000000000]")]
    [InlineData("-MaxAckPending 7", "\"max_ack_pending\":7")]
    [InlineData("-AckPolicy None", "\"ack_policy\":\"none\"")]
    [InlineData("-AckPolicy All", "\"ack_policy\":\"all\"")]
    [InlineData("", "\"ack_policy\":\"explicit\"")]
    [InlineData("-DeliverPolicy New", "\"deliver_policy\":\"new\"")]
    [InlineData("-DeliverPolicy LastPerSubject -Filter x.>", "\"deliver_policy\":\"last_per_subject\"")]
    [InlineData("-StartSequence 7", "\"deliver_policy\":\"by_start_sequence\",\"opt_start_seq\":7")]
    [InlineData("-StartTime 2026-01-02T03:04:05Z", "\"opt_start_time\":\"2026-01-02T03:04:05Z\"")]
    [InlineData("-ReplayPolicy Original", "\"replay_policy\":\"original\"")]
    [InlineData("-SampleFrequency 50%", "\"sample_freq\":\"50%\"")]
    [InlineData("-MaxWaiting 3", "\"max_waiting\":3")]
    [InlineData("-HeadersOnly", "\"headers_only\":true")]
    [InlineData("-MaxBatch 3 -MaxExpires 2m", "\"max_batch\":3,\"max_expires\":120000000000")]
    [InlineData("-MaxBytes 10KB", "\"max_bytes\":10240")]
    [InlineData("-Replicas 1 -MemoryStorage", "\"num_replicas\":1,\"mem_storage\":true")]
    [InlineData("-Metadata @{ team = 'shop' }", "\"team\":\"shop\"")]
    [InlineData("-PauseUntil 2100-01-01Z", "\"pause_until\":\"2100-01-01T00:00:00Z\"")]
    [InlineData("-PriorityGroup a, b -PriorityPolicy Prioritized", "\"priority_groups\":[\"a\",\"b\"]")]
    [InlineData("-Raw -DeliverSubject to.me -DeliverGroup g -RateLimit 9000", "\"deliver_subject\":\"to.me\"")]
    [InlineData("-DeliverSubject a -FlowControl -IdleHeartbeat 5s", "\"idle_heartbeat\":5000000000")]
    public void Each_setting_is_a_parameter(string parameters, string json)
    {
        using var shell = OpenStream();
        shell.Run($"$null = New-NasConsumer $s c {parameters}");
        Assert.Contains(json, Call(shell, $"CONSUMER.INFO.{Space.ToUpperInvariant()}.c"));
    }

    [Theory]
    [InlineData("$c | ConvertTo-Json -Depth 5")]
    [InlineData("$c")]
    [InlineData("$c.ToConfiguration()")]
    [InlineData("$c.ToConfiguration().ToJson()")]
    [InlineData("($c | ConvertTo-Json -Depth 5 | ConvertFrom-Json)")]
    public void A_consumer_goes_into_a_file_and_comes_back_the_same(string configuration)
    {
        using var shell = OpenStream();
        shell.Run(
            "$c = New-NasConsumer $s c -Filter x.* -AckWait 7s -MaxDeliver 4 -Description d -MaxAckPending 5; $before = $c.ToConfiguration(); "
                + $"$given = {configuration}; Remove-NasConsumer $s c; $after = New-NasConsumer $s -Configuration $given"
        );
        Assert.Empty(shell.Run("$before.ChangesTo($after.ToConfiguration())"));
        Assert.True(shell.Get<bool>("$after.IsDurable"));
    }

    [Fact]
    public void A_table_or_a_file_has_settings_by_either_name()
    {
        using var shell = OpenStream();
        shell.Run(
            """
            $null = New-NasConsumer $s a -Configuration @{ AckWait = '2m'; MaxAckPending = 3; FilterSubjects = 'x.a' }
            $file = [IO.Path]::GetTempFileName()
            Set-Content $file '{ "config": { "name": "b", "durable_name": "b", "ack_policy": "explicit", "ack_wait": 5000000000 } }'
            $null = New-NasConsumer $s -Configuration $file
            Remove-Item $file
            """
        );
        Assert.Equal("00:02:00 3 x.a", shell.Get<string>(
            "$c = Get-NasConsumer $s a; \"$($c.AckWait) $($c.MaxAckPending) $($c.FilterSubjects)\""
        ));
        Assert.Equal("00:00:05", shell.Get<string>("\"$((Get-NasConsumer $s b).AckWait)\""));
        Assert.Equal("InvalidConfiguration", shell.Invoke("New-NasConsumer $s c -Configuration '{ nonsense'").ErrorId);
        Assert.Equal("ConfigurationNotFound", shell.Invoke("New-NasConsumer $s c -Configuration no.json").ErrorId);
    }

    [Fact]
    public void WhatIf_shows_the_difference_and_nothing_where_there_is_none()
    {
        using var shell = OpenStream();
        shell.Run("$null = New-NasConsumer $s c -MaxDeliver 3 -Filter x.a");
        Assert.Equal("", shell.Show("Set-NasConsumer $s c -MaxDeliver 3 -Filter x.a -AckWait 30s -WhatIf -Verbose"));
        shell.Run("Set-NasConsumer $s c -MaxDeliver 5 -WhatIf");
        Assert.Equal(3, shell.Get<int>("(Get-NasConsumer $s c).MaxDeliver"));
        var verbose = shell.Invoke("Set-NasConsumer $s c -MaxDeliver 5 -Filter x.b -Verbose").Verbose;
        Assert.Contains(
            $"MaxDeliver: 3 -> 5; FilterSubjects: {Space}.x.a -> {Space}.x.b",
            Assert.Single(verbose),
            StringComparison.Ordinal
        );
        shell.Run("Set-NasConsumer $s c -Filter @()");
        Assert.Equal(0, shell.Get<int>("(Get-NasConsumer $s c).FilterSubjects.Count"));
    }

    [Fact]
    public void Filters_are_in_the_namespace_unless_they_are_raw()
    {
        using var shell = OpenStream("-Raw");
        shell.Run("$null = New-NasConsumer $s c -Filter x.a; $raw = New-NasConsumer $s r -Raw -Filter other.a");
        var json = Call(shell, $"CONSUMER.INFO.{Space.ToUpperInvariant()}.c");
        Assert.Contains($"\"filter_subject\":\"{Space}.x.a\"", json, StringComparison.Ordinal);
        Assert.Equal("other.a ", shell.Get<string>("\"$($raw.FilterSubjects) $($raw.Namespace)\""));
        shell.Run("Remove-NasConsumer $s r; $again = New-NasConsumer $s -Configuration ($raw | ConvertTo-Json)");
        Assert.Equal("other.a ", shell.Get<string>("\"$($again.FilterSubjects) $($again.Namespace)\""));
    }

    [Fact]
    public void Names_may_be_patterns_and_come_from_the_pipeline()
    {
        using var shell = OpenStream();
        shell.Run("'a1', 'a2', 'b1' | ForEach-Object { $null = New-NasConsumer $s $_ }");
        Assert.Equal(["a1", "a2"], shell.Run("(Get-NasConsumer $s a*).Consumer").Select(n => n.BaseObject));
        Assert.Equal(3, shell.Run("Get-NasStream $s | Get-NasConsumer").Count);
        Assert.Equal(3, shell.Run("Get-NasConsumer | Where-Object Stream -eq $s").Count);
        shell.Run("Get-NasConsumer $s a* | Set-NasConsumer -MaxAckPending 5");
        Assert.Equal([5L, 5L, 1000L], shell.Run("(Get-NasConsumer $s).MaxAckPending").Select(n => n.BaseObject));
        shell.Run("Remove-NasConsumer $s a* -WhatIf");
        Assert.Equal(3, shell.Run("Get-NasConsumer $s").Count);
        shell.Run("Get-NasConsumer $s | Remove-NasConsumer");
        Assert.Empty(shell.Run("Get-NasConsumer $s"));
        foreach (var cmdlet in new[] { "Get", "Set", "Remove" })
        {
            var more = cmdlet == "Set" ? "-MaxDeliver 3" : "";
            Assert.Equal("ConsumerNotFound", shell.Invoke($"{cmdlet}-NasConsumer $s nope {more}").ErrorId);
            Assert.Equal("InvalidName", shell.Invoke($"{cmdlet}-NasConsumer $s 'a b' {more}").ErrorId);
            Assert.Equal("StreamNotFound", shell.Invoke($"{cmdlet}-NasConsumer NOPE c {more}").ErrorId);
        }
        Assert.Equal("InvalidName", shell.Invoke("New-NasConsumer $s").ErrorId);
        shell.Run("$null = New-NasConsumer $s c");
        Assert.Equal("ConsumerExists", shell.Invoke("New-NasConsumer $s c -MaxDeliver 2").ErrorId);
        Assert.Equal(
            "InvalidConfiguration",
            shell.Invoke("Set-NasConsumer $s c -Configuration @{ AckPolicy = 'None' }").ErrorId
        );
        Assert.Equal(
            "InvalidConfiguration",
            shell.Invoke("New-NasConsumer $s d -AckWait 1m -Backoff 1s -MaxDeliver 3").ErrorId
        );
    }

    [ServerFact(MinVersion = "2.14")]
    public void Consumers_are_suspended_resumed_and_reset_from_the_pipeline()
    {
        using var shell = OpenStream();
        shell.Run("$null = New-NasConsumer $s c; Get-NasStream $s | Get-NasConsumer | Suspend-NasConsumer");
        Assert.True(shell.Get<bool>("(Get-NasConsumer $s c).IsPaused"));
        Assert.Equal(
            "True",
            shell.Get<string>("\"$((Suspend-NasConsumer $s c -For 1h -PassThru).PauseRemaining -gt '00:55:00')\"")
        );
        Assert.False(shell.Get<bool>("(Get-NasConsumer $s c | Resume-NasConsumer -PassThru).IsPaused"));
        shell.Run("Publish-NasMessage x.a hi -Flush");
        Assert.Equal(0, shell.Get<int>("(Reset-NasConsumer $s c -Sequence 2 -PassThru).Pending"));
        Assert.Equal(1, shell.Get<int>("(Get-NasConsumer $s c | Reset-NasConsumer -Sequence 1 -PassThru).Pending"));
        Assert.Equal("InvalidSequence", shell.Invoke("Reset-NasConsumer $s c -Sequence 9").ErrorId);
        Assert.Equal("InvalidConfiguration", shell.Invoke("Reset-NasConsumer $s c -Unpin nope").ErrorId);
    }

    [Fact]
    public void The_view_fits_and_shows_how_a_consumer_stands()
    {
        using var shell = OpenStream();
        shell.Run("$c = New-NasConsumer $s c -Filter x.a -Description 'hello'");
        var table = shell.Show("$c | Out-String -Width 80");
        Assert.Matches(@"Stream +Consumer +Mode +Pending +AckPending +Redelivered +Waiting", table);
        Assert.Contains("c                Pull", table, StringComparison.Ordinal);
        var list = shell.Show("$c | Format-List");
        Assert.Matches(@"FilterSubjects +: x\.a", list);
        Assert.Matches(@"AckPolicy +: Explicit", list);
        var kept = shell.Show(
            "[Management.Automation.PSSerializer]::Deserialize([Management.Automation.PSSerializer]::Serialize($c)) | Format-List"
        );
        Assert.Equal(list, kept);
    }

    [Fact]
    public void Names_of_streams_and_consumers_complete_from_the_server()
    {
        using var shell = OpenStream();
        shell.Run("'work', 'worn' | ForEach-Object { $null = New-NasConsumer $s $_ }");
        foreach (var cmdlet in new[] { "Get", "Set", "Remove", "Suspend", "Resume", "Reset" })
        {
            var line = $"{cmdlet}-NasConsumer {Space.ToUpperInvariant()} wor";
            Assert.Equal(["work", "worn"], Complete(shell, line));
        }
        Assert.Equal([Space.ToUpperInvariant()], Complete(shell, $"New-NasConsumer {Space.ToUpperInvariant()}"));
    }

    private static IEnumerable<object?> Complete(Shell shell, string line) =>
        shell
            .Run("(TabExpansion2 $args[0] $args[0].Length).CompletionMatches.CompletionText", line)
            .Select(text => text.BaseObject);

    /// <summary>A shell with a stream in <c>$s</c>; with -Raw one that keeps other subjects too.</summary>
    private Shell OpenStream(string raw = "")
    {
        var shell = OpenConnected();
        shell.Run(
            raw.Length > 0
                ? $"$null = New-NasStream $s '{Space}.x.>', 'other.>' -Raw -Storage Memory"
                : "$null = New-NasStream $s x.> -Storage Memory"
        );
        return shell;
    }
}

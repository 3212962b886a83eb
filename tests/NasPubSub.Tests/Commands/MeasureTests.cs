using NasPubSub.Tests.Infrastructure;

namespace NasPubSub.Tests.Commands;

public sealed class MeasureTests(ServerFixture fixture) : ServedTests(fixture)
{
    [Fact]
    public void It_measures_every_mode_and_shows_table_and_histogram()
    {
        using var shell = OpenConnected();
        shell.Run("$m = Measure-NasThroughput -Count 2000 -Size 64");
        Assert.Equal(
            ["Publish", "PublishSubscribe", "Request"],
            shell.Run("$m | ForEach-Object { \"$($_.Mode)\" }").Select(o => o.ToString())
        );
        Assert.Equal([2000L, 2000L, 200L], shell.Run("$m.Messages").Select(o => o.BaseObject));
        Assert.All(shell.Run("$m.MessagesPerSecond"), rate => Assert.True((double)rate.BaseObject > 0));
        Assert.Equal(
            2200L,
            shell.Get<long>("$n = 0L; foreach ($r in $m) { foreach ($c in $r.Latencies) { $n += $c.Count } }; $n")
        );
        Assert.True(
            shell.Get<bool>(
                "$m[2].P50Microseconds -le $m[2].P99Microseconds -and $m[2].P99Microseconds -le $m[2].MaxMicroseconds"
            )
        );
        var shown = shell.Show("$m");
        Assert.Contains("Messages/s", shown);
        Assert.Contains("####", shown);
        Assert.All(shown.Split('\n'), line => Assert.True(line.TrimEnd().Length <= 80, line));
    }

    [Fact]
    public void It_writes_a_page_that_asks_nobody()
    {
        using var shell = OpenConnected();
        var path = Path.Combine(Path.GetTempPath(), $"nas-{Guid.NewGuid():N}.html");
        try
        {
            shell.Run(
                "param($p) $null = Measure-NasThroughput Publish, Request -Count 500 -Concurrency 4 -ReportPath $p",
                path
            );
            var page = File.ReadAllText(path);
            Assert.Contains("<polyline", page);
            Assert.Contains("<rect", page);
            Assert.DoesNotContain("http", page);
        }
        finally
        {
            File.Delete(path);
        }
        Assert.Equal(
            "ReportNotWritten",
            shell.Invoke("$null = Measure-NasThroughput Publish -Count 10 -ReportPath /no/such/folder/x.html").ErrorId
        );
    }

    [Fact]
    public void Its_progress_ends()
    {
        using var shell = OpenConnected();
        var progress = shell.Invoke("$null = Measure-NasThroughput Publish -Count 5000000 -Size 16").Progress;
        Assert.NotEmpty(progress);
        Assert.Equal(System.Management.Automation.ProgressRecordType.Completed, progress[^1].RecordType);
    }

    [Fact]
    public async Task It_stops_at_once()
    {
        using var shell = OpenConnected();
        var run = shell.Start("Measure-NasThroughput PublishSubscribe -Count 100000000");
        await Task.WhenAny(run.Completed, Task.Delay(700));
        Assert.False(run.Completed.IsCompleted);
        Assert.True(await run.StopAsync() < TimeSpan.FromSeconds(1.5));
    }
}

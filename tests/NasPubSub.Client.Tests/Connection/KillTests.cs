using System.Diagnostics;
using NasPubSub.TestServer;

namespace NasPubSub.Client.Tests.Connection;

[Collection(nameof(Alone))]
public sealed class KillTests(ITestOutputHelper output)
{
    private const int Subjects = 20;

    /// <summary>
    /// 10 kills, or 100 with NAS_TEST_LONG=1. What is held at the start is taken after a tenth of them, when all code
    /// has run.
    /// </summary>
    [Fact]
    public async Task Servers_killed_under_load_cost_only_what_is_counted()
    {
        var kills = Alone.IsLong ? 100 : 10;
        await using var server = await NatsServer.StartAsync();
        await using var connection = await Quick.ConnectAsync(
            Quick.Options(server.Url) with
            {
                MaxReconnects = -1,
                Subscriptions = new() { MaxPendingMessages = int.MaxValue, MaxPendingBytes = long.MaxValue },
            }
        );
        var readers = Enumerable.Range(0, Subjects).Select(_ => new NumberedReader()).ToArray();
        for (var i = 0; i < Subjects; i++)
        {
            await connection.SubscribeAsync($"load.{i}", readers[i].OnMessage, queueGroup: i % 2 == 0 ? null : "q");
        }

        using var stop = new CancellationTokenSource();
        var load = Task.Run(() => LoadAsync(connection, stop.Token));
        var watch = Stopwatch.StartNew();
        Footprint? start = null;
        for (var kill = 1; kill <= kills; kill++)
        {
            var received = readers.Select(r => r.Received).ToArray();
            await Eventually.TrueAsync(() => readers.Zip(received).All(r => r.First.Received > r.Second + 200));
            await server.KillAsync();
            await server.RestartAsync();
            await connection.ConnectedAsync(kill);
            if (kill == 1 + kills / 10)
            {
                start = Footprint.Now();
            }
        }
        var last = readers.Select(r => r.Received).ToArray();
        await Eventually.TrueAsync(
            () => readers.Zip(last).All(r => r.First.Received > r.Second),
            what: "each subscription lives after the last kill"
        );
        await stop.CancelAsync();
        var sent = await load;
        await connection.FlushAsync();
        await Eventually.TrueAsync(() => connection.Subscriptions.All(s => s.PendingMessages == 0));
        var end = Footprint.Now();

        var all = readers.Sum(r => r.Received);
        var statistics = connection.Statistics;
        output.WriteLine(
            $"{kills} kills in {watch.Elapsed.TotalSeconds:0} s: {sent:N0} sent, {sent - all:N0} lost, {statistics.Unconfirmed:N0} unconfirmed, {statistics.Dropped} dropped"
        );
        output.WriteLine($"start {start}, end {end}");
        Assert.All(readers, r => Assert.Equal((0, 0), (r.Corrupt, r.OutOfOrder)));
        Assert.Equal(kills, statistics.Reconnects);
        Assert.Equal((sent, all), (statistics.MessagesOut, statistics.MessagesIn));
        Assert.InRange(sent - all, 0, statistics.Unconfirmed);
        Assert.InRange(end.Handles, 0, start!.Handles + (OperatingSystem.IsLinux() ? 2 : 50));
        Assert.InRange(end.Threads, 0, start.Threads + 2);
        Assert.InRange(end.Bytes, 0, start.Bytes + 4_000_000);
    }

    /// <returns>Messages that Publish took.</returns>
    private static async Task<long> LoadAsync(NasConnection connection, CancellationToken stop)
    {
        long sent = 0;
        for (var number = 0; !stop.IsCancellationRequested; number++)
        {
            var payload = Numbered.Payload(number);
            for (var i = 0; i < Subjects; i++)
            {
                try
                {
                    await connection.PublishAsync($"load.{i}", payload, cancel: CancellationToken.None);
                    sent++;
                }
                catch (NasException e) when (e.Error == NasError.BufferFull)
                {
                    await connection.WaitConnectedAsync(TimeSpan.FromSeconds(10), CancellationToken.None);
                }
            }
            if (number % 4 == 0)
            {
                await Task.Delay(1, CancellationToken.None);
            }
        }
        return sent;
    }
}

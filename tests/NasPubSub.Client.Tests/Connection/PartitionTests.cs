using System.Diagnostics;
using NasPubSub.TestServer;

namespace NasPubSub.Client.Tests.Connection;

/// <summary>The network between client and server goes, and no end is told: no FIN, no RST, no error.</summary>
[Trait("System", "Unix")]
public sealed class PartitionTests
{
    [CableFact]
    public async Task A_partition_is_noticed_by_the_pings_and_nothing_of_the_buffer_is_lost()
    {
        await using var cable = await NetworkCable.LayAsync();
        await using var server = await NatsServer.StartAsync(new NatsServerOptions { Cable = cable });
        var options = Quick.Options(server.Url) with
        {
            PingInterval = TimeSpan.FromMilliseconds(300),
            MaxPingsOut = 2,
            ConnectTimeout = TimeSpan.FromSeconds(1),
            MaxReconnects = -1,
        };
        await using var connection = await Quick.ConnectAsync(options);
        var events = new EventLog(connection);
        var reader = new NumberedReader();
        await connection.SubscribeAsync("a", reader.OnMessage);
        for (var i = 0; i < 100; i++)
        {
            connection.Publish("a", Numbered.Payload(i));
        }

        await connection.FlushAsync();
        await Eventually.TrueAsync(() => reader.Received == 100);

        await cable.CutAsync();
        var clock = Stopwatch.StartNew();
        // Handed to the network, and lost in it or not: the protocol cannot tell, but it can be counted.
        for (var i = 100; i < 150; i++)
        {
            connection.Publish("a", Numbered.Payload(i));
        }

        await events.WaitAsync(NasEventKind.Disconnected);
        Assert.InRange(
            clock.Elapsed,
            options.PingInterval,
            (options.MaxPingsOut + 1) * options.PingInterval + TimeSpan.FromSeconds(2)
        );
        Assert.Contains("pings", events.Of(NasEventKind.Disconnected)[0].Message, StringComparison.Ordinal);
        for (var i = 150; i < 2000; i++)
        {
            connection.Publish("a", Numbered.Payload(i));
        }

        await events.WaitAsync(NasEventKind.ConnectAttemptFailed, 2);
        Assert.Equal(NasConnectionState.Reconnecting, connection.State);

        await cable.JoinAsync();
        await connection.ConnectedAsync(1);
        await Eventually.TrueAsync(() => reader.Last == 1999, explain: events.ToString);
        Assert.Equal((0, 0), (reader.Corrupt, reader.OutOfOrder));
        Assert.InRange(2000 - reader.Received, 0, connection.Statistics.Unconfirmed);
        Assert.InRange(connection.Statistics.Unconfirmed, 0, 50);
    }

    [CableFact]
    public async Task A_partition_shorter_than_the_pings_costs_time_only()
    {
        await using var cable = await NetworkCable.LayAsync();
        await using var server = await NatsServer.StartAsync(new NatsServerOptions { Cable = cable });
        await using var connection = await Quick.ConnectAsync(server);
        var reader = new NumberedReader();
        await connection.SubscribeAsync("a", reader.OnMessage);
        await cable.CutAsync();
        for (var i = 0; i < 500; i++)
        {
            connection.Publish("a", Numbered.Payload(i));
        }

        var flush = connection.FlushAsync();
        Assert.NotSame(flush, await Task.WhenAny(flush, Task.Delay(500)));
        await cable.JoinAsync();
        await flush;
        await Eventually.TrueAsync(() => reader.Last == 499);
        Assert.Equal((500, 0, 0), (reader.Received, reader.Corrupt, reader.OutOfOrder));
        Assert.Equal((0, 0), (connection.Statistics.Reconnects, connection.Statistics.Unconfirmed));
    }

    [CableFact]
    public async Task A_request_over_a_partition_times_out_and_the_next_is_answered()
    {
        await using var cable = await NetworkCable.LayAsync();
        await using var server = await NatsServer.StartAsync(new NatsServerOptions { Cable = cable });
        await using var connection = await Quick.ConnectAsync(
            Quick.Options(server.Url) with
            {
                PingInterval = TimeSpan.FromMilliseconds(300),
                ConnectTimeout = TimeSpan.FromSeconds(1),
                MaxReconnects = -1,
            }
        );
        await using var answers = await connection.SubscribeAsync("echo", m => m.ReplyAsync(m.Payload));
        Assert.Equal("1", (await connection.RequestAsync("echo", "1")).Text);
        await cable.CutAsync();
        var late = await Assert.ThrowsAsync<NasException>(async () =>
            await connection.RequestAsync("echo", "2", TimeSpan.FromMilliseconds(200))
        );
        Assert.Equal(NasError.RequestTimeout, late.Error);
        await Eventually.TrueAsync(() => !connection.IsConnected);
        var waiting = connection.RequestAsync("echo", "3", TimeSpan.FromSeconds(20)).AsTask();
        await cable.JoinAsync();
        Assert.Equal("3", (await waiting).Text);
    }
}

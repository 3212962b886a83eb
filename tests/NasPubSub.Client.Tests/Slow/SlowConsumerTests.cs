using NasPubSub.Client.Tests.Connection;
using NasPubSub.TestServer;

namespace NasPubSub.Client.Tests.Slow;

public sealed class SlowConsumerTests
{
    [Theory]
    [InlineData(NasOverflow.DropNew, "0,1,2,3,4,5,6,7,8,9")]
    [InlineData(NasOverflow.DropOld, "90,91,92,93,94,95,96,97,98,99")]
    public async Task Over_the_limit_messages_are_dropped_as_the_policy_says_and_counted(
        NasOverflow policy,
        string kept
    )
    {
        await using var server = await NatsServer.StartAsync();
        await using var connection = await Quick.ConnectAsync(server);
        var events = new EventLog(connection);
        var slow = await connection.SubscribeAsync("a", options: new() { MaxPendingMessages = 10, Overflow = policy });
        for (var i = 0; i < 100; i++)
        {
            connection.Publish("a", $"{i}");
        }

        await connection.FlushAsync();
        Assert.Equal((10, 90, 100), (slow.PendingMessages, slow.Dropped, slow.Delivered));
        Assert.Equal(90, connection.Statistics.Dropped);
        Assert.Equal(kept, string.Join(",", await slow.NextAsync(10)));
        var told = await events.WaitAsync(NasEventKind.SlowConsumer);
        Assert.Equal(NasError.SlowConsumer, Assert.IsType<NasException>(told.Exception).Error);
        Assert.Single(events.Of(NasEventKind.SlowConsumer));
    }

    [Fact]
    public async Task The_limit_in_bytes_counts_payload_and_headers()
    {
        await using var server = await NatsServer.StartAsync();
        await using var connection = await Quick.ConnectAsync(server);
        var slow = await connection.SubscribeAsync("a", options: new() { MaxPendingBytes = 1000 });
        for (var i = 0; i < 10; i++)
        {
            connection.Publish("a", new byte[282], headers: new NasHeaders().Add("X", "1"));
        }

        await connection.FlushAsync();
        Assert.Equal((3, 900, 7), (slow.PendingMessages, slow.PendingBytes, slow.Dropped));
        // A message larger than the limit still goes through an empty buffer: else it never would.
        await slow.NextAsync(3);
        connection.Publish("a", new byte[5000]);
        Assert.Equal(5000, (await slow.ReadAsync().AsTask().WaitAsync(Eventually.DefaultDeadline))!.Payload.Length);
    }

    [Theory]
    [InlineData(10, long.MaxValue)]
    [InlineData(int.MaxValue, 100)]
    public async Task One_event_an_episode_and_another_for_the_next(int messages, long bytes)
    {
        await using var server = await NatsServer.StartAsync();
        await using var connection = await Quick.ConnectAsync(server);
        var events = new EventLog(connection);
        var slow = await connection.SubscribeAsync(
            "a",
            options: new() { MaxPendingMessages = messages, MaxPendingBytes = bytes }
        );
        for (var episode = 1; episode <= 3; episode++)
        {
            // Full, and drained a little, and full again: all of it is one episode.
            for (var round = 0; round < 5; round++)
            {
                for (var i = 0; i < 20; i++)
                {
                    connection.Publish("a", "0123456789");
                }

                await connection.FlushAsync();
                Assert.Equal(10, slow.PendingMessages);
                await slow.NextAsync(2);
            }
            await slow.NextAsync(8);
            await events.WaitAsync(NasEventKind.SlowConsumer, episode);
            Assert.Equal(episode, events.Of(NasEventKind.SlowConsumer).Count);
        }
    }

    [Theory]
    [InlineData(NasOverflow.DropNew)]
    [InlineData(NasOverflow.DropOld)]
    [InlineData(NasOverflow.Wait)]
    public async Task A_handler_that_hangs_stops_no_other_subscription(NasOverflow policy)
    {
        await using var server = await NatsServer.StartAsync();
        await using var connection = await Quick.ConnectAsync(server);
        var release = new TaskCompletionSource();
        await connection.SubscribeAsync(
            "a",
            _ => new ValueTask(release.Task),
            options: new()
            {
                MaxPendingMessages = 5,
                Overflow = policy,
                MaxWait = TimeSpan.FromSeconds(5),
            }
        );
        var quick = new NumberedReader();
        await connection.SubscribeAsync("a", quick.OnMessage);
        for (var i = 0; i < 1000; i++)
        {
            connection.Publish("a", Numbered.Payload(i * 3000));
        }

        await Eventually.TrueAsync(() => quick.Received == 1000, TimeSpan.FromSeconds(4));
        Assert.Equal((0, 0), (quick.OutOfOrder, quick.Corrupt));
        Assert.True(await connection.PingAsync() < TimeSpan.FromSeconds(4));
        release.SetResult();
    }

    [Fact]
    public async Task A_subscription_that_waits_loses_nothing_to_a_slow_reader()
    {
        await using var server = await NatsServer.StartAsync();
        await using var connection = await Quick.ConnectAsync(server);
        var slow = await connection.SubscribeAsync(
            "a",
            options: new() { MaxPendingMessages = 10, Overflow = NasOverflow.Wait }
        );
        for (var i = 0; i < 500; i++)
        {
            connection.Publish("a", $"{i}");
        }

        await connection.FlushAsync();
        Assert.Equal(Enumerable.Range(0, 500).Select(i => $"{i}"), await slow.NextAsync(500));
        Assert.Equal(0, slow.Dropped);
    }

    [Fact]
    public async Task A_handler_that_throws_is_told_and_goes_on()
    {
        await using var server = await NatsServer.StartAsync();
        await using var connection = await Quick.ConnectAsync(server);
        var events = new EventLog(connection);
        var handled = 0;
        await connection.SubscribeAsync(
            "a",
            _ => ++handled % 2 == 1 ? throw new InvalidOperationException("odd") : default
        );
        for (var i = 0; i < 4; i++)
        {
            connection.Publish("a", "x");
        }

        await Eventually.TrueAsync(() => Volatile.Read(ref handled) == 4);
        Assert.Contains("odd", (await events.WaitAsync(NasEventKind.Error, 2)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_event_handler_that_throws_or_hangs_disturbs_nothing()
    {
        await using var server = await NatsServer.StartAsync();
        await using var connection = new NasConnection(Quick.Options(server.Url));
        var release = new ManualResetEventSlim();
        connection.Notified += _ => throw new InvalidOperationException("thrown by a listener");
        var heard = 0;
        connection.Notified += _ => Interlocked.Increment(ref heard);
        connection.Notified += _ => release.Wait(TimeSpan.FromSeconds(20));
        await connection.ConnectAsync();
        await connection.ReconnectAsync();
        var subscription = await connection.SubscribeAsync("a");
        connection.Publish("a", "x");
        Assert.Equal("x", await subscription.NextAsync());
        release.Set();
        await Eventually.TrueAsync(() => connection.LastError?.Message == "thrown by a listener");
        // Nor does it keep the event from the others.
        await Eventually.TrueAsync(() => Volatile.Read(ref heard) >= 3);
    }
}

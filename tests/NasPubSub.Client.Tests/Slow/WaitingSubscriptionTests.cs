using NasPubSub.Client.Tests.Connection;
using NasPubSub.Client.Tests.Infrastructure;
using NasPubSub.TestServer;

namespace NasPubSub.Client.Tests.Slow;

/// <summary>Subscriptions with <see cref="NasOverflow.Wait"/>: whom they make wait, and when they end.</summary>
public sealed class WaitingSubscriptionTests
{
    private static readonly NasSubscriptionOptions Tight = new()
    {
        MaxPendingMessages = 2,
        Overflow = NasOverflow.Wait,
    };

    [Fact]
    public async Task Many_that_wait_block_no_thread_and_lose_nothing()
    {
        await using var server = await NatsServer.StartAsync();
        await using var connection = await Quick.ConnectAsync(server);
        await connection.SubscribeAsync("echo", m => m.ReplyAsync("!"));
        var slow = new List<NasSubscription>();
        for (var i = 0; i < 24; i++)
        {
            slow.Add(await connection.SubscribeAsync("a", options: Tight));
        }

        for (var i = 0; i < 20; i++)
        {
            connection.Publish("a", $"{i}");
        }

        await connection.FlushAsync();
        await Eventually.TrueAsync(() => slow.TrueForAll(s => s.PendingMessages == 2));
        // What makes the server wait holds no thread of the pool.
        for (var i = 0; i < 50; i++)
        {
            await connection.RequestAsync("echo", "?", TimeSpan.FromSeconds(2));
        }

        Assert.All(slow, s => Assert.Equal((2, 0), (s.PendingMessages, s.Dropped)));
        foreach (var subscription in slow)
        {
            Assert.Equal(Enumerable.Range(0, 20).Select(i => $"{i}"), await subscription.NextAsync(20));
        }
    }

    [Theory]
    [InlineData(1, long.MaxValue)]
    [InlineData(int.MaxValue, 10)]
    public async Task The_wait_has_an_end_and_then_messages_are_dropped(int messages, long bytes)
    {
        await using var server = await NatsServer.StartAsync();
        await using var connection = await Quick.ConnectAsync(server);
        var events = new EventLog(connection);
        var options = Tight with
        {
            MaxPendingMessages = messages,
            MaxPendingBytes = bytes,
            MaxWait = TimeSpan.FromMilliseconds(50),
        };
        var slow = await connection.SubscribeAsync("a", options: options);
        for (var i = 0; i < 4; i++)
        {
            connection.Publish("a", $"message {i}");
        }

        await events.WaitAsync(NasEventKind.SlowConsumer);
        await Eventually.TrueAsync(() => slow.Dropped == 3);
        Assert.Equal("message 0", await slow.NextAsync());
    }

    [Fact]
    public async Task What_waits_is_delivered_when_the_subscription_ends()
    {
        await using var server = await NatsServer.StartAsync();
        await using var connection = await Quick.ConnectAsync(server);
        var slow = await connection.SubscribeAsync("a", options: Tight, maxMessages: 3);
        for (var i = 0; i < 5; i++)
        {
            connection.Publish("a", $"{i}");
        }

        await Eventually.TrueAsync(() => !slow.IsActive);
        var received = await slow.NextAsync(3);
        Assert.Equal(["0", "1", "2"], received);
        Assert.Null(await slow.ReadAsync());
    }

    [Fact]
    public async Task A_closed_connection_takes_none()
    {
        await using var server = await NatsServer.StartAsync();
        var connection = await Quick.ConnectAsync(server);
        await connection.DisconnectAsync();
        await Clients.FailsAsync(NasError.ConnectionClosed, () => connection.SubscribeAsync("a", options: Tight));
    }

    [Fact]
    public async Task A_disconnect_does_not_wait_for_a_reader_that_is_gone()
    {
        await using var server = await NatsServer.StartAsync();
        var connection = await Quick.ConnectAsync(server);
        var slow = await connection.SubscribeAsync("a", options: Tight with { MaxWait = TimeSpan.FromSeconds(60) });
        for (var i = 0; i < 9; i++)
        {
            connection.Publish("a", $"{i}");
        }

        await Eventually.TrueAsync(() => slow.PendingMessages == 2);
        await connection.DisconnectAsync(drain: false).WaitAsync(TimeSpan.FromSeconds(5));
        Assert.False(slow.IsActive);
    }

    [Fact]
    public async Task Many_replies_of_a_request_hold_up_nobody_else()
    {
        await using var server = await NatsServer.StartAsync();
        await using var connection = await Quick.ConnectAsync(Quick.Options(server.Url) with { Subscriptions = Tight });
        await using var service = await Quick.ConnectAsync(server);
        await service.SubscribeAsync(
            "many",
            async m =>
            {
                for (var i = 0; i < 10; i++)
                {
                    await m.ReplyAsync($"{i}");
                }
            }
        );
        await service.SubscribeAsync("one", m => m.ReplyAsync("!"));
        var seen = new List<string>();
        await foreach (var reply in connection.RequestManyAsync("many", default, TimeSpan.FromSeconds(10), count: 10))
        {
            if (seen.Count == 0)
            {
                Assert.Equal("!", (await connection.RequestAsync("one", "?", TimeSpan.FromSeconds(3))).Text);
            }

            seen.Add(reply.Text);
        }
        Assert.Equal(Enumerable.Range(0, 10).Select(i => $"{i}"), seen);
        await Clients.FailsAsync(
            NasError.NoResponders,
            async () =>
            {
                await foreach (var _ in connection.RequestManyAsync("nobody", default, TimeSpan.FromSeconds(10))) { }
            }
        );
    }
}

using System.Diagnostics;
using NasPubSub.Client.Tests.Connection;
using NasPubSub.Client.Tests.Infrastructure;
using NasPubSub.TestServer;

namespace NasPubSub.Client.Tests.Slow;

[Trait("Servers", "old")]
public sealed class DrainTests
{
    [Fact]
    public async Task A_drained_subscription_handles_what_the_server_had_sent()
    {
        await using var server = await NatsServer.StartAsync();
        await using var connection = await Quick.ConnectAsync(server);
        var handled = 0;
        var subscription = await connection.SubscribeAsync(
            "a",
            async _ =>
            {
                await Task.Yield();
                Interlocked.Increment(ref handled);
            }
        );
        for (var i = 0; i < 5000; i++)
        {
            connection.Publish("a", "x");
        }

        await subscription.DrainAsync();
        Assert.Equal(5000, handled);
        Assert.False(subscription.IsActive);
        Assert.True(subscription.WaitCompletedAsync().IsCompletedSuccessfully);
        Assert.Empty(connection.Subscriptions);
        connection.Publish("a", "late");
        await connection.FlushAsync();
        Assert.Equal(5000, handled);
    }

    [Fact]
    public async Task A_drained_subscription_without_handler_is_read_to_its_end()
    {
        await using var server = await NatsServer.StartAsync();
        await using var connection = await Quick.ConnectAsync(server);
        var subscription = await connection.SubscribeAsync("a");
        for (var i = 0; i < 100; i++)
        {
            connection.Publish("a", $"{i}");
        }

        await subscription.DrainAsync();
        var read = 0;
        await foreach (var _ in subscription.ReadAllAsync())
        {
            read++;
        }

        Assert.Equal(100, read);
        Assert.True(subscription.IsCompleted);
    }

    [Fact]
    public async Task A_drain_that_takes_too_long_says_so_and_ends_all_the_same()
    {
        await using var server = await NatsServer.StartAsync();
        await using var connection = await Quick.ConnectAsync(server);
        var release = new TaskCompletionSource();
        var subscription = await connection.SubscribeAsync("a", _ => new ValueTask(release.Task));
        connection.Publish("a", "x");
        connection.Publish("a", "y");
        await connection.FlushAsync();
        var watch = Stopwatch.StartNew();
        await Clients.FailsAsync(NasError.Timeout, () => subscription.DrainAsync(TimeSpan.FromMilliseconds(200)));
        Assert.InRange(watch.Elapsed.TotalSeconds, 0.15, 3);
        Assert.False(subscription.IsActive);
        Assert.Equal(0, subscription.PendingMessages);
        release.SetResult();
    }

    [Theory]
    [InlineData(10)]
    [InlineData(6)]
    public async Task A_maximum_set_when_its_messages_have_come_leaves_them_to_the_handler(int max)
    {
        await using var server = await NatsServer.StartAsync();
        await using var connection = await Quick.ConnectAsync(server);
        var release = new TaskCompletionSource();
        var handled = 0;
        // With so small a buffer the handler takes one at a time.
        var subscription = await connection.SubscribeAsync(
            "a",
            async _ =>
            {
                await release.Task;
                handled++;
            },
            options: new() { MaxPendingMessages = 20 }
        );
        for (var i = 0; i < 10; i++)
        {
            connection.Publish("a", "x");
        }

        await Eventually.TrueAsync(() => subscription.Delivered == 10);
        await subscription.UnsubscribeAsync(max);
        Assert.False(subscription.IsActive);
        release.SetResult();
        await subscription.WaitCompletedAsync().WaitAsync(Eventually.DefaultDeadline);
        Assert.Equal(max, handled);
    }

    [Fact]
    public async Task A_line_that_breaks_while_Disconnect_drains_is_made_anew_for_what_is_buffered()
    {
        await using var server = await NatsServer.StartAsync();
        await using var proxy = TcpProxy.Start(server);
        await using var witness = await Quick.ConnectAsync(server);
        var reader = new NumberedReader();
        await witness.SubscribeAsync("a", reader.OnMessage);
        var connection = await Quick.ConnectAsync(Quick.Options(proxy.Url));
        proxy.Hang();
        var sent = 0;
        // Full is what does not change while one waits for room.
        for (var before = -1; before != connection.PendingBytes;)
        {
            before = connection.PendingBytes;
            using var late = new CancellationTokenSource(500);
            await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
            {
                for (; ; sent++)
                {
                    await connection.PublishAsync("a", Numbered.Payload(sent), cancel: late.Token);
                }
            });
        }
        var ending = connection.DisconnectAsync(TimeSpan.FromSeconds(30));
        await Eventually.TrueAsync(() => connection.State == NasConnectionState.Draining);
        proxy.CutAll();
        proxy.Resume();
        // Some were in the network's buffers, and it says so.
        Assert.False(await ending);
        await Eventually.TrueAsync(() => reader.Last == sent - 1);
        Assert.Equal((0, 0), (reader.Corrupt, reader.OutOfOrder));
        Assert.InRange(sent - reader.Received, 1, connection.Statistics.Unconfirmed);
    }

    [Theory]
    [InlineData(null)]
    [InlineData(-1)]
    public async Task Disconnect_drains_handlers_and_sends_what_is_buffered(int? timeout)
    {
        await using var server = await NatsServer.StartAsync();
        await using var witness = await Quick.ConnectAsync(server);
        var seen = new NumberedReader();
        await witness.SubscribeAsync("out", seen.OnMessage);
        var connection = await Quick.ConnectAsync(server);
        var number = 0;
        await connection.SubscribeAsync(
            "in",
            async m =>
            {
                await Task.Yield();
                connection.Publish("out", Numbered.Payload(number++));
            }
        );
        for (var i = 0; i < 1000; i++)
        {
            connection.Publish("in", "x");
        }

        Assert.True(await connection.DisconnectAsync(timeout is { } ms ? TimeSpan.FromMilliseconds(ms) : null));
        Assert.Equal(NasConnectionState.Closed, connection.State);
        await Eventually.TrueAsync(() => seen.Received == 1000);
        Assert.Equal((0, 0, 0), (seen.Corrupt, seen.OutOfOrder, connection.PendingBytes));
    }

    [Fact]
    public async Task Disconnect_with_a_hanging_handler_ends_in_time_and_tells()
    {
        await using var server = await NatsServer.StartAsync();
        var connection = await Quick.ConnectAsync(server);
        var release = new TaskCompletionSource();
        await connection.SubscribeAsync("a", _ => new ValueTask(release.Task));
        connection.Publish("a", "x");
        await connection.FlushAsync();
        var watch = Stopwatch.StartNew();
        Assert.False(await connection.DisconnectAsync(TimeSpan.FromMilliseconds(300)));
        Assert.InRange(watch.Elapsed.TotalSeconds, 0.25, 3);
        Assert.Equal(NasConnectionState.Closed, connection.State);
        release.SetResult();
    }

    [Fact]
    public async Task Disconnect_without_drain_ends_at_once()
    {
        await using var server = await NatsServer.StartAsync();
        var connection = await Quick.ConnectAsync(server);
        var release = new TaskCompletionSource();
        var subscription = await connection.SubscribeAsync("a", _ => new ValueTask(release.Task));
        connection.Publish("a", "x");
        await connection.FlushAsync();
        await connection.DisconnectAsync(drain: false).WaitAsync(TimeSpan.FromSeconds(2));
        Assert.False(subscription.IsActive);
        await Clients.FailsAsync(NasError.ConnectionClosed, async () => await connection.PublishAsync("a", "x"));
        await Clients.FailsAsync(NasError.ConnectionClosed, async () => await connection.RequestAsync("a", "x"));
        release.SetResult();
    }

    [Fact]
    public async Task What_was_published_while_disconnected_leaves_with_the_drain_when_a_server_comes_back()
    {
        await using var server = await NatsServer.StartAsync();
        var connection = await Quick.ConnectAsync(server);
        await server.KillAsync();
        await Eventually.TrueAsync(() => !connection.IsConnected);
        connection.Publish("a", "late");
        var ending = connection.DisconnectAsync(TimeSpan.FromSeconds(10));
        await server.RestartAsync();
        Assert.True(await ending);
        Assert.Equal(0, connection.PendingBytes);
    }

    [Theory]
    [InlineData("at once")]
    [InlineData("a moment")]
    [InlineData("token")]
    public async Task A_second_disconnect_cuts_the_drain_of_the_first_short(string how)
    {
        await using var server = await NatsServer.StartAsync();
        await using var connection = await Quick.ConnectAsync(server);
        var never = new TaskCompletionSource();
        await connection.SubscribeAsync("a", async _ => await never.Task);
        connection.Publish("a", "x");
        await connection.FlushAsync();
        var first = connection.DisconnectAsync(TimeSpan.FromSeconds(60));
        await Eventually.TrueAsync(() => connection.State == NasConnectionState.Draining);
        Assert.False(first.IsCompleted);
        using var stop = new CancellationTokenSource();
        var second = how switch
        {
            "at once" => connection.DisconnectAsync(drain: false),
            "a moment" => connection.DisconnectAsync(TimeSpan.FromMilliseconds(100)),
            _ => connection.DisconnectAsync(TimeSpan.FromSeconds(90), cancel: stop.Token),
        };
        await stop.CancelAsync();
        var drained = await Task.WhenAll(first, second).WaitAsync(TimeSpan.FromSeconds(5));
        Assert.Equal([false, false], drained);
        Assert.Equal(NasConnectionState.Closed, connection.State);
        never.SetResult();
    }
}

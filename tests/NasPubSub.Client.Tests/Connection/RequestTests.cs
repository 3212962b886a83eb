using System.Diagnostics;
using NasPubSub.Client.Tests.Infrastructure;
using NasPubSub.TestServer;

namespace NasPubSub.Client.Tests.Connection;

[Trait("Servers", "old")]
public sealed class RequestTests : IAsyncLifetime
{
    private NatsServer _server = null!;
    private NasConnection _connection = null!;

    public async ValueTask InitializeAsync()
    {
        _server = await NatsServer.StartAsync();
        _connection = await Quick.ConnectAsync(_server);
    }

    public async ValueTask DisposeAsync()
    {
        await _connection.DisposeAsync();
        await _server.DisposeAsync();
    }

    [Fact]
    public async Task No_responders_and_no_reply_are_different_answers()
    {
        var watch = Stopwatch.StartNew();
        var nobody = await Clients.FailsAsync(
            NasError.NoResponders,
            async () => await _connection.RequestAsync("nobody", "x", TimeSpan.FromSeconds(30))
        );
        Assert.Equal("nobody", nobody.Target);
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(5));

        await _connection.SubscribeAsync("mute", _ => default);
        watch.Restart();
        var silent = await Clients.FailsAsync(
            NasError.RequestTimeout,
            async () => await _connection.RequestAsync("mute", "x", TimeSpan.FromMilliseconds(200))
        );
        Assert.Equal("mute", silent.Target);
        Assert.InRange(watch.Elapsed.TotalSeconds, 0.19, 4.5);
    }

    [Fact]
    public async Task Without_a_server_a_request_that_runs_out_of_time_is_not_connected()
    {
        await _connection.SubscribeAsync("mute", _ => default);
        var asked = _connection.RequestAsync("mute", "x", TimeSpan.FromMilliseconds(300)).AsTask();
        await _server.KillAsync();
        await Clients.FailsAsync(NasError.NotConnected, () => asked);
        await Eventually.TrueAsync(() => _connection.State == NasConnectionState.Reconnecting);
        await Clients.FailsAsync(
            NasError.NotConnected,
            async () => await _connection.RequestAsync("mute", "x", TimeSpan.FromMilliseconds(50))
        );
        await Clients.FailsAsync(
            NasError.NotConnected,
            async () =>
            {
                await foreach (var _ in _connection.RequestManyAsync("mute", default, TimeSpan.FromMilliseconds(50)))
                { }
            }
        );
        await _connection.DisconnectAsync(drain: false);
    }

    [Fact]
    public async Task Many_at_once_each_get_their_own_reply()
    {
        await _connection.SubscribeAsync("echo", m => m.ReplyAsync(m.Payload));
        var replies = await Task.WhenAll(
            Enumerable.Range(0, 2000).Select(i => _connection.RequestAsync("echo", $"{i}").AsTask())
        );
        Assert.Equal(Enumerable.Range(0, 2000).Select(i => $"{i}"), replies.Select(r => r.Text));
    }

    [Fact]
    public async Task A_requester_that_blocks_its_thread_holds_up_nobody()
    {
        await _connection.SubscribeAsync("echo", m => m.ReplyAsync(m.Payload));
        using var go = new ManualResetEventSlim();
        var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        var blocked = BlockAsync();
        await reached.Task;
        for (var i = 0; i < 100; i++)
        {
            Assert.Equal($"{i}", (await _connection.RequestAsync("echo", $"{i}", TimeSpan.FromSeconds(10))).Text);
        }

        go.Set();
        Assert.True(await blocked);

        async Task<bool> BlockAsync()
        {
            await _connection.RequestAsync("echo", "first").ConfigureAwait(false);
            reached.SetResult();
            return go.Wait(TimeSpan.FromSeconds(20));
        }
    }

    [Fact]
    public async Task A_late_reply_reaches_no_later_request()
    {
        var asked = await _connection.SubscribeAsync("slow");
        await Clients.FailsAsync(
            NasError.RequestTimeout,
            async () => await _connection.RequestAsync("slow", "first", TimeSpan.FromMilliseconds(50))
        );
        var second = _connection.RequestAsync("slow", "second", TimeSpan.FromSeconds(10)).AsTask();
        var questions = new[] { (await asked.ReadAsync())!, (await asked.ReadAsync())! };
        questions[0].Reply("to the first");
        questions[1].Reply("to the second");
        Assert.Equal("to the second", (await second).Text);
    }

    [Fact]
    public async Task A_cancelled_request_ends_at_once()
    {
        await _connection.SubscribeAsync("mute", _ => default);
        using var cancel = new CancellationTokenSource();
        var request = _connection.RequestAsync("mute", "x", TimeSpan.FromSeconds(30), cancel: cancel.Token).AsTask();
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => request.WaitAsync(TimeSpan.FromSeconds(2)));
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () =>
            await _connection.RequestAsync("mute", "x", cancel: cancel.Token)
        );
    }

    [Theory]
    [InlineData(3, null, 3)]
    [InlineData(0, 300, 5)]
    [InlineData(0, null, 5)]
    public async Task Many_replies_until_a_count_a_pause_or_an_empty_message(int count, int? idle, int expected)
    {
        await using var responder = await Quick.ConnectAsync(_server);
        await responder.SubscribeAsync(
            "many",
            m =>
            {
                for (var i = 0; i < 5; i++)
                {
                    m.Reply($"{i}");
                }

                if (idle is null)
                {
                    m.Reply("");
                }

                return default;
            }
        );
        var watch = Stopwatch.StartNew();
        var replies = new List<string>();
        await foreach (
            var reply in _connection.RequestManyAsync(
                "many",
                default,
                Timeout.InfiniteTimeSpan,
                count,
                idle is { } ms ? TimeSpan.FromMilliseconds(ms) : null
            )
        )
        {
            replies.Add(reply.Text);
        }

        Assert.Equal(Enumerable.Range(0, expected).Select(i => $"{i}"), replies);
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(5));
        Assert.Empty(_connection.Subscriptions);
    }

    [Fact]
    public async Task Many_replies_of_nobody_is_an_error_and_of_the_silent_none()
    {
        await Clients.FailsAsync(
            NasError.NoResponders,
            async () =>
            {
                await foreach (var _ in _connection.RequestManyAsync("nobody", default)) { }
            }
        );
        var mute = await _connection.SubscribeAsync("mute", _ => default);
        await foreach (var _ in _connection.RequestManyAsync("mute", default, TimeSpan.FromMilliseconds(100)))
        {
            Assert.Fail("nobody replied");
        }

        Assert.Equal([mute], _connection.Subscriptions);
    }

    [Fact]
    public async Task A_subscription_with_a_maximum_gets_that_many_and_ends()
    {
        var limited = await _connection.SubscribeAsync("a", maxMessages: 3);
        for (var i = 0; i < 10; i++)
        {
            _connection.Publish("a", $"{i}");
        }

        await _connection.FlushAsync();
        Assert.Equal((3, false), (limited.Delivered, limited.IsActive));
        var received = await limited.NextAsync(4);
        Assert.Equal(["0", "1", "2", "(end)"], received);
        Assert.Empty(_connection.Subscriptions);

        var late = await _connection.SubscribeAsync("b");
        for (var i = 0; i < 5; i++)
        {
            _connection.Publish("b", $"{i}");
        }

        await _connection.FlushAsync();
        await late.UnsubscribeAsync(maxMessages: 3);
        Assert.False(late.IsActive);
    }

    [Fact]
    public async Task Infinite_time_outs_wait_and_do_not_throw()
    {
        var forever = Timeout.InfiniteTimeSpan;
        await _connection.FlushAsync(forever);
        Assert.True(await _connection.WaitConnectedAsync(forever));
        await _connection.SubscribeAsync("echo", m => m.ReplyAsync("!"));
        Assert.Equal("!", (await _connection.RequestAsync("echo", "?", forever)).Text);
        var subscription = await _connection.SubscribeAsync("a");
        _connection.Publish("a", "x");
        Assert.Equal(1, subscription.Read(new NasMessage[1], forever));
        await subscription.DrainAsync(forever);
        await _connection.ReconnectAsync(forever);
    }
}

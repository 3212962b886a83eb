using NasPubSub.Client.Tests.Infrastructure;
using NasPubSub.TestServer;

namespace NasPubSub.Client.Tests.Messaging;

/// <summary>What the Python client could do, in C#.</summary>
[Trait("Servers", "old")]
public sealed class SeedApiTests : IAsyncLifetime
{
    private NatsServer _server = null!;

    public async ValueTask InitializeAsync() => _server = await NatsServer.StartAsync();

    public async ValueTask DisposeAsync() => await _server.DisposeAsync();

    [Fact]
    public async Task Construct_with_auto_connect_and_wait()
    {
        await using var nas = new NasConnection("127.0.0.1", _server.Port, "myapp");
        Assert.True(await nas.WaitConnectedAsync(TimeSpan.FromSeconds(10)));
        Assert.True(nas.IsConnected);
        Assert.Equal("myapp", nas.Namespace);
        await nas.DisconnectAsync();
        Assert.False(nas.IsConnected);
        await Clients.FailsAsync(NasError.ConnectionClosed, () => nas.PublishAsync("a", "x").AsTask());
    }

    [Fact]
    public async Task Without_auto_connect_nothing_happens_before_connect()
    {
        await using var nas = new NasConnection("127.0.0.1", _server.Port, autoConnect: false);
        Assert.Equal("default", nas.Namespace);
        await Clients.FailsAsync(NasError.NotConnected, () => nas.PublishAsync("a", "x").AsTask());
        Assert.Throws<NasException>(() => nas.Publish("a", "x"));
        await nas.ConnectAsync();
        await nas.ConnectAsync();
        nas.Publish("a", "x");
    }

    [Fact]
    public async Task A_server_that_is_not_there_is_not_waited_for_for_ever()
    {
        await using var nas = new NasConnection("127.0.0.1", 1);
        Assert.False(await nas.WaitConnectedAsync(TimeSpan.FromSeconds(3)));
        await Clients.FailsAsync(NasError.ConnectFailed, () => nas.PublishAsync("a", "x").AsTask());
    }

    [Fact]
    public async Task Publish_bytes_text_and_reply_subject()
    {
        await using var nas = await _server.ConnectAsync();
        var subscription = await nas.SubscribeAsync("events.created");
        await nas.PublishAsync("events.created", new byte[] { 1, 2 });
        await nas.PublishAsync("events.created", "Hello");
        await nas.PublishAsync("events.created", "Get info", replyTo: "responses.info");
        var seen = await subscription.TakeAsync(3);
        Assert.Equal([1, 2], seen[0].Payload);
        Assert.Equal("Hello", seen[1].Text);
        Assert.Equal(
            ("events.created", "default.events.created", "responses.info", subscription.Sid),
            (seen[2].Subject, seen[2].Topic, seen[2].ReplyTo, seen[2].Sid)
        );
        Assert.InRange(DateTimeOffset.Now - seen[2].Timestamp, TimeSpan.Zero, TimeSpan.FromMinutes(1));
    }

    [Fact]
    public async Task Namespaces_are_apart_and_raw_subjects_are_not()
    {
        await using var one = await _server.ConnectAsync(o => o with { Namespace = "production" });
        await using var two = await _server.ConnectAsync(o => o with { Namespace = "development" });
        var prod = await one.SubscribeAsync("alerts");
        var raw = await two.SubscribeAsync("production.alerts", useNamespace: false);
        var dev = await two.SubscribePatternAsync(">");
        await one.PublishAsync("alerts", "p");
        await two.PublishAsync("alerts", "d");
        await Task.WhenAll(one.FlushAsync(), two.FlushAsync());
        Assert.Equal(["p"], (await prod.TakeAsync(1)).Select(m => m.Text));
        Assert.Equal(["production.alerts"], (await raw.TakeAsync(1)).Select(m => m.Subject));
        Assert.Equal([("alerts", "d")], (await dev.TakeAsync(1)).Select(m => (m.Subject, m.Text)));
        Assert.Equal((0, 0, 0), (prod.PendingMessages, raw.PendingMessages, dev.PendingMessages));
    }

    [Fact]
    public async Task Unsubscribe_by_sid_by_subject_and_after_a_maximum()
    {
        await using var nas = await _server.ConnectAsync();
        var a = await nas.SubscribeAsync("x");
        var b = await nas.SubscribeAsync("x");
        var c = await nas.SubscribeAsync("y");
        Assert.True(await nas.UnsubscribeAsync(a.Sid));
        Assert.False(await nas.UnsubscribeAsync(a.Sid));
        Assert.Equal(1, await nas.UnsubscribeAsync("x"));
        Assert.False(b.IsActive);
        Assert.True(await nas.UnsubscribeAsync(c.Sid, maxMessages: 2));
        for (var i = 0; i < 5; i++)
        {
            nas.Publish("y", $"{i}");
        }

        Assert.Equal(["0", "1"], (await c.TakeAsync(9)).Select(m => m.Text));
        Assert.Empty(nas.Subscriptions);
    }

    [Fact]
    public async Task Queue_groups_share_and_a_handler_answers()
    {
        await using var service = await _server.ConnectAsync();
        await using var nas = await _server.ConnectAsync();
        var counts = new int[2];
        for (var i = 0; i < 2; i++)
        {
            var worker = i;
            await service.SubscribeAsync(
                "jobs",
                async m =>
                {
                    Interlocked.Increment(ref counts[worker]);
                    await m.ReplyAsync("done " + m.Text);
                },
                "workers"
            );
        }
        for (var i = 0; i < 100; i++)
        {
            Assert.Equal($"done {i}", (await nas.RequestAsync("jobs", $"{i}", TimeSpan.FromSeconds(5))).Text);
        }

        Assert.Equal(100, counts.Sum());
        Assert.All(counts, count => Assert.True(count > 0));
        await Clients.FailsAsync(NasError.NoResponders, () => nas.RequestAsync("nobody", "x").AsTask());
    }

    [Fact]
    public async Task A_failing_handler_is_told_and_goes_on()
    {
        await using var nas = await _server.ConnectAsync();
        var events = nas.Record();
        var got = new List<string>();
        var subscription = await nas.SubscribeAsync(
            "s",
            m =>
            {
                if (m.Text == "bad")
                {
                    throw new InvalidOperationException("oh");
                }
                got.Add(m.Text);
                return default;
            }
        );
        foreach (var text in new[] { "a", "bad", "b" })
        {
            nas.Publish("s", text);
        }

        await subscription.DrainAsync();
        Assert.Equal(["a", "b"], got);
        await events.SeenAsync(NasEventKind.Error);
        Assert.IsType<InvalidOperationException>(events.First(e => e.Kind == NasEventKind.Error).Exception);
    }

    [Fact]
    public async Task A_pool_takes_its_connections_in_turn()
    {
        await using var pool = new NasConnectionPool(Clients.Options(_server.Url) with { Name = "pool" }, 3);
        await pool.ConnectAsync();
        await using var nas = await _server.ConnectAsync();
        var subscription = await nas.SubscribeAsync("events");
        for (var i = 0; i < 9; i++)
        {
            await pool.PublishAsync("events", $"{i}");
        }

        await pool.FlushAsync();
        Assert.Equal(9, (await subscription.TakeAsync(9)).Select(m => m.Text).Distinct().Count());
        Assert.All(pool.Connections, c => Assert.Equal(3, c.Statistics.MessagesOut));
        Assert.Equal(["pool-1", "pool-2", "pool-3"], pool.Connections.Select(c => c.Name));
    }

    [Fact]
    public async Task A_batch_goes_when_it_is_full_when_it_is_old_and_when_asked()
    {
        await using var nas = await _server.ConnectAsync();
        var subscription = await nas.SubscribeAsync("b");
        await using (var batch = new NasBatchPublisher(nas, 3, TimeSpan.FromMilliseconds(200)))
        {
            await batch.PublishAsync("b", "1");
            await batch.PublishAsync("b", "2");
            Assert.Equal((2, 0), (batch.Count, nas.Statistics.MessagesOut));
            await batch.PublishAsync("b", "3");
            Assert.Equal((0, 3), (batch.Count, nas.Statistics.MessagesOut));
            await batch.PublishAsync("b", "4");
            Assert.Equal("4", (await subscription.TakeAsync(4))[3].Text);
            await batch.PublishAsync("b", "5");
            await Clients.FailsAsync(NasError.InvalidSubject, () => batch.PublishAsync("a b", "x").AsTask());
        }
        Assert.Equal("5", (await subscription.TakeAsync(1))[0].Text);
    }

    [Fact]
    public async Task A_message_that_cannot_go_does_not_hold_up_its_batch()
    {
        await using var nas = await _server.ConnectAsync();
        var subscription = await nas.SubscribeAsync("b");
        await using var batch = new NasBatchPublisher(nas, 100, TimeSpan.FromMinutes(1));
        await batch.PublishAsync("b", "before");
        await batch.PublishAsync("b", new byte[2_000_000]);
        await batch.PublishAsync("b", "after");
        await Clients.FailsAsync(NasError.PayloadTooLarge, () => batch.FlushAsync());
        await batch.FlushAsync();
        Assert.Equal(["before", "after"], (await subscription.TakeAsync(2)).Select(m => m.Text));
    }
}

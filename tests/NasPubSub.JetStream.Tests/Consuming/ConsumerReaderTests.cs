using System.Diagnostics;
using NasPubSub.JetStream.Tests.Infrastructure;
using NasPubSub.TestServer;

namespace NasPubSub.JetStream.Tests.Consuming;

public sealed class ConsumerReaderTests(StreamServer server) : IClassFixture<StreamServer>
{
    private NasJetStream Js => server.JetStream;

    [Fact]
    public async Task Messages_are_read_in_order_and_more_are_asked_for_in_time()
    {
        await FillAsync("ORDER", 5000);
        await ConsumeAsync("ORDER", "c", "\"ack_policy\":\"none\"");
        var next = 1ul;
        var options = new NasReadOptions { Batch = 64, Count = 5000 };
        await foreach (var message in Js.Consumers.ReadAsync("ORDER", "c", options))
        {
            Assert.Equal(next++, message.Sequence);
        }

        Assert.Equal(5001ul, next);
    }

    [Fact]
    public async Task Bytes_limit_what_is_under_way()
    {
        await FillAsync("BYTES", 1000);
        await ConsumeAsync("BYTES", "c", "\"ack_policy\":\"none\"");
        var read = 0;
        await foreach (
            var message in Js.Consumers.ReadAsync("BYTES", "c", new NasReadOptions { MaxBytes = 2000, Count = 1000 })
        )
        {
            Assert.Equal((ulong)++read, message.Sequence);
        }

        Assert.Equal(1000, read);
    }

    [Fact]
    public async Task A_message_larger_than_MaxBytes_is_told_and_comes()
    {
        await server.CreateStreamAsync("LARGE");
        await Js.Connection.RequestAsync("large.a", new byte[5000], useNamespace: false);
        await ConsumeAsync("LARGE", "c", "\"ack_policy\":\"none\"");
        var notices = new List<NasReadNotice>();
        var options = new NasReadOptions { MaxBytes = 1000, Count = 1, OnNotice = notices.Add };
        await foreach (var message in Js.Consumers.ReadAsync("LARGE", "c", options))
        {
            Assert.Equal(5000, message.Payload.Length);
        }

        Assert.Equal(NasReadNoticeKind.MaxBytesRaised, Assert.Single(notices).Kind);
    }

    [Fact]
    public async Task A_reader_that_is_one_too_many_is_told_so()
    {
        await FillAsync("MANY", 0);
        await ConsumeAsync("MANY", "c", "\"ack_policy\":\"explicit\",\"max_waiting\":1");
        await using var first = await Js.Consumers.OpenReaderAsync("MANY", "c");
        var batch = new NasMessage[1];
        first.Read(batch, TimeSpan.Zero, TestContext.Current.CancellationToken);
        await Eventually.TrueAsync(async () =>
            Number(await server.CallAsync("CONSUMER.INFO.MANY.c"), "num_waiting") == 1
        );
        var notices = new System.Collections.Concurrent.ConcurrentQueue<NasReadNotice>();
        await using var second = await Js.Consumers.OpenReaderAsync(
            "MANY",
            "c",
            new NasReadOptions { Heartbeat = TimeSpan.FromSeconds(0.1), OnNotice = notices.Enqueue }
        );
        await Eventually.TrueAsync(() =>
        {
            second.Read(batch, TimeSpan.FromSeconds(0.1), TestContext.Current.CancellationToken);
            return notices.Any(n => n.Kind == NasReadNoticeKind.TooManyReaders);
        });
    }

    [Fact]
    public async Task A_fetch_takes_what_it_asked_for_and_fewer_are_no_error()
    {
        await FillAsync("FETCH", 10);
        await ConsumeAsync("FETCH", "c", "\"ack_policy\":\"explicit\"");
        Assert.Equal(4, await CountAsync(Js.Consumers.FetchAsync("FETCH", "c", 4)));
        Assert.Equal(4, Number(await server.CallAsync("CONSUMER.INFO.FETCH.c"), "num_ack_pending"));
        var clock = Stopwatch.StartNew();
        var half = new NasReadOptions { Expires = TimeSpan.FromSeconds(0.5) };
        Assert.Equal(6, await CountAsync(Js.Consumers.FetchAsync("FETCH", "c", 100, half)));
        Assert.InRange(clock.Elapsed.TotalSeconds, 0.45, 5);
        clock.Restart();
        Assert.Equal(
            0,
            await CountAsync(Js.Consumers.FetchAsync("FETCH", "c", 100, new NasReadOptions { NoWait = true }))
        );
        Assert.InRange(clock.Elapsed.TotalSeconds, 0, 0.4);
    }

    [Fact]
    public async Task What_is_there_is_read_and_no_more()
    {
        await FillAsync("THERE", 1234);
        await ConsumeAsync("THERE", "c", "\"ack_policy\":\"none\"");
        Assert.Equal(
            1234,
            await CountAsync(Js.Consumers.ReadAsync("THERE", "c", new NasReadOptions { NoWait = true }))
        );
    }

    [Fact]
    public async Task What_was_buffered_when_reading_stops_is_for_others_at_once()
    {
        await FillAsync("RETURN", 100);
        await ConsumeAsync("RETURN", "c", "\"ack_policy\":\"explicit\"");
        await foreach (var message in Js.Consumers.ReadAsync("RETURN", "c"))
        {
            await message.AckAsync();
            break;
        }

        Assert.Equal(
            99,
            await CountAsync(Js.Consumers.FetchAsync("RETURN", "c", 99, new() { Expires = TimeSpan.FromSeconds(5) }))
        );
    }

    [Fact]
    public async Task Where_deliveries_are_counted_nothing_is_asked_for_before_it_is_read()
    {
        await FillAsync("SPARE", 10);
        await ConsumeAsync("SPARE", "c", "\"ack_policy\":\"explicit\",\"max_deliver\":2");
        await using var reader = await Js.Consumers.OpenReaderAsync(
            "SPARE",
            "c",
            new NasReadOptions { SpareDeliveries = true }
        );
        Assert.Equal(1ul, (await reader.ReadAsync())?.Sequence);
        Assert.Equal(2ul, (await reader.ReadAsync())?.Sequence);
        Assert.Equal(2, Number(await server.CallAsync("CONSUMER.INFO.SPARE.c"), "num_ack_pending"));
        Assert.Empty(await reader.StopAsync());
    }

    [Fact]
    public async Task A_limit_of_the_consumer_is_kept_to_and_told()
    {
        await FillAsync("LIMIT", 50);
        await ConsumeAsync(
            "LIMIT",
            "c",
            "\"ack_policy\":\"none\",\"max_batch\":7,\"max_expires\":2000000000"
        );
        var notices = new List<NasReadNotice>();
        var options = new NasReadOptions { Batch = 20, Count = 50, OnNotice = notices.Add };
        Assert.Equal(50, await CountAsync(Js.Consumers.ReadAsync("LIMIT", "c", options)));
        Assert.Equal(NasReadNoticeKind.RequestLimited, Assert.Single(notices).Kind);
    }

    [Fact]
    public async Task A_consumer_that_is_not_there_is_an_error_and_one_that_is_deleted_ends_it()
    {
        await FillAsync("GONE", 1);
        var missing = await Assert.ThrowsAsync<NasException>(() => Js.Consumers.OpenReaderAsync("GONE", "c"));
        Assert.Equal("ConsumerNotFound", missing.Code);
        await ConsumeAsync("GONE", "c", "\"ack_policy\":\"none\"");
        await using var reader = await Js.Consumers.OpenReaderAsync("GONE", "c");
        Assert.NotNull(await reader.ReadAsync());
        var next = reader.ReadAsync().AsTask();
        await server.CallAsync("CONSUMER.DELETE.GONE.c");
        var deleted = await Assert.ThrowsAsync<NasException>(() => next.WaitAsync(TimeSpan.FromSeconds(5)));
        Assert.Equal("ConsumerDeleted", deleted.Code);
        Assert.True(reader.IsCompleted);
    }

    [Fact]
    public async Task A_push_consumer_and_a_group_that_is_not_there_are_errors()
    {
        await FillAsync("PUSH", 1);
        await ConsumeAsync("PUSH", "c", "\"ack_policy\":\"none\",\"deliver_subject\":\"x\"");
        Assert.Equal(
            "PushConsumer",
            (await Assert.ThrowsAsync<NasException>(() => Js.Consumers.OpenReaderAsync("PUSH", "c"))).Code
        );
        await ConsumeAsync(
            "PUSH",
            "g",
            "\"ack_policy\":\"explicit\",\"priority_groups\":[\"a\"],\"priority_policy\":\"overflow\""
        );
        Assert.Equal(
            "InvalidOption",
            (await Assert.ThrowsAsync<NasException>(() => Js.Consumers.OpenReaderAsync("PUSH", "g"))).Code
        );
        var options = new NasReadOptions { Group = "a", MinPending = 1, Count = 1 };
        Assert.Equal(1, await CountAsync(Js.Consumers.ReadAsync("PUSH", "g", options)));
    }

    [Fact]
    public async Task Why_nothing_comes_is_told_once_until_messages_come_again()
    {
        await FillAsync("WHY", 3);
        await ConsumeAsync("WHY", "c", "\"ack_policy\":\"explicit\",\"max_ack_pending\":2");
        var notices = new List<NasReadNotice>();
        await using var reader = await Js.Consumers.OpenReaderAsync("WHY", "c", new() { OnNotice = notices.Add });
        var first = await reader.ReadAsync();
        await reader.ReadAsync();
        var third = reader.ReadAsync().AsTask();
        await Eventually.TrueAsync(() => notices.Count == 1);
        Assert.False(third.IsCompleted);
        Assert.Equal(NasReadNoticeKind.AckLimitReached, Assert.Single(notices).Kind);
        await first!.AckAsync();
        Assert.Equal(3ul, (await third.WaitAsync(TimeSpan.FromSeconds(5)))?.Sequence);
        await server.CallAsync("CONSUMER.PAUSE.WHY.c", "{\"pause_until\":\"2099-01-02T03:04:05Z\"}");
        var fourth = reader.ReadAsync().AsTask();
        await Eventually.TrueAsync(() => notices.Count == 2);
        Assert.False(fourth.IsCompleted);
        Assert.Equal(NasReadNoticeKind.Paused, notices[1].Kind);
        Assert.Contains("2099", notices[1].Message);
    }

    [Fact]
    public async Task A_pin_is_held_by_one_and_taken_over_by_the_other()
    {
        await FillAsync("PIN", 10);
        await ConsumeAsync(
            "PIN",
            "c",
            "\"ack_policy\":\"explicit\",\"priority_groups\":[\"g\"],\"priority_policy\":\"pinned_client\",\"priority_timeout\":60000000000"
        );
        var notices = new List<NasReadNotice>();
        var options = new NasReadOptions { Group = "g", Batch = 1 };
        await using var one = await Js.Consumers.OpenReaderAsync("PIN", "c", options);
        await using var two = await Js.Consumers.OpenReaderAsync("PIN", "c", options with { OnNotice = notices.Add });
        Assert.Equal(1ul, (await one.ReadAsync())?.Sequence);
        Assert.Equal(2ul, (await one.ReadAsync())?.Sequence);
        var waiting = two.ReadAsync().AsTask();
        await Eventually.TrueAsync(() => notices.Count == 1);
        Assert.False(waiting.IsCompleted);
        Assert.Equal(NasReadNoticeKind.NotPinned, Assert.Single(notices).Kind);
        await server.CallAsync("CONSUMER.UNPIN.PIN.c", "{\"group\":\"g\"}");
        Assert.Equal(3ul, (await waiting.WaitAsync(TimeSpan.FromSeconds(5)))?.Sequence);
    }

    [Fact]
    public async Task A_cancelled_read_ends_at_once_and_loses_nothing()
    {
        await server.CreateStreamAsync("CANCEL");
        await ConsumeAsync("CANCEL", "c", "\"ack_policy\":\"none\"");
        await using var reader = await Js.Consumers.OpenReaderAsync("CANCEL", "c");
        using var stop = new CancellationTokenSource(50);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(async () => await reader.ReadAsync(stop.Token));
        await Js.Connection.RequestAsync("cancel.a", "x", useNamespace: false);
        Assert.Equal("x", (await reader.ReadAsync())?.Text);
        using var again = new CancellationTokenSource(50);
        Assert.ThrowsAny<OperationCanceledException>(() =>
            reader.Read(new NasMessage[1], Timeout.InfiniteTimeSpan, again.Token)
        );
        Assert.Equal(0, reader.Read(new NasMessage[1], TimeSpan.FromMilliseconds(20)));
    }

    [Fact]
    public async Task Buffered_messages_are_kept_alive_beyond_the_time_to_acknowledge_them()
    {
        await FillAsync("ALIVE", 5);
        await ConsumeAsync("ALIVE", "c", "\"ack_policy\":\"explicit\",\"ack_wait\":400000000");
        await using var reader = await Js.Consumers.OpenReaderAsync("ALIVE", "c");
        var first = await reader.ReadAsync();
        await first!.AckAsync();
        for (var i = 0; i < 8; i++)
        {
            await Task.Delay(150);
            reader.KeepAlive();
        }

        for (var i = 2; i <= 5; i++)
        {
            var message = await reader.ReadAsync();
            Assert.Equal(((ulong)i, 1L), (message!.Sequence!.Value, message.Delivered!.Value));
        }
    }

    private async Task FillAsync(string stream, int count)
    {
        await server.CreateStreamAsync(stream);
        for (var i = 1; i <= count; i++)
        {
            Js.Connection.Publish($"{stream.ToLowerInvariant()}.{i % 3}", $"{i}", useNamespace: false);
        }

        await Js.Connection.FlushAsync();
        await Eventually.TrueAsync(
            async () => Number((await server.CallAsync($"STREAM.INFO.{stream}"))["state"]!, "messages") == count
        );
    }

    private Task ConsumeAsync(string stream, string consumer, string config) =>
        server.CallAsync(
            $"CONSUMER.CREATE.{stream}.{consumer}",
            $$"""{"stream_name":"{{stream}}","config":{"name":"{{consumer}}","durable_name":"{{consumer}}",{{config}} } }"""
        );

    private static async Task<int> CountAsync(IAsyncEnumerable<NasMessage> messages)
    {
        var count = 0;
        await foreach (var _ in messages)
        {
            count++;
        }

        return count;
    }

    private static long Number(System.Text.Json.Nodes.JsonNode node, string name) => node[name]!.GetValue<long>();
}

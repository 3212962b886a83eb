using System.Collections.Concurrent;
using NasPubSub.JetStream.Tests.Infrastructure;
using NasPubSub.TestServer;

namespace NasPubSub.JetStream.Tests.Publishing;

/// <summary>Many messages in a window: results, refusals, limits.</summary>
public sealed class StreamPublisherTests(StreamServer stage) : IClassFixture<StreamServer>
{
    [Fact]
    public async Task Receipts_come_in_order_with_the_state()
    {
        await stage.CreateStreamAsync("ORDER");
        var receipts = new ConcurrentQueue<NasPublishReceipt>();
        await using var publisher = stage.JetStream.CreatePublisher(
            new NasStreamPublisherOptions { MaxPending = 16, OnStored = receipts.Enqueue }
        );
        for (var i = 1; i <= 500; i++)
        {
            await publisher.PublishAsync($"order.{i % 3}", $"{i}", state: i);
        }
        await publisher.FlushAsync();
        Assert.Equal(Enumerable.Range(1, 500), receipts.Select(r => (int)r.Input!));
        Assert.Equal(Enumerable.Range(1, 500), receipts.Select(r => (int)r.Sequence));
        Assert.All(receipts, r => Assert.Equal(("ORDER", false), (r.Stream, r.IsDuplicate)));
        Assert.All(receipts, r => Assert.Equal($"order.{(int)r.Input! % 3}", r.Subject));
        Assert.Equal((500, 0, 0), (publisher.Stored, publisher.Failed, publisher.Pending));
    }

    [Fact]
    public async Task A_refused_message_is_one_error_and_the_rest_go_on()
    {
        await stage.CreateStreamAsync("REFUSE", ",\"max_msg_size\":200");
        var failed = new List<(string Code, object? State)>();
        await using var publisher = stage.JetStream.CreatePublisher(
            new NasStreamPublisherOptions { Stream = "REFUSE", OnFailed = (e, s) => failed.Add((e.Code, s)) }
        );
        for (var i = 0; i < 100; i++)
        {
            await publisher.PublishAsync("refuse.a", new string('x', i == 30 ? 500 : 10), state: i);
            if (i == 60)
            {
                var expected = new NasPublishOptions { ExpectedLastSequence = 7 };
                await publisher.PublishAsync("refuse.a", "late", expected, "wrong");
            }
        }
        await publisher.FlushAsync();
        Assert.Equal([("JetStreamError", 30), ("WrongRevision", "wrong")], failed.Select(f => (f.Code, f.State)));
        Assert.Equal(99, publisher.Stored);
    }

    [Fact]
    public async Task Errors_are_thrown_by_the_flush_where_nobody_is_called()
    {
        await stage.CreateStreamAsync("THROW");
        await using var publisher = stage.JetStream.CreatePublisher();
        await publisher.PublishAsync("throw.a", "1");
        await publisher.PublishAsync("throw.a", "2", new NasPublishOptions { ExpectedLastSequence = 9 });
        var error = await Assert.ThrowsAsync<NasException>(() => publisher.FlushAsync());
        Assert.Equal(("WrongRevision", 10071), (error.Code, error.ApiErrorCode));
        await publisher.FlushAsync();
    }

    [Fact]
    public async Task A_subject_without_a_stream_is_an_error_after_the_retries()
    {
        var failed = new List<NasException>();
        await using var publisher = stage.JetStream.CreatePublisher(
            new NasStreamPublisherOptions { OnFailed = (e, _) => failed.Add(e) }
        );
        for (var i = 0; i < 2000; i++)
        {
            await publisher.PublishAsync("nobody.has.this", "x");
        }
        await publisher.FlushAsync().WaitAsync(TimeSpan.FromSeconds(10));
        Assert.Equal(2000, failed.Count);
        Assert.All(failed, e => Assert.Equal(("NoStream", "nobody.has.this"), (e.Code, e.Target)));
    }

    [Fact]
    public async Task A_stream_that_does_not_acknowledge_or_does_not_exist_is_an_error_at_once()
    {
        await stage.CreateStreamAsync("SILENT", ",\"no_ack\":true");
        await using var silent = stage.JetStream.CreatePublisher();
        var error = await Assert.ThrowsAsync<NasException>(async () => await silent.PublishAsync("silent.a", "x"));
        Assert.Equal("NoAcknowledgement", error.Code);
        await using var none = stage.JetStream.CreatePublisher(new NasStreamPublisherOptions { Stream = "NONE" });
        error = await Assert.ThrowsAsync<NasException>(async () => await none.PublishAsync("silent.a", "x"));
        Assert.Equal("StreamNotFound", error.Code);
    }

    [Fact]
    public async Task A_named_stream_keeps_messages_out_of_others()
    {
        await stage.CreateStreamAsync("WANTED");
        await stage.CreateStreamAsync("OTHER");
        var failed = new List<NasException>();
        await using var publisher = stage.JetStream.CreatePublisher(
            new NasStreamPublisherOptions { Stream = "WANTED", OnFailed = (e, _) => failed.Add(e) }
        );
        await publisher.PublishAsync("other.a", "x");
        await publisher.FlushAsync();
        Assert.Equal(10060, Assert.Single(failed).ApiErrorCode);
    }

    [Fact]
    public async Task The_ids_of_the_user_make_duplicates_and_ours_do_not()
    {
        await stage.CreateStreamAsync("IDS");
        var receipts = new List<NasPublishReceipt>();
        await using var publisher = stage.JetStream.CreatePublisher(
            new NasStreamPublisherOptions { OnStored = receipts.Add }
        );
        var id = new NasPublishOptions { MessageId = "one" };
        var header = new NasPublishOptions { Headers = new NasHeaders().Add("Nats-Msg-Id", "one") };
        foreach (var options in new[] { id, id, null, null, header })
        {
            await publisher.PublishAsync("ids.a", "same", options);
        }
        await publisher.FlushAsync();
        Assert.Equal([false, true, false, false, true], receipts.Select(r => r.IsDuplicate));
        Assert.Equal([1UL, 1, 2, 3, 1], receipts.Select(r => r.Sequence));
    }

    [Fact]
    public async Task Messages_wait_in_the_window_by_count_and_bytes()
    {
        await stage.CreateStreamAsync("BYTES");
        await using var publisher = stage.JetStream.CreatePublisher(
            new NasStreamPublisherOptions { MaxPending = 1000, MaxPendingBytes = 10_000 }
        );
        var most = 0;
        for (var i = 0; i < 300; i++)
        {
            await publisher.PublishAsync("bytes.a", new byte[i % 50 == 0 ? 20_000 : 3000]);
            most = Math.Max(most, publisher.Pending);
        }
        await publisher.FlushAsync();
        Assert.InRange(most, 1, 3);
        Assert.Equal(300, publisher.Stored);
    }

    [Fact]
    public async Task A_closed_publisher_says_how_many_have_no_result()
    {
        await using var own = await StreamServer.StartAsync();
        await own.CreateStreamAsync("CLOSE");
        var failed = new ConcurrentQueue<NasException>();
        await using var publisher = own.JetStream.CreatePublisher(
            new NasStreamPublisherOptions { OnFailed = (e, _) => failed.Enqueue(e) }
        );
        await publisher.PublishAsync("close.a", "x");
        await publisher.FlushAsync();
        await own.Server.PauseAsync();
        for (var i = 0; i < 10; i++)
        {
            await publisher.PublishAsync("close.a", "x");
        }
        Assert.Equal(10, publisher.Close());
        await own.Server.ResumeAsync();
        await Eventually.TrueAsync(() => failed.Count == 10);
        Assert.All(failed, e => Assert.Equal("OutcomeUnknown", e.Code));
        await Assert.ThrowsAsync<NasException>(async () => await publisher.PublishAsync("close.a", "x"));
    }

    [Fact]
    public async Task A_duplicate_window_that_is_over_leaves_the_outcome_unknown()
    {
        await using var own = await StreamServer.StartAsync();
        await own.CreateStreamAsync("SHORT", ",\"duplicate_window\":200000000", "file");
        var failed = new ConcurrentQueue<NasException>();
        await using var publisher = own.JetStream.CreatePublisher(
            new NasStreamPublisherOptions { OnFailed = (e, _) => failed.Enqueue(e) }
        );
        await publisher.PublishAsync("short.a", "1");
        await publisher.FlushAsync();
        await own.Server.PauseAsync();
        var watch = System.Diagnostics.Stopwatch.StartNew();
        await publisher.PublishAsync("short.a", "2");
        await Eventually.TrueAsync(() => own.Connection.PendingBytes == 0);
        await own.Server.KillAsync();
        await Eventually.TrueAsync(() => watch.Elapsed > TimeSpan.FromMilliseconds(300));
        await publisher.PublishAsync("short.a", "3");
        await own.Server.RestartAsync();
        await publisher.FlushAsync().WaitAsync(TimeSpan.FromSeconds(20));
        Assert.Contains("duplicate window", Assert.Single(failed).Message);
        Assert.Equal(2, publisher.Stored);
    }

    [Fact]
    public async Task A_publish_that_the_server_denies_fails_its_message_alone()
    {
        await using var server = await NatsServer.StartAsync(
            new NatsServerOptions
            {
                JetStream = true,
                Config = """
                    authorization { users: [
                      { user: a, password: a },
                      { user: b, password: b, permissions: { publish: { deny: "deny.secret" } } }
                    ] }
                    """,
            }
        );
        await using var connection = await server.ConnectAsync(o =>
            o with { Namespace = null, Credentials = NasCredentials.UserPassword("b", "b") }
        );
        var jetStream = new NasJetStream(connection);
        await connection.RequestAsync(
            "$JS.API.STREAM.CREATE.DENY",
            """{"name":"DENY","subjects":["deny.>"],"storage":"memory"}""",
            useNamespace: false
        );
        var failed = new ConcurrentQueue<NasException>();
        await using var publisher = jetStream.CreatePublisher(
            new NasStreamPublisherOptions { OnFailed = (e, _) => failed.Enqueue(e) }
        );
        await publisher.PublishAsync("deny.a", "1");
        await publisher.PublishAsync("deny.secret", "2");
        await publisher.PublishAsync("deny.a", "3");
        await publisher.FlushAsync().WaitAsync(TimeSpan.FromSeconds(5));
        Assert.Equal("PermissionDenied", Assert.Single(failed).Code);
        Assert.Equal(2, publisher.Stored);
        Assert.False(connection.Denials.Any);
    }
}

using System.Collections.Concurrent;
using System.Text;
using NasPubSub.JetStream.Tests.Infrastructure;
using NasPubSub.TestServer;

namespace NasPubSub.JetStream.Tests.Publishing;

/// <summary>Fast batches to a server: chosen without being asked for, and no different in what is stored.</summary>
public sealed class FastIngestTests(StreamServer stage) : IClassFixture<StreamServer>
{
    private const int Count = 20_000;
    private const string Allowed = ",\"allow_batched\":true";

    [Fact]
    public async Task A_long_row_goes_in_batches_and_other_subscribers_see_nothing_else()
    {
        await stage.CreateStreamAsync("FAST", Allowed);
        await using var wire = await Wire.OpenAsync(stage, "fast.>");
        await using var publisher = stage.JetStream.CreatePublisher();
        await PublishAsync(publisher, "fast.a", 1, Count);
        await wire.CountAsync(Count);
        Assert.InRange(wire.Fast, Count / 4, Count);
        Assert.DoesNotContain(wire.Payloads, string.IsNullOrEmpty);
        await AssertStoredAsync("FAST", Count);
        Assert.Equal((Count, 0, 0), (publisher.Stored, publisher.Failed, publisher.Pending));
    }

    [Fact]
    public async Task The_end_of_a_row_is_sent_without_a_flush()
    {
        await stage.CreateStreamAsync("TAIL", Allowed);
        await using var publisher = stage.JetStream.CreatePublisher();
        for (var i = 1; i <= Count; i++)
        {
            await publisher.PublishAsync("tail.a", $"{i}");
        }
        await Eventually.TrueAsync(() => publisher.Stored == Count, TimeSpan.FromSeconds(10));
    }

    [Fact]
    public async Task A_stream_that_does_not_allow_it_and_receipts_have_an_acknowledgement_for_each_message()
    {
        await stage.CreateStreamAsync("SLOW");
        await stage.CreateStreamAsync("RECEIPT", Allowed);
        await using var slow = await Wire.OpenAsync(stage, "slow.>");
        await using var receipt = await Wire.OpenAsync(stage, "receipt.>");
        var receipts = new ConcurrentQueue<NasPublishReceipt>();
        await using var publisher = stage.JetStream.CreatePublisher();
        await using var receiver = stage.JetStream.CreatePublisher(
            new NasStreamPublisherOptions { OnStored = receipts.Enqueue }
        );
        await PublishAsync(publisher, "slow.a", 1, 5000);
        await PublishAsync(receiver, "receipt.a", 1, 5000);
        await slow.CountAsync(5000);
        await receipt.CountAsync(5000);
        Assert.Equal((0, 0), (slow.Fast, receipt.Fast));
        Assert.Equal(Enumerable.Range(1, 5000), receipts.Select(r => (int)r.Sequence));
    }

    [Fact]
    public async Task Refused_messages_are_one_error_each_and_the_rest_is_stored_once_in_order()
    {
        await stage.CreateStreamAsync("BAD", Allowed + ",\"max_msg_size\":2000");
        await using var wire = await Wire.OpenAsync(stage, "bad.>");
        var failed = new ConcurrentQueue<(int? Code, long State)>();
        await using var publisher = stage.JetStream.CreatePublisher(
            new NasStreamPublisherOptions { OnFailed = (e, s) => failed.Enqueue((e.ApiErrorCode, (long)s!)) }
        );
        var timed = new NasPublishOptions { TimeToLive = TimeSpan.FromSeconds(9) };
        for (long i = 1; i <= 100_000; i++)
        {
            await (
                i % 30_000 == 5000 ? publisher.PublishAsync("bad.a", new string('x', 3000), null, i)
                : i % 30_000 == 20_000 ? publisher.PublishAsync("bad.a", $"{i}", timed, i)
                : publisher.PublishAsync("bad.a", $"{i}", state: i)
            );
        }
        await publisher.FlushAsync();
        Assert.Equal(
            [
                (10054, 5000),
                (10166, 20_000),
                (10054, 35_000),
                (10166, 50_000),
                (10054, 65_000),
                (10166, 80_000),
                (10054, 95_000),
            ],
            failed
        );
        Assert.InRange(wire.Fast, 1000, int.MaxValue);
        await AssertStoredAsync("BAD", 100_000, [.. failed.Select(f => f.State)]);
    }

    [Fact]
    public async Task Own_ids_expectations_and_times_to_live_hold_as_for_single_messages()
    {
        await stage.CreateStreamAsync("MIX", Allowed + ",\"allow_msg_ttl\":true");
        await using var wire = await Wire.OpenAsync(stage, "mix.>");
        var failed = new ConcurrentQueue<(string Code, long State)>();
        await using var publisher = stage.JetStream.CreatePublisher(
            new NasStreamPublisherOptions { OnFailed = (e, s) => failed.Enqueue((e.Code, (long)s!)) }
        );
        var timed = new NasPublishOptions { TimeToLive = TimeSpan.FromHours(1) };
        for (long i = 1; i <= Count; i++)
        {
            await publisher.PublishAsync("mix.a", $"{i}", timed, i);
            if (i % 100 == 0)
            {
                var named = new NasPublishOptions { MessageId = $"id-{i / 1000}" };
                await publisher.PublishAsync("mix.a", $"{i}", named, i);
            }
            if (i % 5000 == 0)
            {
                var expected = new NasPublishOptions { ExpectedLastSequence = (ulong)(i + i / 1000 + i / 5000) };
                await publisher.PublishAsync("mix.a", $"{i}", expected, i);
                await publisher.PublishAsync("mix.a", $"{i}", new NasPublishOptions { ExpectedLastSequence = 1 }, -i);
            }
        }
        await publisher.FlushAsync();
        Assert.Equal([.. Enumerable.Range(1, 4).Select(n => ("WrongRevision", -5000L * n))], failed);
        Assert.InRange(wire.Fast, 1000, int.MaxValue);
    }

    [Fact]
    public async Task A_stream_that_stops_allowing_it_stores_the_rest_by_single_messages()
    {
        await stage.CreateStreamAsync("STOP", Allowed);
        await using var wire = await Wire.OpenAsync(stage, "stop.>");
        await using var publisher = stage.JetStream.CreatePublisher();
        var publishing = PublishAsync(publisher, "stop.a", 1, 100_000);
        await Eventually.TrueAsync(() => wire.Fast > 1000, TimeSpan.FromSeconds(10));
        await stage.CallAsync("STREAM.UPDATE.STOP", """{"name":"STOP","subjects":["stop.>"],"storage":"memory"}""");
        await publishing;
        await AssertStoredAsync("STOP", 100_000);
    }

    [Fact]
    public async Task A_stream_with_too_many_open_batches_takes_single_messages()
    {
        await stage.CreateStreamAsync("OPEN", Allowed);
        for (var i = 1; i <= 1000; i++)
        {
            var reply = $"nobody.open{i}.1.fail.1.0.$FI";
            await stage.Connection.PublishAsync("open.a", Encoding.UTF8.GetBytes($"{i}"), reply);
        }
        await using var publisher = stage.JetStream.CreatePublisher();
        await PublishAsync(publisher, "open.a", 1001, Count);
        await AssertStoredAsync("OPEN", Count);
    }

    [Fact]
    public async Task Several_publishers_share_a_stream()
    {
        await stage.CreateStreamAsync("SHARE", Allowed);
        await using var wire = await Wire.OpenAsync(stage, "share.>");
        await Task.WhenAll(
            Enumerable
                .Range(0, 4)
                .Select(n =>
                    Task.Run(async () =>
                    {
                        await using var connection = await stage.Server.ConnectAsync(o => o with { Namespace = null });
                        await using var publisher = new NasJetStream(connection).CreatePublisher();
                        for (var i = 1; i <= Count; i++)
                        {
                            await publisher.PublishAsync($"share.{n}", $"{n * 1_000_000L + i}");
                        }
                    })
                )
        );
        var stored = await StoredNumbers.ReadAsync(stage.Connection, "SHARE");
        foreach (var group in stored.GroupBy(number => number / 1_000_000))
        {
            Assert.Equal(Enumerable.Range(1, Count).Select(i => group.Key * 1_000_000 + i), group);
        }
        Assert.InRange(wire.Fast, Count / 4, int.MaxValue);
    }

    [Fact]
    public async Task Large_messages_fill_a_window_of_bytes_without_a_standstill()
    {
        await stage.CreateStreamAsync("LARGE", Allowed);
        await using var publisher = stage.JetStream.CreatePublisher(
            new NasStreamPublisherOptions { MaxPendingBytes = 1_000_000 }
        );
        for (var i = 1; i <= 6000; i++)
        {
            await publisher.PublishAsync("large.a", $"{i}".PadLeft(i % 2000 < 1500 ? 10 : 20_000, '0'));
        }
        await publisher.FlushAsync().WaitAsync(TimeSpan.FromSeconds(10));
        await AssertStoredAsync("LARGE", 6000);
    }

    private static async Task PublishAsync(NasStreamPublisher publisher, string subject, int from, int to)
    {
        for (var i = from; i <= to; i++)
        {
            await publisher.PublishAsync(subject, $"{i}");
        }
        await publisher.FlushAsync();
    }

    private async Task AssertStoredAsync(string stream, int count, ICollection<long>? failed = null)
    {
        var stored = await StoredNumbers.ReadAsync(stage.Connection, stream);
        StoredNumbers.AssertOnceInOrder(stored, count, failed ?? []);
    }

    /// <summary>What a subscriber of the subjects sees, and whether it was sent in a batch.</summary>
    private sealed class Wire : IAsyncDisposable
    {
        private NasConnection _connection = null!;
        private Task _reading = Task.CompletedTask;
        private int _fast;

        public ConcurrentQueue<string> Payloads { get; } = new();

        public int Fast => Volatile.Read(ref _fast);

        public static async Task<Wire> OpenAsync(StreamServer stage, string subject)
        {
            var wire = new Wire { _connection = await stage.Server.ConnectAsync(o => o with { Namespace = null }) };
            var subscription = await wire._connection.SubscribeAsync(subject);
            wire._reading = wire.ReadAsync(subscription);
            return wire;
        }

        public Task CountAsync(int count) =>
            Eventually.TrueAsync(() => Payloads.Count >= count, TimeSpan.FromSeconds(10));

        public async ValueTask DisposeAsync()
        {
            await _connection.DisposeAsync();
            await _reading;
        }

        private async Task ReadAsync(NasSubscription subscription)
        {
            await foreach (var message in subscription.ReadAllAsync())
            {
                if (message.ReplyTo?.EndsWith(".$FI", StringComparison.Ordinal) == true)
                {
                    Interlocked.Increment(ref _fast);
                }
                Payloads.Enqueue(message.Text);
            }
        }
    }
}

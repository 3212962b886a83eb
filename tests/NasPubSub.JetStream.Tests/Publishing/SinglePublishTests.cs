using System.Numerics;
using NasPubSub.JetStream.Tests.Infrastructure;
using NasPubSub.TestServer;

namespace NasPubSub.JetStream.Tests.Publishing;

/// <summary>One message at a time, and all that it can ask of a stream.</summary>
public sealed class SinglePublishTests(StreamServer stage) : IClassFixture<StreamServer>
{
    [Fact]
    [Trait("Servers", "old")]
    public async Task A_receipt_names_stream_and_sequence_and_headers_are_stored()
    {
        await stage.CreateStreamAsync("ONE");
        var headers = new NasHeaders().Add("K", "v");
        var receipt = await stage.JetStream.PublishAsync("one.a", "hello", new NasPublishOptions { Headers = headers });
        Assert.Equal(("ONE", 1UL, "one.a"), (receipt.Stream, receipt.Sequence, receipt.Subject));
        Assert.False(receipt.IsDuplicate);
        Assert.Equal(1, headers.Count);
        var stored = await stage.CallAsync("STREAM.MSG.GET.ONE", """{"seq":1}""");
        var text = System.Text.Encoding.UTF8.GetString(
            Convert.FromBase64String(stored["message"]!["hdrs"]!.GetValue<string>())
        );
        Assert.Contains("K: v\r\n", text);
        Assert.Contains("Nats-Msg-Id: ", text);
    }

    [Fact]
    [Trait("Servers", "old")]
    public async Task Expectations_are_checked_by_the_stream()
    {
        await stage.CreateStreamAsync("EXPECT");
        var js = stage.JetStream;
        var first = await js.PublishAsync("expect.a", "1", new() { ExpectedSubjectSequence = 0, MessageId = "id1" });
        await js.PublishAsync("expect.a", "2", new() { ExpectedLastSequence = first.Sequence });
        await js.PublishAsync("expect.b", "3", new() { ExpectedStream = "EXPECT" });
        foreach (
            var (options, code) in new (NasPublishOptions, int)[]
            {
                (new() { ExpectedSubjectSequence = 0 }, 10071),
                (new() { ExpectedLastSequence = 1 }, 10071),
                (new() { ExpectedLastMessageId = "other" }, 10070),
                (new() { ExpectedStream = "OTHER" }, 10060),
            }
        )
        {
            var error = await Assert.ThrowsAsync<NasException>(() => js.PublishAsync("expect.a", "x", options));
            Assert.Equal(code, error.ApiErrorCode);
        }
    }

    [Fact]
    public async Task No_stream_is_an_error_that_names_the_subject_on_the_wire()
    {
        var error = await Assert.ThrowsAsync<NasException>(() => stage.JetStream.PublishAsync("no.stream", "x"));
        Assert.Equal(("NoStream", "no.stream"), (error.Code, error.Target));
    }

    [Fact]
    public async Task A_server_that_hangs_costs_no_more_than_the_timeout()
    {
        await using var own = await StreamServer.StartAsync();
        await own.CreateStreamAsync("HANG");
        await using var connection = await own.Server.ConnectAsync(o => o with { Namespace = null });
        var js = new NasJetStream(connection, new NasJetStreamOptions { Timeout = TimeSpan.FromSeconds(0.5) });
        await own.Server.PauseAsync();
        var clock = System.Diagnostics.Stopwatch.StartNew();
        var error = await Assert.ThrowsAsync<NasException>(() => js.PublishAsync("hang.a", "x"));
        Assert.Equal("OutcomeUnknown", error.Code);
        Assert.InRange(clock.Elapsed.TotalSeconds, 0.4, 0.8);
        await own.Server.ResumeAsync();
    }

    [ServerFact(MinVersion = "2.14")]
    public async Task Time_to_live_schedules_and_counters_reach_the_stream()
    {
        await stage.CreateStreamAsync(
            "MODERN",
            ",\"allow_msg_ttl\":true,\"allow_msg_schedules\":true,\"allow_rollup_hdrs\":true"
        );
        var js = stage.JetStream;
        await js.PublishAsync("modern.ttl", "x", new() { TimeToLive = TimeSpan.FromSeconds(1.5) });
        var at = NasMessageSchedule.At(DateTimeOffset.UtcNow) with { Target = "modern.target" };
        await js.PublishAsync("modern.at", "later", new() { Schedule = at });
        var cron = NasMessageSchedule.Cron("0 0 12 * * *") with { Target = "modern.noon", TimeZone = "Europe/Paris" };
        await js.PublishAsync("modern.cron", "noon", new() { Schedule = cron });
        var every = NasMessageSchedule.Every(TimeSpan.FromSeconds(90)) with { Target = "modern.often" };
        await js.PublishAsync("modern.every", "often", new() { Schedule = every });
        await js.PublishAsync("modern.last", "new", new() { Rollup = NasRollup.Subject });
        await Eventually.TrueAsync(async () =>
        {
            var info = await stage.CallAsync("STREAM.INFO.MODERN", """{"subjects_filter":"modern.target"}""");
            return info["state"]!["subjects"] is not null;
        });

        await stage.CreateStreamAsync("COUNT", ",\"allow_msg_counter\":true");
        await js.PublishAsync("count.a", "", new() { Increment = 40 });
        var sum = await js.PublishAsync("count.a", "", new() { Increment = 2 });
        Assert.Equal(new BigInteger(42), sum.CounterValue);
    }

    [Fact]
    public async Task An_old_server_is_told_apart_before_anything_is_stored()
    {
        await using var old = await StreamServer.StartAsync("2.9");
        await old.CreateStreamAsync("OLD");
        var js = old.JetStream;
        var schedule = NasMessageSchedule.At(DateTimeOffset.UtcNow) with { Target = "old.b" };
        foreach (
            var publish in new Func<Task>[]
            {
                () => js.PublishAsync("old.a", "x", new() { TimeToLive = TimeSpan.FromSeconds(5) }),
                () => js.PublishAsync("old.a", "x", new() { Schedule = schedule }),
                () => js.PublishAsync("old.a", "x", new() { Increment = 1 }),
                () => js.PublishAtomicAsync([new("old.a", new byte[1]), new("old.a", new byte[1])]),
                async () => await js.CreatePublisher().PublishAsync("old.a", "x", new() { Schedule = schedule }),
            }
        )
        {
            Assert.Equal("UnsupportedByServer", (await Assert.ThrowsAsync<NasException>(publish)).Code);
        }
        var info = await old.CallAsync("STREAM.INFO.OLD");
        Assert.Equal(0, info["state"]!["messages"]!.GetValue<int>());
    }

    [Fact]
    public async Task A_message_in_flight_while_the_server_is_killed_is_stored_once()
    {
        await using var own = await StreamServer.StartAsync();
        await own.CreateStreamAsync("ONCE", "", "file");
        await own.JetStream.PublishAsync("once.a", "1");
        await own.Server.PauseAsync();
        var publishing = own.JetStream.PublishAsync("once.a", "2", new() { ExpectedLastSequence = 1 });
        await Eventually.TrueAsync(() => own.Connection.PendingBytes == 0);
        await own.Server.KillAsync();
        await own.Server.RestartAsync();
        Assert.Equal(2UL, (await publishing.WaitAsync(TimeSpan.FromSeconds(20))).Sequence);
    }

    [ServerFact(MinVersion = "2.12")]
    public async Task A_batch_is_stored_whole_or_not_at_all()
    {
        await stage.CreateStreamAsync("ATOMIC", ",\"allow_atomic\":true");
        await stage.CreateStreamAsync("PLAIN");
        var js = stage.JetStream;
        var receipts = await js.PublishAtomicAsync([.. Enumerable.Range(1, 1000).Select(i => Message("atomic.a", i))]);
        Assert.Equal(Enumerable.Range(1, 1000).Select(i => (ulong)i), receipts.Select(r => r.Sequence));
        Assert.All(receipts, r => Assert.Equal(1000, r.BatchCount));
        Assert.Single(await js.PublishAtomicAsync([Message("atomic.b", 1)]));

        NasBatchMessage refused = new("atomic.c", new byte[1], new() { ExpectedSubjectSequence = 5 });
        await FailsAsync("WrongRevision", js.PublishAtomicAsync([Message("atomic.d", 1), refused]));
        await FailsAsync("AtomicDisabled", js.PublishAtomicAsync([Message("plain.a", 1), Message("plain.a", 2)]));
        await FailsAsync("NoStream", js.PublishAtomicAsync([Message("atomic.a", 1), Message("plain.a", 2)]));
        await FailsAsync(
            "BatchTooLarge",
            js.PublishAtomicAsync([.. Enumerable.Range(1, 1001).Select(i => Message("atomic.a", i))])
        );
        var info = await stage.CallAsync("STREAM.INFO.ATOMIC");
        Assert.Equal(1001, info["state"]!["messages"]!.GetValue<int>());
    }

    private static NasBatchMessage Message(string subject, int number) =>
        new(subject, System.Text.Encoding.UTF8.GetBytes($"{number}"));

    private static async Task FailsAsync(string code, Task call) =>
        Assert.Equal(code, (await Assert.ThrowsAsync<NasException>(() => call)).Code);
}

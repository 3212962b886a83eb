using NasPubSub.JetStream.Publishing;

namespace NasPubSub.JetStream.Tests.Publishing;

/// <summary>The decisions about fast batches, without a server: what goes into one, and what is sent again.</summary>
public sealed class FastIngestFlowTests : IPublishQuestions, IAsyncDisposable
{
    private const int Window = 1200;

    private readonly NasConnection _connection = new(new NasOptions { Namespace = null });
    private readonly PublishWindow _window = new("id-"u8.ToArray(), Window, 1_000_000);
    private readonly PublishFlow _flow;
    private readonly PublishTarget _target;
    private TimeSpan _now = TimeSpan.FromHours(1);
    private long _epoch = 1;

    public FastIngestFlowTests()
    {
        var fast = FastIngest.For(new NasStreamPublisherOptions { MaxPending = Window }, _window);
        _flow = new PublishFlow(_window, TimeSpan.FromMinutes(2), this, fast);
        _target = new PublishTarget(_connection.CreatePublisher("a"), true)
        {
            Stream = new StreamFacts("S", ["a"], TimeSpan.FromMinutes(2), false, false, true),
            IsCaptured = true,
        };
    }

    [Fact]
    public void A_batch_begins_behind_a_long_row_and_waits_for_the_answer()
    {
        Begin();
        Add(3);
        Assert.Empty(Send());
        Flow(0, 400);
        Assert.Equal(["1002 Append", "1003 Append", "1004 Append"], Send());
        Flow(4, 400);
        Assert.Equal([SlotState.Stored, SlotState.Open], [_window[1004].State, _window[1005].State]);
    }

    [Fact]
    public void The_newest_message_is_held_until_none_follows()
    {
        Begin();
        Flow(0, 400);
        Assert.Empty(Send());
        _now += TimeSpan.FromMilliseconds(50);
        _flow.OnTick(_now);
        Assert.Equal(["1002 Commit"], Send());
        Add(1);
        Assert.Empty(Send());
        Result(2, 2);
        Assert.Equal(["1003 Single"], Send());
    }

    [Fact]
    public void No_more_is_sent_than_the_server_allows()
    {
        Begin();
        Add(150);
        Flow(0, 10);
        Assert.Equal(29, Send().Count);
        Flow(10, 20);
        Assert.Equal(40, Send().Count);
    }

    [Fact]
    public void A_refused_message_is_one_error_and_what_is_behind_it_is_sent_again()
    {
        Begin();
        Add(4);
        Flow(0, 400);
        Send();
        Reply(FastReplyKind.Error, 3, Error(10071));
        Add(1);
        Assert.Empty(Send());
        Result(3, 2);
        Assert.Equal(["1004 Single", "1005 Single", "1006 Single", "1007 Single"], Send());
        Assert.Equal([SlotState.Stored, SlotState.Failed], [_window[1002].State, _window[1003].State]);
        Assert.False(_window[1004].IsUncertain);
    }

    [Fact]
    public void A_message_that_is_missing_is_sent_again_in_its_place()
    {
        Begin();
        Add(4);
        Flow(0, 400);
        Send();
        Reply(FastReplyKind.Gap, 4, default);
        Result(4, 2);
        Assert.Equal(["1003 Single", "1004 Single", "1005 Single", "1006 Single"], Send());
    }

    [Theory]
    [InlineData(10205)]
    [InlineData(10211)]
    public void A_batch_that_is_refused_is_sent_by_itself(int code)
    {
        Begin();
        Reply(FastReplyKind.Result, 1, Error(code));
        Assert.Equal(["1001 Single", "1002 Single"], Send());
        Settle();
        Add(1000);
        Assert.All(Send(), sent => Assert.EndsWith("Single", sent));
    }

    [Fact]
    public void A_server_that_knows_no_batches_stores_each_message_by_itself()
    {
        Begin();
        Reply(FastReplyKind.Result, 1, new PubAck { Origin = new AckOrigin("S", null), Sequence = 9 });
        Assert.Equal(SlotState.Stored, _window[1001].State);
        Assert.Equal(["1002 Single"], Send());
    }

    [Fact]
    public void A_break_ends_the_batch_and_what_has_no_result_is_sent_by_itself()
    {
        Begin();
        Add(3);
        Flow(0, 400);
        Send();
        Flow(2, 400);
        _epoch = 2;
        Assert.Equal(["1003 Single", "1004 Single", "1005 Single"], Send());
        Assert.True(_window[1003].IsUncertain);
    }

    [Fact]
    public void A_message_with_an_expectation_follows_the_end_of_the_batch()
    {
        Begin();
        Flow(0, 400);
        Add(1, new NasPublishOptions { ExpectedLastSequence = 1002 });
        Assert.Equal(["1002 Commit"], Send());
        Result(2, 2);
        Assert.Equal(["1003 Single"], Send());
    }

    [Fact]
    public void A_caller_who_waits_for_room_ends_a_batch_that_would_get_no_answer()
    {
        Begin();
        Flow(0, 400);
        Add(2);
        _flow.OnNoRoom();
        Assert.Equal(["1002 Append", "1003 Append", "1004 Commit"], Send());
    }

    public ValueTask DisposeAsync() => _connection.DisposeAsync();

    void IPublishQuestions.AskForStream(PublishTarget target) => Assert.Fail("Nobody listens.");

    void IPublishQuestions.AskForOutcome(PublishSlot slot, NasException refusal) => Assert.Fail("Twice.");

    private static PubAck Error(int code) =>
        new() { Error = new NasException(NasError.ServerError, "no") { ApiErrorCode = code } };

    /// <summary>1,000 messages by themselves, one that begins a batch, and one that is held.</summary>
    private void Begin()
    {
        Assert.Empty(Send());
        for (var number = 1; number <= 1000; number++)
        {
            Add(1);
            Assert.Equal(number < 1000 ? [$"{number} Single"] : [], Send());
        }
        _flow.SendHeld();
        Assert.Equal(["1000 Single"], Send());
        Acknowledge(1, 500);
        Add(2);
        Assert.Equal(["1001 Start"], Send());
        Acknowledge(501, 1000);
    }

    private void Acknowledge(long first, long last)
    {
        for (var number = first; number <= last; number++)
        {
            var ack = new PubAck { Origin = new AckOrigin("S", null), Sequence = (ulong)number };
            _flow.Take(_flow.TokenOf(_window[number]), ack, _now);
        }
        Settle();
    }

    private void Add(int count, NasPublishOptions? expectation = null)
    {
        for (var i = 0; i < count; i++)
        {
            var body = new OutgoingBody(default, new byte[1], null, null, expectation, null);
            _flow.OnAdded(_window.TryAdd(_target, body, _now)!);
        }
    }

    private List<string> Send()
    {
        var sent = new List<string>();
        while (_flow.MaySend(_epoch, _now) && _flow.NextToSend(out var form) is { } slot)
        {
            _flow.OnSent(slot, form, _now);
            sent.Add($"{slot.Number} {form}");
        }
        return sent;
    }

    private void Settle()
    {
        while (_window.TakeDone() is not null) { }
    }

    private void Flow(long sequence, int interval) =>
        _flow.TakeFast(_flow.Batch!.Id, new FastReply(FastReplyKind.Flow, sequence, interval, default), _now);

    private void Result(long sequence, int count) =>
        Reply(
            FastReplyKind.Result,
            sequence,
            new PubAck { Origin = new AckOrigin("S", null), Details = new AckDetails(null, "b", count) }
        );

    private void Reply(FastReplyKind kind, long sequence, PubAck ack) =>
        _flow.TakeFast(_flow.Batch!.Id, new FastReply(kind, sequence, 0, ack), _now);
}

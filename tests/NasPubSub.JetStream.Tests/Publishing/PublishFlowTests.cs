using NasPubSub.JetStream.Publishing;

namespace NasPubSub.JetStream.Tests.Publishing;

/// <summary>The decisions of a window, without a server: what is sent again, and when not.</summary>
public sealed class PublishFlowTests : IPublishQuestions, IAsyncDisposable
{
    private readonly NasConnection _connection = new(new NasOptions { Namespace = null });
    private readonly PublishWindow _window = new("id-"u8.ToArray(), 8, 1_000_000);
    private readonly PublishFlow _flow;
    private readonly PublishTarget _target;
    private readonly List<string> _asked = [];
    private readonly List<long> _sent = [];
    private TimeSpan _now = TimeSpan.FromHours(1);
    private long _epoch = 1;

    public PublishFlowTests()
    {
        _flow = new PublishFlow(_window, TimeSpan.FromMinutes(2), this);
        _target = new PublishTarget(_connection.CreatePublisher("a"), true) { Stream = Stream(120), IsCaptured = true };
    }

    [Fact]
    public void A_break_sends_all_without_a_result_again_in_order()
    {
        Add(4);
        Assert.Equal([1, 2, 3, 4], Send());
        Acknowledge(1);
        Acknowledge(3);
        Assert.Equal([1], Settle());
        _epoch = 2;
        Assert.Equal([2, 4], Send());
    }

    [Fact]
    public void A_server_that_cannot_store_yet_gets_them_again_after_a_while()
    {
        Add(3);
        Send();
        Refuse(2, 10008);
        Add(1);
        Assert.Empty(Send());
        Acknowledge(1);
        Settle();
        _now += PublishErrors.RetryWait;
        Assert.Equal([2, 3, 4], Send());
    }

    [Fact]
    public void What_an_earlier_attempt_was_refused_does_not_count()
    {
        Add(1);
        Send();
        var token = _flow.TokenOf(_window[1]);
        _epoch = 2;
        Send();
        _flow.Take(token, Error(10071), _now);
        Assert.Empty(Settle());
        _flow.Take(token, Stored(5), _now);
        Assert.Equal([1], Settle());
    }

    [Fact]
    public void Beyond_the_duplicate_window_nothing_is_sent_again()
    {
        _target.Stream = Stream(10);
        Add(2);
        Send();
        Acknowledge(2);
        _now += TimeSpan.FromSeconds(9);
        _epoch = 2;
        Assert.Empty(Send());
        Assert.Equal("OutcomeUnknown", _window[1].Error!.Code);
    }

    [Fact]
    public void A_refusal_by_all_attempts_is_never_unknown()
    {
        _target.Stream = Stream(10);
        Add(1);
        Send();
        Refuse(1, 10008);
        _now += TimeSpan.FromSeconds(30);
        Assert.Equal([1], Send());
    }

    [Fact]
    public void Silence_begins_another_attempt_and_the_time_limit_ends_it()
    {
        Add(1);
        Send();
        _now += TimeSpan.FromSeconds(6);
        _flow.OnTick(_now);
        Assert.Equal([1], Send());
        _now += TimeSpan.FromMinutes(2);
        _flow.OnTick(_now);
        Assert.Equal("OutcomeUnknown", _window[1].Error!.Code);
        Assert.Equal([1], Settle());
    }

    [Fact]
    public void A_wrong_revision_of_a_message_sent_twice_is_a_question()
    {
        Add(1, new NasPublishOptions { ExpectedLastSequence = 4 });
        Send();
        _epoch = 2;
        Send();
        Refuse(1, 10071);
        Assert.Equal(["outcome 1"], _asked);
        Assert.Empty(Settle());
    }

    [Fact]
    public void Nobody_who_listens_is_asked_for_after_three_tries()
    {
        _target.IsCaptured = false;
        Add(1);
        for (var i = 0; i < PublishErrors.NoResponderTries; i++)
        {
            Assert.Equal([1], Send());
            _flow.Take(_flow.TokenOf(_window[1]), new PubAck { IsNoResponders = true }, _now);
            _now += PublishErrors.RetryWait;
        }
        Assert.Equal(["stream a"], _asked);
        _flow.OnStreamFound(_target, PublishErrors.NoStream("a"));
        Assert.Equal("NoStream", _window[1].Error!.Code);
    }

    [Fact]
    public void The_window_grows_wraps_and_gives_its_room_back()
    {
        for (var round = 0; round < 100; round++)
        {
            Add(8);
            Assert.Null(_window.TryAdd(_target, new OutgoingBody(default, new byte[1], null, null, null, null), _now));
            Assert.Equal(8, Send().Count);
            for (long i = 0; i < 8; i++)
            {
                Acknowledge(round * 8 + 1 + i);
            }
            Assert.Equal(8, Settle().Count);
        }
        Assert.Equal("id-801", _window.IdOf(_window.Next));
    }

    public ValueTask DisposeAsync() => _connection.DisposeAsync();

    void IPublishQuestions.AskForStream(PublishTarget target) => _asked.Add($"stream {target.Publisher.Topic}");

    void IPublishQuestions.AskForOutcome(PublishSlot slot, NasException refusal) =>
        _asked.Add($"outcome {slot.Number}");

    private static StreamFacts Stream(int seconds) =>
        new("S", ["a"], TimeSpan.FromSeconds(seconds), false, false, false);

    private static PubAck Stored(ulong sequence) => new() { Origin = new AckOrigin("S", null), Sequence = sequence };

    private static PubAck Error(int code) =>
        new() { Error = new NasException(NasError.ServerError, "no") { ApiErrorCode = code } };

    private void Add(int count, NasPublishOptions? expectation = null)
    {
        for (var i = 0; i < count; i++)
        {
            var body = new OutgoingBody(default, new byte[i + 1], null, null, expectation, null);
            Assert.NotNull(_window.TryAdd(_target, body, _now));
        }
    }

    private List<long> Send()
    {
        _sent.Clear();
        if (_flow.MaySend(_epoch, _now))
        {
            while (_flow.NextToSend(out var form) is { } slot)
            {
                _flow.OnSent(slot, form, _now);
                _sent.Add(slot.Number);
            }
        }
        return [.. _sent];
    }

    private void Acknowledge(long number) => _flow.Take(_flow.TokenOf(_window[number]), Stored((ulong)number), _now);

    private void Refuse(long number, int code) => _flow.Take(_flow.TokenOf(_window[number]), Error(code), _now);

    private List<long> Settle()
    {
        var done = new List<long>();
        while (_window.TakeDone() is { } slot)
        {
            done.Add(slot.Number);
        }
        return done;
    }
}

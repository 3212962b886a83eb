using NasPubSub.JetStream.Consuming;

namespace NasPubSub.JetStream.Tests.Consuming;

/// <summary>The whole table of statuses, for every way to pull; without a server.</summary>
public sealed class PullStateTests
{
    private const int Batch = 100;

    /// <summary>After 10 of 100 messages, the status. What is under way then, and is it over?</summary>
    [Theory]
    [InlineData("100 Idle Heartbeat", null, "Endless", "Continue", 90)]
    [InlineData("100 Idle Heartbeat", null, "Fetch", "Continue", 90)]
    [InlineData("404 No Messages", null, "Endless", "Continue", 0)]
    [InlineData("404 No Messages", null, "Available", "End", 0)]
    [InlineData("404 No Messages", null, "Fetch", "End", 0)]
    [InlineData("408 Request Timeout", 90, "Endless", "Continue", 0)]
    [InlineData("408 Request Timeout", 60, "Endless", "Continue", 30)]
    [InlineData("408 Request Timeout", null, "Endless", "Continue", 0)]
    [InlineData("408 Request Timeout", 90, "Fetch", "End", 0)]
    [InlineData("408 Interest Expired", 90, "Endless", "Continue", 0)]
    [InlineData("408 Interest Expired", 90, "Fetch", "End", 0)]
    [InlineData("408 Requests Pending", null, "Available", "AskAgain", 0)]
    [InlineData("409 Message Size Exceeds MaxBytes", 90, "Endless", "Continue", 0)]
    [InlineData("409 Message Size Exceeds MaxBytes", 90, "Fetch", "End", 0)]
    [InlineData("409 Batch Completed", 90, "Endless", "Continue", 0)]
    [InlineData("409 Batch Completed", 90, "Fetch", "End", 0)]
    [InlineData("409 Leadership Change", null, "Endless", "AskAgain", 0)]
    [InlineData("409 Leadership Change", null, "Fetch", "AskAgain", 0)]
    [InlineData("409 Server Shutdown", 90, "Endless", "Continue", 0)]
    [InlineData("409 Server Shutdown", 90, "Fetch", "Continue", 0)]
    [InlineData("409 Consumer Deleted", null, "Endless", "Deleted", 90)]
    [InlineData("409 Consumer Deleted", null, "Fetch", "Deleted", 90)]
    [InlineData("409 Consumer is push based", null, "Endless", "IsPush", 90)]
    [InlineData("409 Exceeded MaxRequestBatch of 10", null, "Endless", "TooLarge", 0)]
    [InlineData("409 Exceeded MaxRequestExpires of 1s", null, "Endless", "TooLarge", 0)]
    [InlineData("409 Exceeded MaxRequestMaxBytes of 10", null, "Endless", "TooLarge", 0)]
    [InlineData("409 Exceeded MaxWaiting", null, "Endless", "TooManyRequests", 0)]
    [InlineData("409 Something new", null, "Endless", "Refused", 90)]
    [InlineData("400 Bad Request", null, "Endless", "Refused", 90)]
    [InlineData("400 Bad Request", null, "Fetch", "Refused", 90)]
    [InlineData("412 Required Api Level", null, "Endless", "Refused", 90)]
    [InlineData("423 Nats-Wrong-Pin-Id", 90, "Endless", "Unpinned", 0)]
    [InlineData("423 Nats-Pin-Id mismatch", null, "Endless", "Unpinned", 0)]
    [InlineData("503 ", null, "Endless", "NoResponders", 0)]
    [InlineData("503 ", null, "Fetch", "NoResponders", 0)]
    public void A_status_changes_what_is_under_way(string status, int? pending, string mode, string verdict, int left)
    {
        var state = After(10, Enum.Parse<PullMode>(mode));
        Assert.Equal(verdict, state.OnStatus(Status(status, pending)).ToString());
        Assert.Equal(left, state.Pending);
        Assert.Equal(verdict is "End" or "Deleted" or "IsPush" or "Refused", state.IsEnded);
        Assert.Equal(!state.IsEnded && left < Batch / 2, state.IsDue);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(100)]
    public void Half_of_what_was_asked_for_is_enough_to_ask_for_the_rest(int batch)
    {
        var state = new PullState(PullMode.Endless, batch);
        Assert.Equal(batch, Ask(state).Batch);
        Assert.False(state.TryAsk(out _));
        for (var i = 0; i < batch / 2; i++)
        {
            Assert.False(state.IsDue);
            state.OnMessage();
        }

        state.OnMessage();
        Assert.Equal(batch / 2 + 1, Ask(state).Batch);
        Assert.Equal(batch, state.Pending);
    }

    [Fact]
    public void A_total_is_never_asked_beyond()
    {
        var state = new PullState(PullMode.Endless, 100, total: 130);
        Assert.Equal(100, Ask(state).Batch);
        Come(state, 60);
        Assert.Equal(30, Ask(state).Batch);
        Come(state, 69);
        Assert.False(state.TryAsk(out _));
        Assert.False(state.IsEnded);
        Come(state, 1);
        Assert.True(state.IsEnded);
    }

    [Fact]
    public void A_threshold_of_the_users_own_replaces_half()
    {
        var state = new PullState(PullMode.Endless, 100, threshold: 10);
        Ask(state);
        Come(state, 90);
        Assert.False(state.IsDue);
        Come(state, 1);
        Assert.Equal(91, Ask(state).Batch);
    }

    [Fact]
    public void Bytes_are_counted_instead_of_messages()
    {
        var state = new PullState(PullMode.Endless, 100, maxBytes: 1000);
        var first = Ask(state);
        Assert.Equal((PullState.UnlimitedBatch, 1000L), (first.Batch, first.MaxBytes));
        state.OnMessage(500);
        Assert.False(state.IsDue);
        state.OnMessage(100);
        Assert.Equal(600, Ask(state).MaxBytes);
        Assert.Equal(1000, state.PendingBytes);
        // The first request had 400 left, which the next message did not fit into.
        state.OnStatus(new PullStatus(409, "Message Size Exceeds MaxBytes", PullState.UnlimitedBatch - 2, 400));
        Assert.Equal(600, state.PendingBytes);
        Assert.False(state.IsEnded);
    }

    [Fact]
    public void A_message_larger_than_the_limit_raises_it_and_ends_where_the_consumer_allows_no_more()
    {
        var state = new PullState(PullMode.Endless, 100, maxBytes: 1000);
        state.Limit(0, 1500);
        Ask(state);
        Assert.Equal(PullVerdict.MaxBytesRaised, TooLarge(state, 1000));
        Assert.Equal(1500, Ask(state).MaxBytes);
        Assert.Equal(PullVerdict.MaxBytesExceeded, TooLarge(state, 1500));
        Assert.True(state.IsEnded);
        var fetch = new PullState(PullMode.Fetch, 10, maxBytes: 10);
        Ask(fetch);
        Assert.Equal(PullVerdict.MaxBytesExceeded, TooLarge(fetch, 10));
    }

    private static PullVerdict TooLarge(PullState state, long bytes) =>
        state.OnStatus(new PullStatus(409, "Message Size Exceeds MaxBytes", state.Pending, bytes));

    [Fact]
    public void A_configuration_limits_what_is_asked_for()
    {
        var state = new PullState(PullMode.Endless, 100);
        Assert.False(state.Limit(0, 0));
        Assert.True(state.Limit(10, 0));
        Assert.Equal(10, Ask(state).Batch);
        var bytes = new PullState(PullMode.Endless, 100);
        Assert.False(bytes.Limit(0, 2000));
        Assert.Equal(2000, Ask(bytes).MaxBytes);
    }

    [Fact]
    public void Lost_requests_are_asked_again_and_live_shortly_until_something_comes()
    {
        var state = After(10, PullMode.Endless);
        state.Reset();
        Assert.True(Ask(state).IsShort);
        state.OnMessage();
        state.OnStatus(new PullStatus(408, "Request Timeout", 99));
        Assert.False(Ask(state).IsShort);
    }

    [Fact]
    public void A_fetch_asks_once_and_again_only_after_a_loss()
    {
        var state = After(10, PullMode.Fetch);
        Assert.False(state.TryAsk(out _));
        state.OnStatus(new PullStatus(409, "Leadership Change"));
        Assert.Equal(90, Ask(state).Batch);
        Come(state, 90);
        Assert.True(state.IsEnded);
    }

    [Fact]
    public void What_is_there_is_asked_for_without_a_wait_until_there_is_nothing()
    {
        var state = new PullState(PullMode.Available, 10);
        Assert.True(Ask(state).NoWait);
        Come(state, 9);
        Assert.False(state.TryAsk(out _));
        Come(state, 1);
        Assert.True(Ask(state).NoWait);
        state.OnStatus(new PullStatus(408, "Requests Pending"));
        var waiting = Ask(state);
        Assert.False(waiting.NoWait);
        Assert.True(waiting.IsShort);
        Assert.Equal(PullVerdict.End, state.OnStatus(new PullStatus(408, "Request Timeout", 10)));
    }

    [Fact]
    public void A_pin_is_sent_until_it_is_lost()
    {
        var state = new PullState(PullMode.Endless, 2) { PinId = "p" };
        Assert.Equal("p", Ask(state).PinId);
        state.OnStatus(new PullStatus(423, "Nats-Wrong-Pin-Id", 2));
        Assert.Null(Ask(state).PinId);
    }

    [Theory]
    [InlineData(10, 0, false, false, null, """{"batch":10,"expires":30000000000,"idle_heartbeat":15000000000}""")]
    [InlineData(
        10,
        99,
        false,
        false,
        "p",
        """{"batch":10,"max_bytes":99,"expires":30000000000,"idle_heartbeat":15000000000,"id":"p"}"""
    )]
    [InlineData(10, 0, true, false, null, """{"batch":10,"no_wait":true}""")]
    [InlineData(10, 0, false, true, null, """{"batch":10,"expires":2000000000,"idle_heartbeat":500000000}""")]
    public void A_request_says_what_it_asks_for(
        int batch,
        int bytes,
        bool noWait,
        bool isShort,
        string? pin,
        string json
    )
    {
        var request = new PullRequest(batch, bytes, noWait, isShort, pin);
        var (expires, heartbeat) = new PullTiming(PullMode.Endless, TimeSpan.FromSeconds(30), null).Of(request);
        Assert.Equal(json, System.Text.Encoding.UTF8.GetString(request.ToJson(expires, heartbeat, default)));
    }

    [Fact]
    public void A_request_names_its_group() =>
        Assert.Equal(
            """{"batch":1,"min_pending":5,"min_ack_pending":6,"priority":3,"group":"a\"b"}""",
            System.Text.Encoding.UTF8.GetString(
                new PullRequest(1, 0, false, false, null).ToJson(default, default, new PullGroup("a\"b", 3, 5, 6))
            )
        );

    private static PullState After(int messages, PullMode mode)
    {
        var state = new PullState(mode, Batch);
        Ask(state);
        Come(state, messages);
        return state;
    }

    private static PullRequest Ask(PullState state)
    {
        Assert.True(state.TryAsk(out var request));
        return request;
    }

    private static void Come(PullState state, int messages)
    {
        for (var i = 0; i < messages; i++)
        {
            state.OnMessage();
        }
    }

    private static PullStatus Status(string line, int? pending) =>
        new(int.Parse(line[..3]), line[4..], pending, pending is null ? null : 0);
}

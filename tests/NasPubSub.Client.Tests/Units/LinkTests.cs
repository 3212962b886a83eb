using NasPubSub.Connection;
using NasPubSub.TestServer;

namespace NasPubSub.Client.Tests.Units;

/// <summary>One connection to one server: its two loops, its fences and its end.</summary>
public sealed class LinkTests : IAsyncDisposable
{
    private readonly FakeClock _clock = new();
    private readonly FakeSession _session = new();

    private Link Link => _session.Link;

    public async ValueTask DisposeAsync()
    {
        await _session.DisposeAsync();
        _clock.Dispose();
    }

    [Fact]
    public async Task What_the_network_takes_in_pieces_is_sent_in_order()
    {
        _session.Transport.Most = 3;
        _session.Connection.Publish("a", "payload");
        Assert.Equal("PUB a 7\r\npayload\r\n", await _session.WrittenAsync("payload\r\n"));
        await Eventually.TrueAsync(() => _session.Connection.PendingBytes == 0);
    }

    [Fact]
    public async Task Fences_are_completed_in_their_order_with_the_time_they_took()
    {
        var first = _session.Core.Buffer.FenceAsync(Threading.Deadline.Never, default);
        await _session.WrittenAsync("PING\r\n");
        _clock.Advance(30);
        var second = _session.Core.Buffer.FenceAsync(Threading.Deadline.Never, default);
        await _session.WrittenAsync("PING\r\n");
        _clock.Advance(20);
        _session.Transport.Receive("PONG\r\n");
        Assert.Equal(50, (await first.WaitAsync(TimeSpan.FromSeconds(5))).TotalMilliseconds);
        Assert.False(second.IsCompleted);
        _session.Transport.Receive("PONG\r\nPONG\r\n");
        Assert.Equal(20, (await second.WaitAsync(TimeSpan.FromSeconds(5))).TotalMilliseconds);
        Assert.Equal(20, Link.RoundTrip!.Value.TotalMilliseconds);
    }

    [Fact]
    public async Task A_PONG_confirms_what_was_published_before_its_PING()
    {
        _session.Connection.Publish("a", "1");
        await _session.WrittenAsync("PING\r\n");
        _session.Connection.Publish("a", "2");
        await _session.WrittenAsync("2\r\n");
        _session.Transport.Receive("PONG\r\n");
        await Eventually.TrueAsync(() => _session.Core.Buffer.Ledger.Confirmed == 1);
    }

    [Fact]
    public async Task PINGs_of_the_server_are_answered()
    {
        _session.Transport.Receive("PING\r\nPING\r\n");
        Assert.Equal("PONG\r\nPONG\r\n", await _session.WrittenAsync("PONG\r\nPONG\r\n"));
    }

    [Fact]
    public async Task Another_INFO_changes_the_limits()
    {
        _session.Transport.Receive("INFO {\"max_payload\":3,\"server_name\":\"new\"}\r\n");
        await Eventually.TrueAsync(() => _session.Connection.ServerInfo?.Name == "new");
        var error = Assert.Throws<NasException>(() => _session.Connection.Publish("a", "four"));
        Assert.Equal(NasError.PayloadTooLarge, error.Error);
    }

    [Theory]
    [InlineData("-ERR 'Stale Connection'\r\n", "Stale Connection")]
    [InlineData("nonsense\r\n", "protocol")]
    [InlineData("", "closed the connection")]
    public async Task It_ends_with_the_reason_that_the_server_gave(string last, string reason)
    {
        var fence = _session.Core.Buffer.FenceAsync(Threading.Deadline.Never, default);
        if (last.Length > 0)
        {
            _session.Transport.Receive(last);
        }
        if (last != "nonsense\r\n")
        {
            _session.Transport.Receive("");
        }
        var error = await Link.Ended.WaitAsync(TimeSpan.FromSeconds(5));
        Assert.Contains(reason, error.Message, StringComparison.OrdinalIgnoreCase);
        await Link.CloseAsync();
        Assert.True(_session.Transport.IsClosed);
        var lost = await Assert.ThrowsAsync<NasException>(() => fence.WaitAsync(TimeSpan.FromSeconds(5)));
        Assert.Equal(NasError.ConnectionLost, lost.Error);
    }

    [Fact]
    public async Task The_first_reason_counts_and_a_fence_after_the_end_fails_at_once()
    {
        Link.Fail(new NasException(NasError.ConnectionLost, "first"));
        Link.Fail(new NasException(NasError.ConnectionLost, "second"));
        Assert.Equal("first", (await Link.Ended).Message);
        await Link.CloseAsync();
        var waiter = new TaskCompletionSource<TimeSpan>();
        Link.Expect(new Fence(waiter, 0));
        await Assert.ThrowsAsync<NasException>(() => waiter.Task.WaitAsync(TimeSpan.FromSeconds(5)));
    }

    [Fact]
    public async Task Pings_are_counted_until_any_answer_comes()
    {
        Assert.True(Link.TryCountPing(2));
        Assert.True(Link.TryCountPing(2));
        Assert.False(Link.TryCountPing(2));
        var fence = _session.Core.Buffer.FenceAsync(Threading.Deadline.Never, default);
        _session.Transport.Receive("PONG\r\n");
        await fence.WaitAsync(TimeSpan.FromSeconds(5));
        Assert.True(Link.TryCountPing(2));
    }
}

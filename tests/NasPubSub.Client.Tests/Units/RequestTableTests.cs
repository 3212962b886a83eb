using NasPubSub.Connection;
using NasPubSub.Messaging;
using NasPubSub.TestServer;

namespace NasPubSub.Client.Tests.Units;

/// <summary>Requests that wait for one reply.</summary>
public sealed class RequestTableTests : IAsyncDisposable
{
    private readonly FakeClock _clock = new();
    private readonly FakeSession _session = new();

    private RequestTable Table => _session.Core.Requests;

    public async ValueTask DisposeAsync()
    {
        await _session.DisposeAsync();
        _clock.Dispose();
    }

    [Fact]
    public async Task The_first_request_subscribes_to_the_inbox_of_all()
    {
        var first = Request("a", "1");
        var written = await _session.WrittenAsync("1\r\n1\r\n");
        Assert.Equal($"SUB {Table.ReplyPrefix}* 1\r\nPUB a {Table.ReplyPrefix}1 1\r\n1\r\n", written);
        var second = Request("a", "2");
        Assert.DoesNotContain("SUB", await _session.WrittenAsync("2\r\n"), StringComparison.Ordinal);
        // Replies come in any order.
        Reply(2, "second");
        Reply(1, "first");
        Assert.Equal("first", (await InTimeAsync(first)).Text);
        var reply = await InTimeAsync(second);
        Assert.Equal(("second", Table.ReplyPrefix + "2"), (reply.Text, reply.Topic));
    }

    [Theory]
    [InlineData("")]
    [InlineData("x")]
    [InlineData("99")]
    [InlineData("-1")]
    [InlineData("9999999999999999999999")]
    public async Task Replies_that_nobody_waits_for_are_passed_over(string token)
    {
        var request = Request("a", "1");
        await _session.WrittenAsync("1\r\n1\r\n");
        _session.Transport.Receive($"MSG {Table.ReplyPrefix}{token} 1 5\r\nwrong\r\n");
        Reply(1, "right");
        Assert.Equal("right", (await InTimeAsync(request)).Text);
        Reply(1, "too late");
        var next = Request("a", "2");
        await _session.WrittenAsync("2\r\n");
        Reply(2, "next");
        Assert.Equal("next", (await InTimeAsync(next)).Text);
    }

    [Fact]
    public async Task A_reply_under_a_subject_of_its_own_is_that_of_the_only_request()
    {
        var request = Request("a", "1");
        await _session.WrittenAsync("1\r\n1\r\n");
        _session.Transport.Receive("MSG stored.here 1 1\r\n1\r\n");
        Assert.Equal("stored.here", (await InTimeAsync(request)).Topic);
        var (b, c) = (Request("b", "2"), Request("c", "3"));
        await _session.WrittenAsync("3\r\n");
        _session.Transport.Receive("MSG stored.here 1 1\r\n1\r\n");
        Reply(2, "b");
        Reply(3, "c");
        Assert.Equal("b", (await InTimeAsync(b)).Text);
        Assert.Equal("c", (await InTimeAsync(c)).Text);
    }

    [Fact]
    public async Task Without_responders_it_fails_at_once()
    {
        var request = Request("a", "1");
        await _session.WrittenAsync("1\r\n1\r\n");
        _session.Transport.Receive($"HMSG {Table.ReplyPrefix}1 1 16 16\r\nNATS/1.0 503\r\n\r\n\r\n");
        Assert.Equal((NasError.NoResponders, "a"), await FailsAsync(request));
    }

    [Fact]
    public async Task It_times_out_by_the_monotonic_clock()
    {
        var soon = Request("a", "1", TimeSpan.FromSeconds(5));
        var later = Request("b", "2", TimeSpan.FromSeconds(50));
        _clock.Advance(4999);
        await _session.WrittenAsync("2\r\n");
        Assert.False(soon.IsCompleted);
        _clock.Advance(2);
        Assert.Equal((NasError.RequestTimeout, "a"), await FailsAsync(soon));
        Assert.False(later.IsCompleted);
        // Without a server that is another failure than a silent service.
        _session.Core.Status.Enter(NasConnectionState.Reconnecting);
        _clock.Advance(50_000);
        Assert.Equal((NasError.NotConnected, "b"), await FailsAsync(later));
    }

    [Fact]
    public async Task Cancellation_ends_the_wait()
    {
        using var cancel = new CancellationTokenSource();
        var request = _session.Connection.RequestAsync("a", "1", cancel: cancel.Token).AsTask();
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => InTimeAsync(request));
        Reply(1, "late");
    }

    [Theory]
    [InlineData("-ERR 'Permissions Violation for Publish to \"a\"'\r\n", "a")]
    [InlineData("-ERR 'Permissions Violation for Publish to \"b\"'\r\n", "b")]
    public async Task A_denied_request_fails_and_no_other(string error, string denied)
    {
        var requests = new Dictionary<string, Task<NasMessage>>
        {
            ["a"] = Request("a", "1"),
            ["b"] = Request("b", "2"),
        };
        await _session.WrittenAsync("2\r\n");
        _session.Transport.Receive(error);
        Assert.Equal(NasError.PermissionDenied, (await FailsAsync(requests[denied])).Error);
        Assert.False(requests[denied == "a" ? "b" : "a"].IsCompleted);
        Assert.False(_session.Connection.Denials.Any);
    }

    [Fact]
    public async Task A_denied_inbox_fails_every_request_and_the_next_opens_another()
    {
        var (a, b) = (Request("a", "1"), Request("b", "2"));
        await _session.WrittenAsync("2\r\n");
        _session.Transport.Receive($"-ERR 'Permissions Violation for Subscription to \"{Table.ReplyPrefix}*\"'\r\n");
        Assert.Equal(NasError.PermissionDenied, (await FailsAsync(a)).Error);
        Assert.Equal(NasError.PermissionDenied, (await FailsAsync(b)).Error);
        var next = Request("c", "3");
        Assert.Contains($"SUB {Table.ReplyPrefix}* 2\r\n", await _session.WrittenAsync("3\r\n"));
        _session.Transport.Receive($"MSG {Table.ReplyPrefix}3 2 2\r\nok\r\n");
        Assert.Equal("ok", (await InTimeAsync(next)).Text);
    }

    [Fact]
    public async Task The_end_of_the_connection_fails_every_request_and_those_after_it()
    {
        var request = Request("a", "1");
        _session.Core.Close(new NasException(NasError.ServerError, "why"));
        Assert.Equal(NasError.ConnectionClosed, (await FailsAsync(request)).Error);
        Assert.Equal(NasError.ConnectionClosed, (await FailsAsync(Task.Run(() => Request("a", "2")))).Error);
    }

    [Fact]
    public async Task A_result_is_taken_once()
    {
        var request = _session.Connection.RequestAsync("a", "1");
        await _session.WrittenAsync("1\r\n1\r\n");
        Reply(1, "ok");
        await Eventually.TrueAsync(() => request.IsCompleted);
        Assert.Equal("ok", (await request).Text);
#pragma warning disable CA2012 // Taking it twice is what this is about.
        Assert.Throws<InvalidOperationException>(() => request.GetAwaiter().GetResult());
#pragma warning restore CA2012
    }

    [Fact]
    public async Task A_request_that_cannot_be_sent_leaves_nothing_behind()
    {
        using var link = FakeTransport.Open("""{"max_payload":3}""").Link;
        _session.Core.Buffer.Limits = ServerLimits.Of(link);
        Assert.Equal(NasError.PayloadTooLarge, (await FailsAsync(Request("a", "too large"))).Error);
        var next = Request("a", "ok");
        await _session.WrittenAsync("ok\r\n");
        _session.Transport.Receive("MSG any 1 1\r\n1\r\n");
        Assert.Equal("any", (await InTimeAsync(next)).Topic);
    }

    private Task<NasMessage> Request(string subject, string text, TimeSpan? limit = null) =>
        _session.Connection.RequestAsync(subject, text, limit ?? TimeSpan.FromHours(1)).AsTask();

    private void Reply(long id, string text) =>
        _session.Transport.Receive($"MSG {Table.ReplyPrefix}{id} 1 {text.Length}\r\n{text}\r\n");

    private static Task<NasMessage> InTimeAsync(Task<NasMessage> request) => request.WaitAsync(TimeSpan.FromSeconds(5));

    private static async Task<(NasError Error, string? Target)> FailsAsync(Task<NasMessage> request)
    {
        var error = await Assert.ThrowsAsync<NasException>(() => InTimeAsync(request));
        return (error.Error, error.Target);
    }
}

using System.Text;
using NasPubSub.Connection;
using NasPubSub.Protocol;
using NasPubSub.Threading;

namespace NasPubSub.Client.Tests.Units;

/// <summary>Each cell and each arrow of the table in <see cref="SendState"/>. The test plays the write loop.</summary>
public sealed class SendBufferTests : IDisposable
{
    private const int SendBytes = 200;
    private const int ReconnectBytes = 100;

    private readonly FakeClock _clock = new();
    private readonly Link _link = FakeTransport.Open().Link;
    private readonly Link _other = FakeTransport.Open().Link;
    private readonly TaskCompletionSource<TimeSpan> _pauseFence = new();
    private readonly SendBuffer _buffer = new(
        new NasOptions { SendBufferBytes = SendBytes, ReconnectBufferBytes = ReconnectBytes }
    );

    public void Dispose()
    {
        _buffer.Close(Error(NasError.ConnectionClosed));
        _link.Dispose();
        _other.Dispose();
        _clock.Dispose();
    }

    [Fact]
    public void Detached_keeps_publishes_up_to_its_limit_and_refuses_more()
    {
        Bring(SendState.Detached);
        Publish("kept");
        Assert.Equal(
            NasError.BufferFull,
            Assert.Throws<NasException>(() => Publish(new string('x', ReconnectBytes))).Error
        );
        _buffer.Attach(_link, []);
        Assert.Equal("PUB a 4\r\nkept\r\nPING\r\n", Take(_link));
    }

    [Theory]
    [InlineData(SendState.Flowing)]
    [InlineData(SendState.Pausing)]
    [InlineData(SendState.Paused)]
    public void Attached_buffers_publishes_up_to_its_limit_and_lets_more_wait(object state)
    {
        Bring((SendState)state);
        Assert.Equal(0, TryPublish("first"));
        var need = TryPublish(new string('x', SendBytes));
        Assert.InRange(need, SendBytes, SendBytes + 100);
        Assert.Equal(0, TryPublish("small"));
    }

    [Fact]
    public void An_empty_buffer_takes_a_message_of_any_size()
    {
        Bring(SendState.Flowing);
        Assert.Equal(0, TryPublish(new string('x', 2 * SendBytes)));
    }

    [Fact]
    public void Closed_refuses_publishes_and_fences()
    {
        Bring(SendState.Closed);
        Assert.Equal(NasError.ConnectionClosed, Assert.Throws<NasException>(() => Publish("a")).Error);
        Assert.Equal(
            NasError.ConnectionClosed,
            Assert.Throws<NasException>(() => _buffer.WriteFence(default, null)).Error
        );
    }

    [Theory]
    [InlineData(SendState.Detached, false)]
    [InlineData(SendState.Flowing, true)]
    [InlineData(SendState.Pausing, true)]
    [InlineData(SendState.Paused, true)]
    [InlineData(SendState.Closed, false)]
    public void Control_operations_are_buffered_while_a_link_is_attached(object state, bool isBuffered)
    {
        Bring((SendState)state);
        var before = _buffer.Pending;
        _buffer.WriteControl("SUB b 2\r\n"u8);
        Assert.Equal(isBuffered ? 9 : 0, _buffer.Pending - before);
    }

    [Theory]
    [InlineData(SendState.Flowing)]
    [InlineData(SendState.Pausing)]
    public void A_fence_is_buffered_behind_what_was_written(object state)
    {
        Bring((SendState)state);
        Publish("a");
        var fence = new TaskCompletionSource<TimeSpan>();
        _buffer.WriteFence("UNSUB 7\r\n"u8, fence);
        Assert.Contains("a\r\nUNSUB 7\r\nPING\r\n", Take(_link), StringComparison.Ordinal);
        Assert.False(fence.Task.IsCompleted);
    }

    [Fact]
    public void Detached_refuses_fences()
    {
        Bring(SendState.Detached);
        Assert.Equal(
            NasError.NotConnected,
            Assert.Throws<NasException>(() => _buffer.WriteFence(default, null)).Error
        );
    }

    [Fact]
    public void The_write_loop_takes_everything_that_is_due_and_ends_with_its_link()
    {
        Bring(SendState.Flowing);
        Assert.Null(Take(_link));
        Publish("1");
        Publish("2");
        Assert.Equal("PUB a 1\r\n1\r\nPUB a 1\r\n2\r\nPING\r\n", Take(_link));
        Assert.Equal("", Take(_other));
        _link.Dispose();
        Assert.Equal("", Take(_link));
    }

    [Theory]
    [InlineData(SendState.Detached)]
    [InlineData(SendState.Closed)]
    public void The_write_loop_ends_where_nothing_is_sent(object state)
    {
        Bring((SendState)state);
        Assert.Equal("", Take(_link));
    }

    [Fact]
    public void A_pause_sends_what_was_written_and_its_fence_and_nothing_more()
    {
        Bring(SendState.Flowing);
        Publish("before");
        _buffer.Pause(_link, _pauseFence, "UNSUB 1\r\n"u8);
        Publish("meanwhile");
        Assert.Equal("PUB a 6\r\nbefore\r\nUNSUB 1\r\nPUB a 9\r\nmeanwhile\r\nPING\r\n", Take(_link));
        Publish("after");
        Assert.Null(Take(_link));
        Assert.Equal(SendState.Paused, _buffer.State);
    }

    [Theory]
    [InlineData("Attach", SendState.Detached, SendState.Flowing)]
    [InlineData("Attach", SendState.Pausing, SendState.Flowing)]
    [InlineData("Attach", SendState.Paused, SendState.Flowing)]
    [InlineData("Attach", SendState.Closed, SendState.Closed)]
    [InlineData("Detach", SendState.Detached, SendState.Detached)]
    [InlineData("Detach", SendState.Flowing, SendState.Detached)]
    [InlineData("Detach", SendState.Pausing, SendState.Detached)]
    [InlineData("Detach", SendState.Paused, SendState.Detached)]
    [InlineData("Detach", SendState.Closed, SendState.Closed)]
    [InlineData("Pause", SendState.Flowing, SendState.Pausing)]
    [InlineData("Take", SendState.Pausing, SendState.Paused)]
    [InlineData("Take", SendState.Flowing, SendState.Flowing)]
    [InlineData("Take", SendState.Paused, SendState.Paused)]
    [InlineData("Resume", SendState.Detached, SendState.Detached)]
    [InlineData("Resume", SendState.Flowing, SendState.Flowing)]
    [InlineData("Resume", SendState.Pausing, SendState.Flowing)]
    [InlineData("Resume", SendState.Paused, SendState.Flowing)]
    [InlineData("Resume", SendState.Closed, SendState.Closed)]
    [InlineData("Refuse", SendState.Detached, SendState.Detached)]
    [InlineData("Refuse", SendState.Flowing, SendState.Flowing)]
    [InlineData("Refuse", SendState.Pausing, SendState.Pausing)]
    [InlineData("Refuse", SendState.Paused, SendState.Paused)]
    [InlineData("Refuse", SendState.Closed, SendState.Closed)]
    [InlineData("Close", SendState.Detached, SendState.Closed)]
    [InlineData("Close", SendState.Flowing, SendState.Closed)]
    [InlineData("Close", SendState.Pausing, SendState.Closed)]
    [InlineData("Close", SendState.Paused, SendState.Closed)]
    [InlineData("Close", SendState.Closed, SendState.Closed)]
    public void A_call_leads_to_the_state_of_the_table(string call, object from, object to)
    {
        Bring((SendState)from);
        switch (call)
        {
            case "Attach":
                _buffer.Attach(_other, []);
                break;
            case "Detach":
                _buffer.Detach(_link, 0);
                break;
            case "Pause":
                _buffer.Pause(_link, _pauseFence, []);
                break;
            case "Take":
                Take(_link);
                break;
            case "Resume":
                _buffer.Resume();
                break;
            case "Refuse":
                _buffer.Refuse(Error(NasError.ConnectionClosed));
                break;
            case "Close":
                _buffer.Close(Error(NasError.ConnectionClosed));
                break;
        }
        Assert.Equal((SendState)to, _buffer.State);
    }

    [Theory]
    [InlineData(SendState.Detached, NasError.NotConnected)]
    [InlineData(SendState.Closed, NasError.ConnectionClosed)]
    public void Without_a_link_there_is_no_pause(object state, NasError error)
    {
        Bring((SendState)state);
        var thrown = Assert.Throws<NasException>(() => _buffer.Pause(_link, _pauseFence, []));
        Assert.Equal(error, thrown.Error);
    }

    [Fact]
    public void A_pause_is_for_the_link_that_is_attached()
    {
        Bring(SendState.Flowing);
        Assert.Throws<NasException>(() => _buffer.Pause(_other, _pauseFence, []));
        Assert.Equal(SendState.Flowing, _buffer.State);
    }

    [Fact]
    public void A_fence_of_a_pause_goes_out_behind_what_was_kept_on_the_next_link()
    {
        Bring(SendState.Paused);
        var fence = new TaskCompletionSource<TimeSpan>();
        _buffer.WriteFence(default, fence);
        _buffer.WriteFence(default, new TaskCompletionSource<TimeSpan>());
        Publish("kept");
        _buffer.Attach(_other, "SUB a 1\r\n"u8);
        Assert.Equal("SUB a 1\r\nPUB a 4\r\nkept\r\nPING\r\nPING\r\n", Take(_other));
        Assert.False(fence.Task.IsCompleted);
    }

    [Fact]
    public void A_pause_that_is_given_up_sends_everything_over_the_old_link()
    {
        Bring(SendState.Paused);
        _buffer.WriteFence(default, new TaskCompletionSource<TimeSpan>());
        _buffer.WriteFence(default, new TaskCompletionSource<TimeSpan>());
        Publish("kept");
        Assert.Null(Take(_link));
        _buffer.Resume();
        Assert.Equal("PUB a 4\r\nkept\r\nPING\r\nPING\r\n", Take(_link));
    }

    [Theory]
    [InlineData(SendState.Pausing, "Detach")]
    [InlineData(SendState.Pausing, "Close")]
    [InlineData(SendState.Paused, "Detach")]
    [InlineData(SendState.Paused, "Close")]
    public async Task No_fence_of_a_pause_outlives_it(object state, string call)
    {
        Bring((SendState)state);
        var fence = (SendState)state == SendState.Pausing ? _pauseFence : new TaskCompletionSource<TimeSpan>();
        if (fence != _pauseFence)
        {
            _buffer.WriteFence(default, fence);
        }
        if (call == "Detach")
        {
            _buffer.Detach(_link, 0);
        }
        else
        {
            _buffer.Close(Error(NasError.ConnectionClosed));
        }
        var error = await Assert.ThrowsAsync<NasException>(() => fence.Task.WaitAsync(TimeSpan.FromSeconds(5)));
        Assert.Equal(NasError.ConnectionLost, error.Error);
    }

    [Theory]
    [InlineData(0, "PUB a 1\r\n1\r\nPUB a 1\r\n2\r\nPUB a 1\r\n3\r\nPING\r\n", 0)]
    [InlineData(1, "PUB a 1\r\n1\r\nPUB a 1\r\n2\r\nPUB a 1\r\n3\r\nPING\r\n", 0)]
    [InlineData(21, "PUB a 1\r\n2\r\nPUB a 1\r\n3\r\nPING\r\n", 1)]
    [InlineData(22, "PUB a 1\r\n2\r\nPUB a 1\r\n3\r\nPING\r\n", 1)]
    [InlineData(100, "PUB a 1\r\n3\r\nPING\r\n", 2)]
    public void A_break_keeps_the_messages_that_the_network_did_not_take_whole(int taken, string sent, int unconfirmed)
    {
        Bring(SendState.Flowing);
        _buffer.WriteControl("SUB b 2\r\n"u8);
        Publish("1");
        Publish("2");
        Assert.Equal("SUB b 2\r\nPUB a 1\r\n1\r\nPUB a 1\r\n2\r\nPING\r\n", Take(_link));
        Publish("3");
        _buffer.WriteControl("UNSUB 2\r\n"u8);
        _buffer.Detach(_link, taken);
        _buffer.Attach(_other, []);
        Assert.Equal(sent, Take(_other));
        Assert.Equal(unconfirmed, _buffer.Ledger.Unconfirmed);
    }

    [Fact]
    public void What_was_sent_whole_is_not_kept()
    {
        Bring(SendState.Flowing);
        Publish("1");
        Take(_link);
        _buffer.MarkSent(_link);
        _buffer.Detach(_link, 0);
        Assert.Equal(0, _buffer.Pending);
        Assert.Equal(1, _buffer.Ledger.Unconfirmed);
    }

    [Fact]
    public void Messages_that_the_next_server_does_not_take_are_left_out_and_counted()
    {
        Bring(SendState.Detached);
        Publish("short");
        Publish("much too long");
        _buffer.TryWrite(
            Message("x") with
            {
                Headers = new EncodedHeaders("NATS/1.0\r\nA: b\r\n\r\n"u8.ToArray()),
            },
            FlushMode.Queued
        );
        using var link = FakeTransport.Open("""{"max_payload":10,"headers":false}""").Link;
        Assert.Equal(new LeftOut(TooLarge: 1, WithHeaders: 1), _buffer.Attach(link, []));
        Assert.Equal("PUB a 5\r\nshort\r\nPING\r\n", Take(link));
        Assert.Equal((2, 2), (_buffer.Ledger.LeftOut, _buffer.Ledger.Unconfirmed));
    }

    [Fact]
    public void The_server_s_limits_hold_for_each_message()
    {
        using var link = FakeTransport.Open("""{"max_payload":10,"headers":false}""").Link;
        _buffer.Attach(link, []);
        Assert.Equal(
            NasError.PayloadTooLarge,
            Assert.Throws<NasException>(() => Publish("eleven bytes")).Error
        );
        var withHeaders = Message("x") with { Headers = new EncodedHeaders("NATS/1.0\r\nA: b\r\n\r\n"u8.ToArray()) };
        Assert.Equal(
            NasError.InvalidHeader,
            Assert.Throws<NasException>(() => _buffer.TryWrite(withHeaders, FlushMode.Queued)).Error
        );
        _buffer.Limits = new ServerLimits(20, true, "");
        Publish("eleven bytes");
    }

    [Fact]
    public void What_is_published_is_confirmed_by_a_fence_every_100_ms()
    {
        Bring(SendState.Flowing);
        Publish("1");
        Assert.EndsWith("PING\r\n", Take(_link));
        Publish("2");
        Assert.DoesNotContain("PING", Take(_link));
        _clock.Advance(99);
        Publish("3");
        Assert.DoesNotContain("PING", Take(_link));
        _clock.Advance(2);
        Publish("4");
        Assert.EndsWith("PING\r\n", Take(_link));
        // Nothing new to confirm.
        _clock.Advance(200);
        _buffer.WriteControl("UNSUB 1\r\n"u8);
        Assert.DoesNotContain("PING", Take(_link));
    }

    [Fact]
    public void A_server_that_takes_no_answers_to_its_pings_gets_no_more_of_them()
    {
        Bring(SendState.Flowing);
        for (var i = 0; i < 1100; i++)
        {
            _buffer.WritePong();
        }
        Assert.Equal(6 * 1000, Take(_link)!.Length);
        _buffer.WritePong();
        Assert.Equal("PONG\r\n", Take(_link));
    }

    [Fact]
    public void Batched_messages_wait_for_more_after_the_first_and_leave_when_they_are_asked_to()
    {
        Bring(SendState.Flowing);
        TryPublish("1", FlushMode.Batched);
        Assert.NotNull(Take(_link));
        _buffer.FlushBatched();
        TryPublish("2", FlushMode.Queued);
        Assert.NotNull(Take(_link));
        Assert.Equal(0, _buffer.Pending - "PUB a 1\r\n2\r\n".Length);
        _buffer.MarkSent(_link);
        _buffer.FlushBatched();
        Assert.Equal(0, _buffer.Pending);
    }

    [Fact]
    public void A_loop_that_ran_on_a_caller_s_thread_gives_it_back_before_it_takes_more()
    {
        Bring(SendState.Flowing);
        Publish("1");
        Assert.False(_buffer.TryTake(_link, ranInline: true, out var bytes, out _));
        Assert.Equal(0, bytes.Count);
    }

    [Fact]
    public async Task A_waiting_write_loop_is_woken_by_what_is_written()
    {
        Bring(SendState.Flowing);
        Assert.False(_buffer.TryTake(_link, false, out _, out var wait));
        Publish("1");
        await wait.AsTask().WaitAsync(TimeSpan.FromSeconds(5));
        Assert.NotNull(Take(_link));
    }

    [Theory]
    [InlineData("Take")]
    [InlineData("Detach")]
    [InlineData("Refuse")]
    [InlineData("Close")]
    public async Task Publishers_that_wait_for_room_look_again(string call)
    {
        Bring(SendState.Flowing);
        Publish("first");
        var deadline = Deadline.In(TimeSpan.FromHours(1));
        var waiting = _buffer.Room.WaitAsync(SendBytes, deadline, CancellationToken.None);
        var blocked = Task.Run(() => _buffer.Room.Wait(SendBytes, deadline, CancellationToken.None));
        Assert.False(waiting.IsCompleted);
        switch (call)
        {
            case "Take":
                Take(_link);
                break;
            case "Detach":
                _buffer.Detach(_link, 0);
                break;
            case "Refuse":
                _buffer.Refuse(Error(NasError.ConnectionClosed));
                break;
            case "Close":
                _buffer.Close(Error(NasError.ConnectionClosed));
                break;
        }
        await Task.WhenAll(waiting, blocked).WaitAsync(TimeSpan.FromSeconds(5));
    }

    [Fact]
    public async Task A_publisher_waits_for_room_until_its_time_is_over_or_it_is_cancelled()
    {
        Bring(SendState.Flowing);
        Publish("first");
        var past = Deadline.In(TimeSpan.Zero);
        Assert.Equal(
            NasError.BufferFull,
            Assert.Throws<NasException>(() => _buffer.Room.Wait(SendBytes, past, default)).Error
        );
        var error = await Assert.ThrowsAsync<NasException>(() => _buffer.Room.WaitAsync(SendBytes, past, default));
        Assert.Equal(NasError.BufferFull, error.Error);
        using var cancel = new CancellationTokenSource();
        var blocked = Task.Run(() => _buffer.Room.Wait(SendBytes, Deadline.Never, cancel.Token));
        var waiting = _buffer.Room.WaitAsync(SendBytes, Deadline.Never, cancel.Token);
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => blocked);
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => waiting);
    }

    [Fact]
    public void Refusing_sends_what_was_accepted()
    {
        Bring(SendState.Flowing);
        Publish("1");
        _buffer.Refuse(Error(NasError.ConnectionClosed));
        Assert.Equal(NasError.ConnectionClosed, Assert.Throws<NasException>(() => Publish("2")).Error);
        Assert.Contains("1\r\n", Take(_link), StringComparison.Ordinal);
        _buffer.WriteFence(default, null);
        Assert.Equal("PING\r\n", Take(_link));
    }

    private void Bring(SendState state)
    {
        if (state == SendState.Detached)
        {
            return;
        }
        _buffer.Attach(_link, "SUB a 1\r\n"u8);
        Assert.Equal("SUB a 1\r\n", Take(_link));
        _buffer.MarkSent(_link);
        if (state is SendState.Pausing or SendState.Paused)
        {
            _buffer.Pause(_link, _pauseFence, "UNSUB 1\r\n"u8);
        }
        if (state == SendState.Paused)
        {
            Assert.Equal("UNSUB 1\r\nPING\r\n", Take(_link));
            _buffer.MarkSent(_link);
        }
        if (state == SendState.Closed)
        {
            _buffer.Close(Error(NasError.ConnectionClosed));
        }
        Assert.Equal(state, _buffer.State);
    }

    /// <summary>One turn of the write loop: what it sends; empty when it ends, null when it waits.</summary>
    private string? Take(Link link) =>
        _buffer.TryTake(link, false, out var bytes, out _) ? Encoding.UTF8.GetString(bytes) : null;

    private void Publish(string text) => Assert.Equal(0, TryPublish(text));

    private int TryPublish(string text, FlushMode mode = FlushMode.Queued) => _buffer.TryWrite(Message(text), mode);

    private static OutgoingMessage Message(string text) =>
        new(new EncodedSubject(null, "a", false, "_INBOX"), null, null, default, text);

    private static NasException Error(NasError error) => new(error, "test");
}

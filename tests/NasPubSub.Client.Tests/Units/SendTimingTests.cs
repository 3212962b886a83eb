using System.Text;
using NasPubSub.Connection;
using NasPubSub.Protocol;
using NasPubSub.TestServer;

namespace NasPubSub.Client.Tests.Units;

/// <summary>When the bytes of the send buffer are due, and the arrays they lie in.</summary>
public sealed class SendTimingTests
{
    [Theory]
    [InlineData(FlushMode.Immediate)]
    [InlineData(FlushMode.Queued)]
    public void Messages_that_are_not_batched_never_wait(object mode)
    {
        using var timing = new FlushTiming(100, () => { });
        Assert.False(timing.MayWait((FlushMode)mode, 1));
        Assert.False(timing.MayWait((FlushMode)mode, 1));
    }

    [Fact]
    public void Batched_messages_wait_for_a_good_write_after_the_first()
    {
        using var timing = new FlushTiming(100, () => { });
        Assert.False(timing.MayWait(FlushMode.Batched, 1));
        Assert.True(timing.MayWait(FlushMode.Batched, 99));
        Assert.False(timing.MayWait(FlushMode.Batched, 100));
        Assert.True(timing.MayWait(FlushMode.Batched, 1));
        timing.StopBatching();
        Assert.False(timing.MayWait(FlushMode.Batched, 1));
    }

    [Fact]
    public async Task While_messages_are_batched_the_buffer_is_asked_again_and_again()
    {
        var ticks = 0;
        using var timing = new FlushTiming(100, () => Interlocked.Increment(ref ticks));
        timing.MayWait(FlushMode.Batched, 1);
        await Eventually.TrueAsync(() => Volatile.Read(ref ticks) > 2);
    }

    [Fact]
    public void What_is_due_stays_due_until_it_is_taken()
    {
        using var timing = new FlushTiming(100, () => { });
        Assert.False(timing.IsDue);
        timing.MarkDue();
        Assert.True(timing.IsDue);
        timing.MarkTaken();
        Assert.False(timing.IsDue);
    }

    [Fact]
    public async Task A_batched_message_leaves_by_itself()
    {
        await using var session = new FakeSession();
        var publisher = session.Connection.CreatePublisher("a", batch: true);
        publisher.Publish("1");
        publisher.Publish("2");
        publisher.Publish("3");
        await Eventually.TrueAsync(() => session.Transport.Written.Contains("3\r\n", StringComparison.Ordinal));
    }

    [Fact]
    public void One_array_is_filled_while_the_other_is_sent()
    {
        var bytes = new DoubleBuffer(1024);
        bytes.Append("first"u8);
        Assert.Equal("first", Encoding.UTF8.GetString(bytes.Swap()));
        bytes.Append("second"u8);
        Assert.Equal((6, 5), (bytes.Filled, bytes.Sending));
        Assert.Equal("first", Encoding.UTF8.GetString(bytes.SendingBytes));
        bytes.MarkSent();
        Assert.Equal((6, 0), (bytes.Filled, bytes.Sending));
        Assert.Equal("second", Encoding.UTF8.GetString(bytes.Swap()));
        bytes.Clear();
        Assert.Equal((0, 0), (bytes.Filled, bytes.Sending));
    }

    [Fact]
    public void An_array_grows_with_what_is_written_and_is_given_up_when_that_is_over()
    {
        var bytes = new DoubleBuffer(1024);
        "start"u8.CopyTo(bytes.Reserve(10_000_000));
        bytes.Advance(5);
        Assert.Equal("start", Encoding.UTF8.GetString(bytes.FilledBytes));
        Assert.True(bytes.Reserve(1).Length >= 9_999_995);
        bytes.Swap();
        bytes.MarkSent();
        bytes.Append("x"u8);
        bytes.Swap();
        Assert.True(bytes.Reserve(1).Length < 1_000_000);
    }

    [Fact]
    public void The_read_buffer_grows_with_what_arrives_and_shrinks_when_it_is_handled()
    {
        var buffer = new ReadBuffer("rest"u8.ToArray());
        Assert.Equal("rest", Encoding.UTF8.GetString(buffer.Unread));
        var read = 4;
        for (var i = 0; i < 12; i++)
        {
            var free = buffer.Free(2_000_000);
            Assert.True(free.Count > 0);
            free.AsSpan().Fill((byte)'x');
            buffer.Add(free.Count);
            read += free.Count;
            Assert.Equal(read, buffer.Unread.Length);
            Assert.True(free.Array!.Length <= 4 * read);
        }
        Assert.Equal("rest", Encoding.UTF8.GetString(buffer.Unread[..4]));
        buffer.Skip(read);
        Assert.True(buffer.Free(0).Array!.Length < 100_000);
    }

    [Fact]
    public void The_read_buffer_moves_the_beginning_of_an_operation_to_where_the_rest_fits()
    {
        var buffer = new ReadBuffer([]);
        var size = buffer.Free(0).Count;
        buffer.Add(size);
        buffer.Skip(size - 3);
        var free = buffer.Free(100);
        Assert.Equal((3, size - 3), (free.Offset, free.Count));
    }

    [Fact]
    public void The_ledger_counts_what_a_break_may_have_lost_once()
    {
        var ledger = new PublishLedger();
        for (var i = 0; i < 10; i++)
        {
            ledger.AddPublished(5);
        }
        Assert.Equal((10, 50), (ledger.Published, ledger.Bytes));
        ledger.Confirm(4);
        ledger.Confirm(2);
        Assert.Equal(4, ledger.Confirmed);
        ledger.Break(kept: 3);
        Assert.Equal(3, ledger.Unconfirmed);
        ledger.LeaveOut(1);
        Assert.Equal((4, 1), (ledger.Unconfirmed, ledger.LeftOut));
        ledger.Break(kept: 2);
        Assert.Equal(4, ledger.Unconfirmed);
        ledger.Confirm(10);
        ledger.Break(kept: 0);
        Assert.Equal(4, ledger.Unconfirmed);
    }

    [Fact]
    public void Kept_operations_are_taken_apart_at_their_ends()
    {
        var bytes = new DoubleBuffer(1024);
        bytes.Append("PING\r\nHPUB a 12 13\r\nNATS/1.0\r\n\r\nx\r\nSUB a 1\r\nPUB b 4\r\nP\r\nQ\r\n"u8);
        Assert.Equal(2, KeptMessages.Keep(bytes, default, 0));
        Assert.Equal(
            "HPUB a 12 13\r\nNATS/1.0\r\n\r\nx\r\nPUB b 4\r\nP\r\nQ\r\n",
            Encoding.UTF8.GetString(bytes.FilledBytes)
        );
    }
}

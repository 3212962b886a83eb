using System.Text;
using NasPubSub.Connection;
using NasPubSub.Messaging;
using NasPubSub.TestServer;
using NasPubSub.Threading;

namespace NasPubSub.Client.Tests.Units;

/// <summary>The bounded buffer of a subscription, filled as a read loop fills it.</summary>
public sealed class MessageBufferTests : IDisposable
{
    private readonly NasConnection _connection = new(new NasOptions { Namespace = null });
    private readonly Link _link = FakeTransport.Open().Link;
    private readonly DeliveryBatch _batch;

    public MessageBufferTests() => _batch = new DeliveryBatch(_link, _connection.Core.Traffic, pausesOften: false);

    public void Dispose()
    {
        _link.Dispose();
        _connection.Dispose();
    }

    [Theory]
    [InlineData(NasOverflow.DropNew, "1 2 3")]
    [InlineData(NasOverflow.DropOld, "3 4 5")]
    public void A_full_buffer_drops_messages(NasOverflow overflow, string left)
    {
        var subscription = Make(new() { MaxPendingMessages = 3, Overflow = overflow });
        Deliver(subscription, "1", "2", "3", "4", "5");
        Assert.Equal((5, 2, 3), (subscription.Delivered, subscription.Dropped, subscription.PendingMessages));
        Assert.Equal(left, Read(subscription));
    }

    [Theory]
    [InlineData(NasOverflow.DropNew, "aaaa bbbb")]
    [InlineData(NasOverflow.DropOld, "bbbb cccc")]
    public void The_limit_of_bytes_counts_what_waits(NasOverflow overflow, string left)
    {
        var subscription = Make(new() { MaxPendingBytes = 10, Overflow = overflow });
        Deliver(subscription, "aaaa", "bbbb", "cccc");
        Assert.Equal(8, subscription.PendingBytes);
        Assert.Equal(left, Read(subscription));
        Assert.Equal(0, subscription.PendingBytes);
    }

    [Fact]
    public void A_message_larger_than_the_limit_is_taken_by_an_empty_buffer()
    {
        var subscription = Make(new() { MaxPendingBytes = 2 });
        Deliver(subscription, "large");
        Assert.Equal("large", Read(subscription));
    }

    [Fact]
    public async Task Slowness_is_reported_once_until_half_of_the_buffer_is_empty()
    {
        var slow = 0;
        _connection.Notified += e => slow += e.Kind == NasEventKind.SlowConsumer ? 1 : 0;
        var subscription = Make(new() { MaxPendingMessages = 4 });
        Deliver(subscription, "1", "2", "3", "4", "5", "6");
        Deliver(subscription, "7");
        await Eventually.TrueAsync(() => Volatile.Read(ref slow) == 1);
        Read(subscription, 1);
        Deliver(subscription, "8", "9");
        Assert.Equal(1, Volatile.Read(ref slow));
        Read(subscription, 3);
        Deliver(subscription, "10", "11", "12", "13", "14");
        await Eventually.TrueAsync(() => Volatile.Read(ref slow) == 2);
    }

    [Fact]
    public async Task A_message_that_makes_the_server_wait_comes_when_there_is_room()
    {
        var subscription = Make(new() { MaxPendingMessages = 2, Overflow = NasOverflow.Wait });
        Deliver(subscription, "1", "2", "3");
        Assert.True(_link.IsPaused);
        var room = subscription.Buffer.WaitForRoomAsync();
        Assert.NotNull(room);
        Assert.False(room.IsCompleted);
        Assert.Equal("1", Read(subscription, 1));
        await room.WaitAsync(TimeSpan.FromSeconds(5));
        Assert.Equal("2 3", Read(subscription));
        Assert.Equal(0, subscription.Dropped);
        Assert.Null(subscription.Buffer.WaitForRoomAsync());
    }

    [Fact]
    public async Task A_message_that_waits_too_long_is_dropped_and_so_are_those_behind_it()
    {
        var subscription = Make(
            new()
            {
                MaxPendingMessages = 1,
                Overflow = NasOverflow.Wait,
                MaxWait = TimeSpan.FromMilliseconds(20),
            }
        );
        Deliver(subscription, "1", "2");
        await subscription.Buffer.WaitForRoomAsync()!.WaitAsync(TimeSpan.FromSeconds(5));
        await Eventually.TrueAsync(() => subscription.Dropped == 1);
        Deliver(subscription, "3");
        Assert.Equal(2, subscription.Dropped);
        Assert.Equal("1", Read(subscription));
    }

    [Fact]
    public void After_its_maximum_a_subscription_takes_no_more()
    {
        var subscription = Make(max: 2);
        Deliver(subscription, "1", "2", "3");
        Assert.Equal(2, subscription.Delivered);
        Assert.False(subscription.IsActive);
        Assert.False(subscription.IsCompleted);
        Assert.Equal("1 2", Read(subscription));
        Assert.True(subscription.IsCompleted);
    }

    [Fact]
    public void A_maximum_that_is_lower_than_what_came_takes_the_last_messages_back()
    {
        var subscription = Make();
        Deliver(subscription, "1", "2", "3");
        subscription.Buffer.DropBeyond(2);
        Assert.Equal("1 2", Read(subscription));
        Assert.Equal(3, subscription.Delivered);
    }

    [Fact]
    public async Task It_is_complete_when_it_has_ended_and_everything_was_read()
    {
        var subscription = Make();
        Deliver(subscription, "1");
        var completed = subscription.WaitCompletedAsync();
        subscription.End(null, discard: false);
        Assert.False(completed.IsCompleted);
        Deliver(subscription, "2");
        Assert.Equal("1", Read(subscription));
        await completed.WaitAsync(TimeSpan.FromSeconds(5));
        await subscription.WaitCompletedAsync().WaitAsync(TimeSpan.FromSeconds(5));
        Assert.Null(await subscription.ReadAsync());
    }

    [Fact]
    public async Task What_is_discarded_is_neither_read_nor_waited_for()
    {
        var subscription = Make();
        Deliver(subscription, "1");
        subscription.End(null, discard: true);
        Assert.Equal("", Read(subscription));
        await subscription.WaitCompletedAsync().WaitAsync(TimeSpan.FromSeconds(5));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Whoever_waits_is_woken_by_a_message_or_the_end(bool byTheEnd)
    {
        var subscription = Make();
        var read = subscription.ReadAsync().AsTask();
        var blocked = Task.Run(() => subscription.Read(new NasMessage[1], Timeout.InfiniteTimeSpan));
        Assert.False(read.IsCompleted);
        if (byTheEnd)
        {
            subscription.End(null, discard: false);
        }
        else
        {
            Deliver(subscription, "1", "2", "3");
        }
        var message = await read.WaitAsync(TimeSpan.FromSeconds(5));
        Assert.Equal(byTheEnd, message is null);
        Assert.Equal(byTheEnd ? 0 : 1, await blocked.WaitAsync(TimeSpan.FromSeconds(5)));
    }

    [Fact]
    public async Task Blocked_readers_end_by_time_or_cancellation()
    {
        var subscription = Make();
        Assert.Equal(0, subscription.Read(new NasMessage[1], TimeSpan.FromMilliseconds(1)));
        using var cancel = new CancellationTokenSource();
        var blocked = Task.Run(() => subscription.Read(new NasMessage[1], Timeout.InfiniteTimeSpan, cancel.Token));
        await cancel.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => blocked.WaitAsync(TimeSpan.FromSeconds(5)));
    }

    [Fact]
    public void The_buffer_keeps_its_order_while_it_grows_and_turns_around()
    {
        var subscription = Make();
        var expected = new List<string>();
        var got = new List<string>();
        for (var i = 0; i < 300; i++)
        {
            expected.Add($"{i}");
            Deliver(subscription, $"{i}");
            if (i % 3 == 0)
            {
                got.Add(Read(subscription, 2));
            }
        }
        got.Add(Read(subscription));
        Assert.Equal(expected, string.Join(' ', got.Where(g => g.Length > 0)).Split(' '));
    }

    private NasSubscription Make(NasSubscriptionOptions? limits = null, long max = 0) =>
        new(_connection.Core, "a", "a", null, null, limits ?? new(), max);

    private void Deliver(NasSubscription subscription, params string[] texts)
    {
        var origin = new MessageOrigin(subscription, "a");
        foreach (var text in texts)
        {
            _batch.Add(subscription, new NasMessage(origin, Encoding.UTF8.GetBytes(text), null, 0));
        }
        _batch.End();
    }

    private static string Read(NasSubscription subscription, int most = 1000)
    {
        var messages = new NasMessage[most];
        var taken = subscription.Buffer.Take(messages, out var _);
        return string.Join(' ', messages.Take(taken).Select(m => m.Text));
    }
}

using System.Text;
using NasPubSub.Connection;
using NasPubSub.Messaging;
using NasPubSub.Protocol;

namespace NasPubSub.Client.Tests.Units;

/// <summary>Which messages of the new server are copies of those that the old one delivered.</summary>
public sealed class MigrationBufferTests : IDisposable
{
    private readonly FakeClock _clock = new();
    private readonly NasConnection _connection = new(new NasOptions());
    private readonly Link _next = FakeTransport.Open().Link;
    private readonly List<NasSubscription> _subscriptions = [];
    private readonly MigrationBuffer _buffer;

    public MigrationBufferTests() =>
        _buffer = new MigrationBuffer(_next, new DeliveryBatch(_next, new TrafficCounter(), pausesOften: false));

    public void Dispose()
    {
        _next.Dispose();
        _connection.Dispose();
        _clock.Dispose();
    }

    [Fact]
    public void Equal_messages_that_both_servers_delivered_come_once_and_later_ones_come()
    {
        var ticks = Subscription();
        for (var i = 0; i < 10; i++)
        {
            Note(ticks, "tick");
        }

        for (var i = 0; i < 5; i++)
        {
            Assert.Empty(Keep(ticks, "tick"));
        }

        Assert.Empty(Release());
        _buffer.Leave();
        Assert.False(IsCopy(ticks, "tick"));
    }

    [Fact]
    public void Equal_messages_from_the_last_moments_are_delivered_though_they_may_be_copies()
    {
        var ticks = Subscription();
        _buffer.EnterLastMoments();
        for (var i = 0; i < 3; i++)
        {
            Note(ticks, "tick");
        }

        _buffer.Leave();
        for (var i = 0; i < 2; i++)
        {
            Assert.Empty(Keep(ticks, "tick"));
        }

        Assert.Equal(["tick", "tick"], Release());
    }

    [Fact]
    public void A_message_unlike_all_others_is_known_for_a_copy_to_the_end()
    {
        var numbers = Subscription();
        Note(numbers, "0");
        _buffer.EnterLastMoments();
        Note(numbers, "1");
        Note(numbers, "2");
        _buffer.Leave();
        // The first was noted when the new subscription may have been unknown: an equal one may be another.
        foreach (var number in new[] { "0", "1", "3" })
        {
            Assert.Empty(Keep(numbers, number));
        }

        Assert.Equal(["0", "3"], Release());
        Assert.True(IsCopy(numbers, "2"));
        Assert.False(IsCopy(numbers, "2"));
        Assert.False(IsCopy(numbers, "4"));
    }

    [Theory]
    [InlineData(101, 1)]
    [InlineData(100, 2)]
    [InlineData(0, 2)]
    public void A_message_that_came_well_before_the_old_subscription_ended_is_a_copy(int milliseconds, int delivered)
    {
        var ticks = Subscription();
        _buffer.EnterLastMoments();
        Note(ticks, "tick");
        Note(ticks, "tick");
        Assert.Empty(Keep(ticks, "tick"));
        _clock.Advance(milliseconds);
        _buffer.Leave();
        Assert.Empty(Keep(ticks, "tick"));
        Assert.Equal(delivered, Release().Count);
    }

    [Fact]
    public void Members_of_a_queue_group_get_what_comes()
    {
        var jobs = Subscription(queueGroup: "q");
        Note(jobs, "a");
        Keep(jobs, "a");
        Assert.Equal(["a"], Release());
    }

    [Theory]
    [InlineData(10, 100)]
    [InlineData(1000, 4)]
    public void No_more_is_kept_than_the_subscription_may_keep(long maxBytes, int maxMessages)
    {
        var small = Subscription(
            new NasSubscriptionOptions { MaxPendingBytes = maxBytes, MaxPendingMessages = maxMessages }
        );
        var other = Subscription();
        Note(small, "0 ");
        for (var i = 0; i < 4; i++)
        {
            Assert.Empty(Keep(small, $"{i} "));
        }

        Assert.Empty(Keep(other, "x"));
        if (maxMessages > 4)
        {
            Assert.Empty(Keep(small, "4 "));
        }
        // The one too many brings all of them on their way, but for the copy.
        var due = Keep(small, "end");
        Assert.Equal(maxMessages > 4 ? ["1 ", "2 ", "3 ", "4 ", "end"] : ["1 ", "2 ", "3 ", "end"], due);
        Assert.Equal(["later"], Keep(small, "later"));
        Assert.Equal(["x"], Release());
    }

    private NasSubscription Subscription(NasSubscriptionOptions? limits = null, string? queueGroup = null)
    {
        var subscription = new NasSubscription(_connection.Core, "a", "a", queueGroup, null, limits ?? new(), 0);
        ((ISlotItem)subscription).Id = ++_sid;
        _subscriptions.Add(subscription);
        return subscription;
    }

    private long _sid;

    private static ServerOperation Operation(NasSubscription subscription, string text) =>
        new()
        {
            Kind = OperationKind.Message,
            Sid = subscription.Sid,
            Subject = "a"u8,
            Payload = Encoding.UTF8.GetBytes(text),
        };

    private void Note(NasSubscription subscription, string text)
    {
        var operation = Operation(subscription, text);
        _buffer.AddNote(ref operation);
    }

    private string[] Keep(NasSubscription subscription, string text)
    {
        var operation = Operation(subscription, text);
        var message = new NasMessage(new MessageOrigin(subscription, "a"), Encoding.UTF8.GetBytes(text), null, 0);
        return [.. _buffer.Keep(subscription, message, ref operation).Select(m => m.Text)];
    }

    private bool IsCopy(NasSubscription subscription, string text)
    {
        var operation = Operation(subscription, text);
        return _buffer.IsCopy(subscription, ref operation);
    }

    private List<string> Release()
    {
        _buffer.Release();
        var read = new NasMessage[100];
        return [.. _subscriptions.SelectMany(s => read.Take(s.Read(read, TimeSpan.Zero)).Select(m => m.Text).ToList())];
    }
}

using NasPubSub.Protocol;

namespace NasPubSub.Client.Tests.Protocol;

/// <summary>Where a message stands in its stream, read from the subject of its acknowledgement.</summary>
public sealed class StreamPositionTests
{
    private const string V1 = "$JS.ACK.orders.work.2.40.7.1769862600123456789.11";

    [Theory]
    [InlineData(V1)]
    [InlineData("$JS.ACK._.hash.orders.work.2.40.7.1769862600123456789.11")]
    [InlineData("$JS.ACK.hub.hash.orders.work.2.40.7.1769862600123456789.11.random")]
    [InlineData("$JS.ACK.hub.hash.orders.work.2.40.7.1769862600123456789.11.and.what.may.follow")]
    public void Both_forms_are_read_from_the_front(string subject)
    {
        var position = StreamPosition.Parse(subject)!;
        Assert.Equal(("orders", "work"), (position.Stream, position.Consumer));
        Assert.Equal((2L, 40UL), (position.Delivered, position.Sequence));
        Assert.Equal((7UL, 11UL), (position.ConsumerSequence, position.Pending));
        Assert.Equal(
            new DateTimeOffset(2026, 1, 31, 12, 30, 0, TimeSpan.Zero).AddTicks(1_234_567).UtcTicks,
            position.UtcTicks
        );
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("orders.1")]
    [InlineData("_INBOX.x.1")]
    [InlineData("$JS.ACK.")]
    [InlineData("$JS.ACK.orders.work")]
    [InlineData("$js.ack.orders.work.2.40.7.1769862600123456789.11")]
    [InlineData("$JS.ACK.orders.work.2.40.7.1769862600123456789")]
    [InlineData("$JS.ACK.hub.orders.work.2.40.7.1769862600123456789.11")]
    [InlineData("$JS.ACK.orders.work.two.40.7.1769862600123456789.11")]
    [InlineData("$JS.ACK.orders.work.2.-40.7.1769862600123456789.11")]
    [InlineData("$JS.ACK.orders.work.2. 40.7.1769862600123456789.11")]
    [InlineData("$JS.ACK.orders.work.2.40.0x7.1769862600123456789.11")]
    [InlineData("$JS.ACK.orders.work.2.40.7.1e9.11")]
    [InlineData("$JS.ACK.orders.work.2.40.7.1769862600123456789.18446744073709551616")]
    [InlineData("$JS.ACK.orders.work.2.40.7..11")]
    public void What_is_no_such_subject_is_no_position(string? subject) => Assert.Null(StreamPosition.Parse(subject));

    [Fact]
    public void The_largest_numbers_are_read()
    {
        var most = ulong.MaxValue;
        var position = StreamPosition.Parse($"$JS.ACK.s.c.{long.MaxValue}.{most}.{most}.{most}.{most}")!;
        Assert.Equal(
            (long.MaxValue, most, most, most),
            (position.Delivered, position.Sequence, position.ConsumerSequence, position.Pending)
        );
        Assert.InRange(position.UtcTicks, 0, DateTimeOffset.MaxValue.UtcTicks);
    }

    [Fact]
    public void A_message_has_the_position_of_its_reply_subject()
    {
        var message = NasMessage.Create("orders.1", "x", replyTo: V1);
        Assert.Equal(("orders", 40UL, "work"), (message.Stream, message.Sequence, message.Consumer));
        Assert.Equal((2L, 7UL, 11UL), (message.Delivered, message.ConsumerSequence, message.Pending));
        Assert.Null(NasMessage.Create("orders.1", "x", replyTo: "back").Stream);
        Assert.Null(NasMessage.Create("orders.1", "x").Sequence);
    }
}

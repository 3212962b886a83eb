using System.Text.Json.Nodes;
using NasPubSub.JetStream.Consuming;
using NasPubSub.JetStream.Ordered;

namespace NasPubSub.JetStream.Tests.Ordered;

/// <summary>Where an ordered read begins anew; without a server.</summary>
public sealed class OrderedPositionTests
{
    [Fact]
    public void Before_the_first_message_it_begins_anew_where_it_began()
    {
        var position = new OrderedPosition(new NasOrderedOptions { New = true }, []);
        Assert.Equal("new", Next(position)["deliver_policy"]!.ToString());
        position.OnCreated(Created(delivered: 41));
        Assert.True(position.IsCaughtUp);
        var next = Next(position);
        Assert.Equal(
            ("by_start_sequence", "42"),
            (next["deliver_policy"]!.ToString(), next["opt_start_seq"]!.ToString())
        );
    }

    [Fact]
    public void A_missing_message_begins_anew_behind_the_last()
    {
        var position = new OrderedPosition(new NasOrderedOptions(), []);
        position.OnCreated(Created(pending: 3));
        Assert.Equal(OrderedStep.Take, position.OnMessage(new AckSubject(7, 1, 2)));
        Assert.Equal(OrderedStep.Reset, position.OnMessage(new AckSubject(9, 3, 0)));
        Assert.Equal("8", Next(position)["opt_start_seq"]!.ToString());
        position.OnCreated(Created(delivered: 7, pending: 2));
        Assert.Equal(OrderedStep.Take, position.OnMessage(new AckSubject(8, 1, 1)));
        Assert.False(position.IsCaughtUp);
        Assert.Equal(OrderedStep.Take, position.OnMessage(new AckSubject(9, 2, 0)));
        Assert.True(position.IsCaughtUp);
        Assert.Equal(3, position.Taken);
    }

    [Fact]
    public void Inside_the_last_of_all_subjects_they_are_asked_for_again_and_those_read_are_skipped()
    {
        var position = new OrderedPosition(new NasOrderedOptions { LastPerSubject = true }, [">"]);
        position.OnCreated(Created(delivered: 2, pending: 3));
        position.OnMessage(new AckSubject(3, 1, 2));
        Assert.Equal("last_per_subject", Next(position)["deliver_policy"]!.ToString());
        position.OnCreated(Created(delivered: 2, pending: 3));
        Assert.Equal(OrderedStep.Skip, position.OnMessage(new AckSubject(3, 1, 2)));
        Assert.Equal(OrderedStep.Take, position.OnMessage(new AckSubject(5, 2, 1)));
        Assert.Equal(OrderedStep.Take, position.OnMessage(new AckSubject(8, 3, 0)));
        Assert.Equal("by_start_sequence", Next(position)["deliver_policy"]!.ToString());
    }

    [Fact]
    public void What_a_heartbeat_says_was_delivered_last_shows_a_loss_at_the_end()
    {
        var position = new OrderedPosition(new NasOrderedOptions(), []);
        position.OnCreated(Created(pending: 2));
        position.OnMessage(new AckSubject(1, 1, 1));
        Assert.Equal(OrderedStep.Reset, position.OnIdle(2));
        Assert.False(position.IsCaughtUp);
        Assert.Equal(OrderedStep.Take, position.OnIdle(1));
        Assert.True(position.IsCaughtUp);
    }

    [Fact]
    public void A_stream_made_anew_is_read_from_its_beginning()
    {
        var position = new OrderedPosition(new NasOrderedOptions(), []);
        position.OnCreated(Created(pending: 1));
        position.OnMessage(new AckSubject(100, 1, 0));
        position.OnStream(100);
        Assert.Equal("101", Next(position)["opt_start_seq"]!.ToString());
        position.OnStream(3);
        Assert.Equal("1", Next(position)["opt_start_seq"]!.ToString());
    }

    private static JsonObject Next(OrderedPosition position) => position.NextConsumer("n", TimeSpan.FromMinutes(5));

    private static ConsumerState Created(int delivered = 0, int pending = 0) =>
        new(
            (JsonObject)
                JsonNode.Parse($$"""{"delivered":{"stream_seq":{{delivered}}},"num_pending":{{pending}}}""")!
        );
}

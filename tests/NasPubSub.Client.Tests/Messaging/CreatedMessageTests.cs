using System.Text;

namespace NasPubSub.Client.Tests.Messaging;

/// <summary>Messages that no server delivered.</summary>
public sealed class CreatedMessageTests
{
    [Fact]
    public void A_message_is_what_it_was_made_of()
    {
        var time = new DateTimeOffset(2026, 1, 31, 12, 0, 0, TimeSpan.FromHours(2));
        var headers = new NasHeaders().Add("A", "1").Add("A", "2");
        var message = NasMessage.Create("a.b", "é", headers, "back", null, time);
        headers.Add("A", "3");
        Assert.Equal(("a.b", "a.b", "é"), (message.Subject, message.Topic, message.Text));
        Assert.Equal(("back", "back"), (message.ReplyTo, message.ReplyTopic));
        Assert.Equal(["1", "2"], message.Headers.GetValues("a"));
        Assert.Equal(time, message.Timestamp);
        Assert.Equal((0, 0, null), (message.Sid, message.Status, message.Subscription));
        Assert.Equal("NATS/1.0\r\nA: 1\r\nA: 2\r\n\r\n".Length + 2, message.Size);
    }

    [Fact]
    public void A_message_of_the_payload_alone_has_nothing_else()
    {
        byte[] payload = [0, 255];
        var message = NasMessage.Create("a", payload);
        Assert.Same(payload, message.Payload);
        Assert.Equal((null, null, false), (message.ReplyTo, message.ReplyTopic, message.HasHeaders));
        Assert.Empty(message.Headers);
        Assert.InRange(DateTimeOffset.Now - message.Timestamp, TimeSpan.FromSeconds(-60), TimeSpan.FromSeconds(60));
    }

    [Theory]
    [InlineData("shop.dev", "orders.1", "back", "shop.dev.orders.1", "shop.dev.back")]
    [InlineData("dev", "dev.a", "dev.b", "dev.dev.a", "dev.dev.b")]
    [InlineData("dev", "a", "_INBOX.x", "dev.a", "_INBOX.x")]
    [InlineData("dev", "$SYS.a", null, "$SYS.a", null)]
    [InlineData(null, "dev.a", "dev.b", "dev.a", "dev.b")]
    public void A_namespace_begins_the_subjects_on_the_wire(
        string? ns,
        string subject,
        string? reply,
        string topic,
        string? replyTopic
    )
    {
        var message = NasMessage.Create(subject, "", null, reply, ns);
        Assert.Equal((subject, topic), (message.Subject, message.Topic));
        Assert.Equal((reply, replyTopic), (message.ReplyTo, message.ReplyTopic));
    }

    [Theory]
    [InlineData("a b", null, null, NasError.InvalidSubject)]
    [InlineData("a.*", null, null, NasError.InvalidSubject)]
    [InlineData("a", "x..y", null, NasError.InvalidSubject)]
    [InlineData("a", null, "x.*", NasError.InvalidNamespace)]
    public void What_could_not_be_sent_is_not_made(string subject, string? reply, string? ns, NasError error) =>
        Assert.Equal(error, Assert.Throws<NasException>(() => NasMessage.Create(subject, "", null, reply, ns)).Error);

    [Fact]
    public async Task An_answer_has_nowhere_to_go()
    {
        var asks = NasMessage.Create("a", "", replyTo: "back");
        Assert.Equal(NasError.NotConnected, Assert.Throws<NasException>(() => asks.Reply("x")).Error);
        Assert.Equal(
            NasError.NotConnected,
            (await Assert.ThrowsAsync<NasException>(async () => await asks.ReplyAsync(new byte[1]))).Error
        );
        var asksNot = NasMessage.Create("a", "");
        Assert.Equal(NasError.NoReplySubject, Assert.Throws<NasException>(() => asksNot.Reply("x")).Error);
    }

    [Fact]
    public void Headers_are_sent_as_the_block_they_were_made_of()
    {
        var block = Encoding.UTF8.GetBytes("NATS/1.0 503\r\nB:1\r\nA:  2 \r\nB: 3\r\n\r\n");
        var headers = NasHeaders.FromByteArray(block);
        Assert.Equal(block, headers.ToByteArray());
        Assert.Equal((503, "1", "2"), (headers.Status, headers["B"], headers["A"]));
        Assert.Empty(new NasHeaders().ToByteArray());
        foreach (var bad in new[] { "", "NATS/1.0\r\nA: 1\r\n", "A: 1\r\n\r\n" })
        {
            var error = Assert.Throws<NasException>(() => NasHeaders.FromByteArray(Encoding.UTF8.GetBytes(bad)));
            Assert.Equal(NasError.InvalidHeader, error.Error);
        }
    }
}

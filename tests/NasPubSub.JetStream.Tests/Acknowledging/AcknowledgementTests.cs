using NasPubSub.JetStream.Tests.Infrastructure;
using NasPubSub.TestServer;

namespace NasPubSub.JetStream.Tests.Acknowledging;

/// <summary>What a consumer hears of its messages.</summary>
[Trait("Servers", "old")]
public sealed class AcknowledgementTests(StreamServer server) : IClassFixture<StreamServer>
{
    [Fact]
    public async Task An_acknowledged_message_is_done()
    {
        var message = await DeliverAsync("Done");
        await message.AckAsync(wait: true);
        var consumer = await server.JetStream.Consumers.GetAsync("Done", "work");
        Assert.Equal((0L, 1UL), (consumer.AckPending, consumer.AckFloorSequence));
    }

    [Fact]
    public async Task Without_a_wait_it_arrives_as_well()
    {
        var message = await DeliverAsync("Later");
        await message.AckAsync();
        await Eventually.TrueAsync(async () =>
            (await server.JetStream.Consumers.GetAsync("Later", "work")).AckPending == 0
        );
    }

    [Fact]
    public async Task A_message_given_back_comes_again()
    {
        var message = await DeliverAsync("Again");
        await message.NakAsync(wait: true);
        var again = await NextAsync("Again");
        Assert.Equal((message.Sequence, 2L), (again.Sequence, again.Delivered));
    }

    [Fact]
    public async Task A_delay_is_kept()
    {
        var message = await DeliverAsync("Delay");
        await message.NakAsync(TimeSpan.FromHours(1), wait: true);
        Assert.Equal(408, (await NextAsync("Delay", """{"expires":200000000}""")).Status);
    }

    [Fact]
    public async Task A_rejected_message_never_comes_again_and_the_reason_is_told()
    {
        await using var advisories = await server.Connection.SubscribeAsync(
            "$JS.EVENT.ADVISORY.CONSUMER.MSG_TERMINATED.Never.work",
            useNamespace: false
        );
        var message = await DeliverAsync("Never");
        await message.TermAsync(server.Server.Version >= new Version(2, 10, 4) ? "no such article" : null, wait: true);
        Assert.Equal(0, (await server.JetStream.Consumers.GetAsync("Never", "work")).AckPending);
        var advisory = await advisories.ReadAsync(TestContext.Current.CancellationToken);
        Assert.True(
            server.Server.Version < new Version(2, 10, 4)
                || advisory!.Text.Contains("no such article", StringComparison.Ordinal)
        );
    }

    [Fact]
    public async Task Work_in_progress_spends_no_delivery()
    {
        var message = await DeliverAsync("Slow");
        await message.InProgressAsync(wait: true);
        Assert.Equal(1, (await server.JetStream.Consumers.GetAsync("Slow", "work")).AckPending);
    }

    [Fact]
    public async Task A_consumer_that_is_gone_is_an_error_of_the_wait()
    {
        var message = await DeliverAsync("Gone");
        await server.JetStream.Consumers.DeleteAsync("Gone", "work");
        var error = await Assert.ThrowsAsync<NasException>(async () => await message.AckAsync(wait: true));
        Assert.Equal("ConsumerNotFound", error.Code);
        Assert.Contains("'work' of 'Gone'", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_message_that_no_consumer_delivered_cannot_be_acknowledged()
    {
        var error = await Assert.ThrowsAsync<NasException>(async () =>
            await NasMessage.Create("a", "b", replyTo: "c").AckAsync()
        );
        Assert.Equal("NotAcknowledgeable", error.Code);
    }

    [Fact]
    public async Task A_restored_message_needs_a_connection()
    {
        var message = await DeliverAsync("Restored");
        var restored = NasMessage.Create("a", "b", replyTo: message.ReplyTopic);
        var error = await Assert.ThrowsAsync<NasException>(async () => await restored.AckAsync());
        Assert.Equal("NotConnected", error.Code);
        await restored.AckAsync(wait: true, connection: server.Connection);
        Assert.Equal(0, (await server.JetStream.Consumers.GetAsync("Restored", "work")).AckPending);
    }

    /// <summary>An older server ignores a rejection with a reason: the message would come again.</summary>
    [Fact]
    public async Task An_old_server_takes_no_reason()
    {
        await using var old = await StreamServer.StartAsync("2.9");
        await old.CreateStreamAsync("Old");
        var message = await DeliverAsync(old, "Old");
        var error = await Assert.ThrowsAsync<NasException>(async () => await message.TermAsync("why", wait: true));
        Assert.Equal("UnsupportedByServer", error.Code);
        Assert.Contains("2.10.4", error.Message, StringComparison.Ordinal);
        Assert.Equal(1, (await old.JetStream.Consumers.GetAsync("Old", "work")).AckPending);
        await message.TermAsync(wait: true);
        Assert.Equal(0, (await old.JetStream.Consumers.GetAsync("Old", "work")).AckPending);
    }

    private async Task<NasMessage> DeliverAsync(string stream)
    {
        await server.CreateStreamAsync(stream);
        return await DeliverAsync(server, stream);
    }

    /// <summary>Stores a message and takes it from a consumer.</summary>
    private static async Task<NasMessage> DeliverAsync(StreamServer at, string stream)
    {
        await at.JetStream.Consumers.CreateAsync(
            stream,
            new NasConsumerConfiguration("work") { AckPolicy = NasAckPolicy.Explicit, MaxDeliver = 5 }
        );
        await at.Connection.RequestAsync($"{stream.ToLowerInvariant()}.a", "one");
        return await NextAsync(at, stream);
    }

    private Task<NasMessage> NextAsync(string stream, string pull = "") => NextAsync(server, stream, pull);

    private static async Task<NasMessage> NextAsync(StreamServer at, string stream, string pull = "") =>
        await at.Connection.RequestAsync($"$JS.API.CONSUMER.MSG.NEXT.{stream}.work", pull, useNamespace: false);
}

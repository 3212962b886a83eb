using System.Text.RegularExpressions;
using NasPubSub.Client.Tests.Connection;
using NasPubSub.TestServer;

namespace NasPubSub.Client.Tests.Messaging;

/// <summary>A message shows the subject it has on the wire, whatever its subscription asked for.</summary>
public sealed class WireSubjectTests
{
    [Fact]
    public async Task A_subscription_to_a_literal_subject_shows_the_subject_on_the_wire()
    {
        await using var server = FakeServer.Start(async peer =>
        {
            await peer.HandshakeAsync();
            await peer.ExpectAsync("SUB inbox 1");
            await peer.ExpectAsync("PING");
            await peer.SendAsync(
                "PONG\r\nMSG dev.orders.1 1 1\r\na\r\nMSG dev.orders.1 1 1\r\nb\r\nMSG other 1 1\r\nc\r\nHMSG inbox 1 12 13\r\nNATS/1.0\r\n\r\nd\r\n"
            );
            await peer.AnswerPingsAsync();
        });
        await using var connection = await Quick.ConnectAsync(Quick.Options(server.Url) with { Namespace = "dev" });
        var subscription = await connection.SubscribeAsync("inbox", useNamespace: false);
        var seen = new List<string>();
        while (seen.Count < 4)
        {
            seen.Add(await subscription.ReadAsync() is { } m ? $"{m.Text} {m.Subject} {m.Topic}" : "end");
        }

        Assert.Equal(["a orders.1 dev.orders.1", "b orders.1 dev.orders.1", "c other other", "d inbox inbox"], seen);
    }

    [Fact]
    public async Task A_reply_that_comes_to_the_inbox_under_another_subject_is_the_reply()
    {
        await using var server = FakeServer.Start(async peer =>
        {
            await peer.HandshakeAsync();
            await peer.ExpectAsync("PUB service");
            await peer.SendAsync("MSG rewritten 1 2\r\nhi\r\n");
            await peer.AnswerPingsAsync();
        });
        await using var connection = await Quick.ConnectAsync(Quick.Options(server.Url) with { Namespace = null });
        var reply = await connection.RequestAsync("service", "x", TimeSpan.FromSeconds(10));
        Assert.Equal(("hi", "rewritten", "rewritten"), (reply.Text, reply.Subject, reply.Topic));
    }

    [Theory]
    [InlineData("not-a-number")]
    [InlineData("99")]
    [InlineData("12345678901234567890")]
    public async Task What_comes_for_another_request_of_the_inbox_is_no_reply_to_this_one(string token)
    {
        await using var server = FakeServer.Start(async peer =>
        {
            await peer.HandshakeAsync();
            var inbox = (await peer.ExpectAsync("PUB service")).Split(' ')[2];
            await peer.SendAsync(
                $"MSG {inbox[..inbox.LastIndexOf('.')]}.{token} 1 2\r\nno\r\nMSG {inbox} 1 3\r\nyes\r\n"
            );
            await peer.AnswerPingsAsync();
        });
        await using var connection = await Quick.ConnectAsync(Quick.Options(server.Url));
        Assert.Equal("yes", (await connection.RequestAsync("service", "x", TimeSpan.FromSeconds(10))).Text);
    }

    [Fact]
    public async Task Each_of_several_pulls_gets_a_message_of_the_stream_under_its_own_subject()
    {
        await using var server = await NatsServer.StartAsync(new NatsServerOptions { JetStream = true });
        await using var connection = await Quick.ConnectAsync(Quick.Options(server.Url) with { Namespace = null });
        await AskAsync("STREAM.CREATE.S", """{"name":"S","subjects":["s.>"],"storage":"memory"}""");
        await AskAsync(
            "CONSUMER.DURABLE.CREATE.S.C",
            """{"stream_name":"S","config":{"durable_name":"C","ack_policy":"explicit"}}"""
        );
        foreach (var i in Enumerable.Range(0, 3))
        {
            await connection.RequestAsync($"s.{i}", $"{i}");
        }

        var pulled = await Task.WhenAll(
            Enumerable.Range(0, 3).Select(_ => connection.RequestAsync("$JS.API.CONSUMER.MSG.NEXT.S.C", "1").AsTask())
        );
        Assert.Equal(["s.0 0", "s.1 1", "s.2 2"], pulled.Select(m => $"{m.Subject} {m.Text}").Order());

        async Task AskAsync(string api, string json) =>
            Assert.DoesNotMatch(new Regex("\"error\""), (await connection.RequestAsync("$JS.API." + api, json)).Text);
    }
}

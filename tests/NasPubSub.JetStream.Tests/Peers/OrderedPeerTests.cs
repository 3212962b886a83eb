using NATS.Client.JetStream;
using NATS.Client.JetStream.Models;

namespace NasPubSub.JetStream.Tests.Peers;

/// <summary>What one publishes, the other reads in order; ids keep both from storing a message twice.</summary>
[Trait("Servers", "old")]
public sealed class OrderedPeerTests(PeerServer peers) : IClassFixture<PeerServer>
{
    private const int Count = 500;

    [Fact]
    public async Task Ours_reads_in_order_what_theirs_publishes()
    {
        var name = await peers.CreateStreamAsync();
        for (var i = 0; i < Count; i++)
        {
            var ack = await peers.Theirs.PublishAsync($"{name}.{i % 3}", $"{i}");
            ack.EnsureSuccess();
        }

        var texts = new List<string>();
        await foreach (var message in peers.Ours.ReadAsync(name, new NasOrderedOptions { NoWait = true }))
        {
            texts.Add(message.Text);
        }

        Assert.Equal(Enumerable.Range(0, Count).Select(i => $"{i}"), texts);
        texts.Clear();
        var ones = new NasOrderedOptions { NoWait = true, Filters = [$"{name}.1"], FromSequence = 100 };
        await foreach (var message in peers.Ours.ReadAsync(name, ones))
        {
            texts.Add(message.Text);
        }

        Assert.Equal(Enumerable.Range(99, Count - 99).Where(i => i % 3 == 1).Select(i => $"{i}"), texts);
    }

    [Fact]
    public async Task Theirs_reads_in_order_what_ours_publishes()
    {
        var name = await peers.CreateStreamAsync();
        for (var i = 0; i < Count; i++)
        {
            var receipt = await peers.Ours.PublishAsync($"{name}.x", $"{i}");
            Assert.Equal((name, (ulong)i + 1, false), (receipt.Stream, receipt.Sequence, receipt.IsDuplicate));
        }

        var consumer = await peers.Theirs.CreateOrderedConsumerAsync(name);
        var texts = new List<string>();
        await foreach (var message in consumer.ConsumeAsync<string>())
        {
            texts.Add(message.Data!);
            if (texts.Count == Count)
            {
                break;
            }
        }

        Assert.Equal(Enumerable.Range(0, Count).Select(i => $"{i}"), texts);
    }

    [Fact]
    public async Task A_message_id_of_one_is_known_to_the_other()
    {
        var name = await peers.CreateStreamAsync();
        var theirs = await peers.Theirs.PublishAsync($"{name}.x", "a", opts: new NatsJSPubOpts { MsgId = "one" });
        var ours = await peers.Ours.PublishAsync($"{name}.x", "a", new NasPublishOptions { MessageId = "one" });
        Assert.Equal((theirs.Seq, true), (ours.Sequence, ours.IsDuplicate));

        ours = await peers.Ours.PublishAsync($"{name}.x", "b", new NasPublishOptions { MessageId = "two" });
        theirs = await peers.Theirs.PublishAsync($"{name}.x", "b", opts: new NatsJSPubOpts { MsgId = "two" });
        Assert.Equal((ours.Sequence, true, false), (theirs.Seq, theirs.Duplicate, ours.IsDuplicate));
        Assert.Equal(2UL, (await peers.Ours.Streams.GetAsync(name)).Messages);
    }

    [Fact]
    public async Task An_expected_sequence_that_is_wrong_is_refused_to_either()
    {
        var name = await peers.CreateStreamAsync();
        await peers.Theirs.PublishAsync($"{name}.x", "a");
        await peers.Ours.PublishAsync($"{name}.x", "b", new NasPublishOptions { ExpectedSubjectSequence = 1 });
        var error = await Assert.ThrowsAsync<NasException>(() =>
            peers.Ours.PublishAsync($"{name}.x", "c", new NasPublishOptions { ExpectedSubjectSequence = 1 })
        );
        Assert.Equal("WrongRevision", error.Code);
        var refused = await peers.Theirs.PublishAsync(
            $"{name}.x",
            "c",
            opts: new NatsJSPubOpts { ExpectedLastSubjectSequence = 1 }
        );
        Assert.Equal(error.ApiErrorCode, refused.Error?.ErrCode);
    }

    [Fact]
    public async Task Headers_and_payload_are_the_same_on_both_ends()
    {
        var name = await peers.CreateStreamAsync();
        var payload = new byte[3000];
        Random.Shared.NextBytes(payload);
        await peers.Ours.PublishAsync(
            $"{name}.x",
            payload,
            new NasPublishOptions { Headers = new NasHeaders().Add("A", "1").Add("A", "2").Add("Empty", "") }
        );
        var stored = await (await peers.Theirs.GetStreamAsync(name)).GetAsync(new StreamMsgGetRequest { Seq = 1 });
        Assert.Equal(payload, stored.Message.Data.ToArray());
        var headers = System.Text.Encoding.UTF8.GetString(Convert.FromBase64String(stored.Message.Hdrs!));
        Assert.Contains("A: 1\r\nA: 2\r\n", headers);
    }
}

using NATS.Client.JetStream;
using NATS.Client.JetStream.Models;

namespace NasPubSub.JetStream.Tests.Peers;

/// <summary>Consumers that NATS.Net makes and this library reads, and the other way round.</summary>
[Trait("Servers", "old")]
public sealed class ConsumerPeerTests(PeerServer peers) : IClassFixture<PeerServer>
{
    private static readonly NatsJSFetchOpts Three = new() { MaxMsgs = 3, Expires = TimeSpan.FromSeconds(2) };

    private static readonly NasReadOptions Now = new() { NoWait = true };

    [Fact]
    public async Task Ours_reads_and_changes_a_consumer_of_theirs_and_leaves_the_rest_as_it_is()
    {
        var name = await peers.CreateStreamAsync();
        await peers.Theirs.CreateOrUpdateConsumerAsync(
            name,
            new ConsumerConfig("work")
            {
                Description = "made by NATS.Net",
                AckPolicy = ConsumerConfigAckPolicy.Explicit,
                AckWait = TimeSpan.FromSeconds(42),
                DeliverPolicy = ConsumerConfigDeliverPolicy.ByStartSequence,
                OptStartSeq = 7,
                FilterSubject = $"{name}.a.*",
                MaxDeliver = 9,
                MaxAckPending = 77,
                MaxBatch = 50,
            }
        );
        var consumer = await peers.Ours.Consumers.GetAsync(name, "work");
        Assert.Equal(
            ("made by NATS.Net", NasAckPolicy.Explicit, TimeSpan.FromSeconds(42)),
            (consumer.Description, consumer.AckPolicy, consumer.AckWait)
        );
        Assert.Equal(
            (NasDeliverPolicy.ByStartSequence, 7UL, 9L, 77L, 50L),
            (
                consumer.DeliverPolicy,
                consumer.StartSequence,
                consumer.MaxDeliver,
                consumer.MaxAckPending,
                consumer.MaxBatch
            )
        );
        Assert.Equal([$"{name}.a.*"], consumer.FilterSubjects);

        await peers.Ours.Consumers.UpdateAsync(name, "work", settings => settings.MaxAckPending = 88);
        var seen = (await peers.Theirs.GetConsumerAsync(name, "work")).Info.Config;
        Assert.Equal((88L, 9L, TimeSpan.FromSeconds(42)), (seen.MaxAckPending, seen.MaxDeliver, seen.AckWait));
        Assert.Equal(("made by NATS.Net", $"{name}.a.*"), (seen.Description, seen.FilterSubject));
        Assert.Equal(7UL, seen.OptStartSeq);
    }

    [Fact]
    public async Task Theirs_reads_and_changes_a_consumer_of_ours()
    {
        var name = await peers.CreateStreamAsync();
        await peers.Ours.Consumers.CreateAsync(
            name,
            new NasConsumerConfiguration("work")
            {
                Description = "made by NasPubSub",
                AckPolicy = NasAckPolicy.Explicit,
                MaxDeliver = 4,
                Backoff = [TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(5)],
                FilterSubjects = [$"{name}.b"],
            }
        );
        var seen = (await peers.Theirs.GetConsumerAsync(name, "work")).Info.Config;
        Assert.Equal(
            ("made by NasPubSub", ConsumerConfigAckPolicy.Explicit, 4L, $"{name}.b"),
            (seen.Description, seen.AckPolicy, seen.MaxDeliver, seen.FilterSubject)
        );
        Assert.Equal([TimeSpan.FromSeconds(1), TimeSpan.FromSeconds(5)], seen.Backoff!);

        seen.Description = "changed by NATS.Net";
        await peers.Theirs.CreateOrUpdateConsumerAsync(name, seen);
        var ours = await peers.Ours.Consumers.GetAsync(name, "work");
        Assert.Equal(("changed by NATS.Net", 4L), (ours.Description, ours.MaxDeliver));
        Assert.Equal(2, ours.Backoff.Length);
    }

    [Fact]
    public async Task What_theirs_returns_comes_to_ours_and_what_ours_rejects_never_comes_again()
    {
        var (name, consumer) = await CreateAsync();
        await PublishAsync(name, 3);
        await foreach (var message in consumer.FetchAsync<string>(Three))
        {
            if (message.Data == "0")
            {
                await message.AckAsync();
            }
            else
            {
                // Else the fetch of another connection may come before it.
                await message.NakAsync(new AckOpts { DoubleAck = true });
            }
        }

        var ours = await FetchAsync(name, 10);
        Assert.Equal(["1:2", "2:2"], ours.Select(m => $"{m.Text}:{m.Delivered}").Order());
        Assert.All(ours, m => Assert.Equal((name, "work"), (m.Stream, m.Consumer)));
        await ours[0].TermAsync(wait: true);
        await ours[1].AckAsync(wait: true);
        await consumer.RefreshAsync();
        Assert.Equal((0, 0), (consumer.Info.NumAckPending, (int)consumer.Info.NumPending));
        Assert.Empty(await FetchAsync(name, 10));
    }

    [Fact]
    public async Task What_ours_returns_comes_to_theirs()
    {
        var (name, consumer) = await CreateAsync();
        await PublishAsync(name, 3);
        var ours = await FetchAsync(name, 3);
        await ours[0].AckAsync(wait: true);
        await ours[1].NakAsync(wait: true);
        await ours[2].NakAsync(TimeSpan.FromMilliseconds(300), wait: true);

        var seen = new List<string>();
        await foreach (var message in consumer.FetchAsync<string>(Three))
        {
            seen.Add($"{message.Data}:{message.Metadata!.Value.NumDelivered}");
            await message.AckAsync(new AckOpts { DoubleAck = true });
        }

        Assert.Equal(["1:2", "2:2"], seen);
        Assert.Equal(3UL, (await peers.Ours.Consumers.GetAsync(name, "work")).AckFloorSequence);
    }

    [Fact]
    public async Task Work_in_progress_of_either_keeps_a_message_from_the_other()
    {
        var (name, consumer) = await CreateAsync(TimeSpan.FromMilliseconds(400));
        await PublishAsync(name, 1);
        var message = Assert.Single(await FetchAsync(name, 1));
        for (var i = 0; i < 4; i++)
        {
            await Task.Delay(200);
            await message.InProgressAsync(wait: true);
        }

        await consumer.RefreshAsync();
        Assert.Equal((1, 0), (consumer.Info.NumAckPending, consumer.Info.NumRedelivered));
        await message.NakAsync(wait: true);
        await foreach (var again in consumer.FetchAsync<string>(Three with { MaxMsgs = 1 }))
        {
            for (var i = 0; i < 4; i++)
            {
                await Task.Delay(200);
                await again.AckProgressAsync();
            }

            Assert.Empty(await FetchAsync(name, 1));
            await again.AckAsync(new AckOpts { DoubleAck = true });
        }

        Assert.Equal(0, (await peers.Ours.Consumers.GetAsync(name, "work")).AckPending);
    }

    [Fact]
    public async Task Both_share_the_messages_of_one_consumer_without_losing_or_doubling_any()
    {
        var (name, consumer) = await CreateAsync();
        const int Count = 2000;
        var seen = new System.Collections.Concurrent.ConcurrentBag<int>();
        using var end = new CancellationTokenSource(TimeSpan.FromSeconds(30));
        var theirs = Task.Run(async () =>
        {
            await foreach (
                var message in consumer.ConsumeAsync<string>(
                    opts: new NatsJSConsumeOpts { MaxMsgs = 50 },
                    cancellationToken: end.Token
                )
            )
            {
                seen.Add(int.Parse(message.Data!));
                await message.AckAsync(cancellationToken: default);
            }
        });
        var ours = Task.Run(async () =>
        {
            var options = new NasReadOptions { Batch = 50 };
            await foreach (var message in peers.Ours.Consumers.ReadAsync(name, "work", options, end.Token))
            {
                seen.Add(int.Parse(message.Text));
                await message.AckAsync();
            }
        });
        await PublishAsync(name, Count);
        await TestServer.Eventually.TrueAsync(() => seen.Count >= Count, TimeSpan.FromSeconds(20));
        await end.CancelAsync();
        await Task.WhenAll(theirs, ours).ContinueWith(_ => { }, TaskScheduler.Default);
        Assert.Equal(Enumerable.Range(0, Count), seen.Order());
    }

    private async Task<(string Stream, INatsJSConsumer Consumer)> CreateAsync(TimeSpan? ackWait = null)
    {
        var name = await peers.CreateStreamAsync();
        await peers.Ours.Consumers.CreateAsync(
            name,
            new NasConsumerConfiguration("work")
            {
                AckPolicy = NasAckPolicy.Explicit,
                AckWait = ackWait ?? TimeSpan.FromSeconds(30),
            }
        );
        return (name, await peers.Theirs.GetConsumerAsync(name, "work"));
    }

    private async Task PublishAsync(string name, int count)
    {
        for (var i = 0; i < count; i++)
        {
            peers.Ours.Connection.Publish($"{name}.x", $"{i}");
        }

        await peers.Ours.Connection.FlushAsync();
    }

    private async Task<List<NasMessage>> FetchAsync(string name, int count)
    {
        var messages = new List<NasMessage>();
        await foreach (var message in peers.Ours.Consumers.FetchAsync(name, "work", count, Now))
        {
            messages.Add(message);
        }

        return messages;
    }
}

using NATS.Client.JetStream.Models;

namespace NasPubSub.JetStream.Tests.Peers;

/// <summary>Streams that NATS.Net makes and this library changes, and the other way round.</summary>
[Trait("Servers", "old")]
public sealed class StreamPeerTests(PeerServer peers) : IClassFixture<PeerServer>
{
    [Fact]
    public async Task Ours_reads_and_changes_a_stream_of_theirs_and_leaves_the_rest_as_it_is()
    {
        await peers.Theirs.CreateStreamAsync(
            new StreamConfig("THEIRS", ["theirs.a", "theirs.b.*"])
            {
                Description = "made by NATS.Net",
                Storage = StreamConfigStorage.Memory,
                Retention = StreamConfigRetention.Interest,
                Discard = StreamConfigDiscard.New,
                MaxMsgs = 1000,
                MaxBytes = 1 << 20,
                MaxAge = TimeSpan.FromMinutes(90),
                MaxMsgSize = 4096,
                MaxMsgsPerSubject = 10,
                DuplicateWindow = TimeSpan.FromSeconds(45),
                AllowRollupHdrs = true,
                AllowDirect = true,
                DenyDelete = true,
            }
        );

        var stream = await peers.Ours.Streams.GetAsync("THEIRS");
        Assert.Equal(["theirs.a", "theirs.b.*"], stream.Subjects);
        Assert.Equal(
            ("made by NATS.Net", NasStorage.Memory, NasRetention.Interest, NasDiscard.New),
            (stream.Description, stream.Storage, stream.Retention, stream.Discard)
        );
        Assert.Equal(
            (1000L, 1L << 20, 4096L, 10L),
            (stream.MaxMessages, stream.MaxBytes, stream.MaxMessageSize, stream.MaxMessagesPerSubject)
        );
        Assert.Equal(
            (TimeSpan.FromMinutes(90), TimeSpan.FromSeconds(45)),
            (stream.MaxAge, stream.DuplicateWindow)
        );
        Assert.True(stream is { AllowRollup: true, AllowDirect: true, DenyDelete: true, DenyPurge: false });

        await peers.Ours.Streams.UpdateAsync("THEIRS", settings => settings.MaxMessages = 2000);
        var seen = (await peers.Theirs.GetStreamAsync("THEIRS")).Info.Config;
        Assert.Equal(2000, seen.MaxMsgs);
        Assert.Equal(
            ("made by NATS.Net", StreamConfigRetention.Interest, TimeSpan.FromMinutes(90)),
            (seen.Description, seen.Retention, seen.MaxAge)
        );
        Assert.Equal(
            (TimeSpan.FromSeconds(45), 10, true, true),
            (seen.DuplicateWindow, seen.MaxMsgsPerSubject, seen.AllowRollupHdrs, seen.DenyDelete)
        );
    }

    [Fact]
    public async Task Theirs_reads_and_changes_a_stream_of_ours()
    {
        await peers.Ours.Streams.CreateAsync(
            new NasStreamConfiguration("OURS", "ours.>")
            {
                Description = "made by NasPubSub",
                Storage = NasStorage.Memory,
                Retention = NasRetention.WorkQueue,
                MaxMessages = 500,
                MaxAge = TimeSpan.FromDays(2),
                DuplicateWindow = TimeSpan.FromMinutes(5),
                AllowDirect = true,
            }
        );
        var theirs = await peers.Theirs.GetStreamAsync("OURS");
        var seen = theirs.Info.Config;
        Assert.Equal(["ours.>"], seen.Subjects!);
        Assert.Equal(
            ("made by NasPubSub", StreamConfigRetention.Workqueue, StreamConfigStorage.Memory),
            (seen.Description, seen.Retention, seen.Storage)
        );
        Assert.Equal(
            (500L, TimeSpan.FromDays(2), TimeSpan.FromMinutes(5), true),
            (seen.MaxMsgs, seen.MaxAge, seen.DuplicateWindow, seen.AllowDirect)
        );

        seen.Description = "changed by NATS.Net";
        seen.MaxMsgs = 600;
        await peers.Theirs.UpdateStreamAsync(seen);
        var ours = await peers.Ours.Streams.GetAsync("OURS");
        Assert.Equal(
            ("changed by NATS.Net", 600L, TimeSpan.FromDays(2), NasRetention.WorkQueue),
            (ours.Description, ours.MaxMessages, ours.MaxAge, ours.Retention)
        );
    }

    [Fact]
    public async Task Both_list_purge_and_remove_the_same_streams()
    {
        var name = await peers.CreateStreamAsync();
        for (var i = 0; i < 5; i++)
        {
            await peers.Theirs.PublishAsync($"{name}.{i % 2}", $"{i}");
        }

        var names = new List<string>();
        await foreach (var stream in peers.Ours.Streams.ListNamesAsync($"{name}.x"))
        {
            names.Add(stream);
        }

        Assert.Equal([name], names);
        Assert.Equal(3UL, await peers.Ours.Streams.PurgeAsync(name, $"{name}.0"));
        Assert.Equal(2, (await peers.Theirs.GetStreamAsync(name)).Info.State.Messages);
        await peers.Theirs.PurgeStreamAsync(name, new StreamPurgeRequest());
        var left = await peers.Ours.Streams.GetAsync(name);
        Assert.Equal((0UL, 5UL), (left.Messages, left.LastSequence));
        await peers.Theirs.DeleteStreamAsync(name);
        var error = await Assert.ThrowsAsync<NasException>(() => peers.Ours.Streams.GetAsync(name));
        Assert.Equal("StreamNotFound", error.Code);
    }

    [Fact]
    public async Task Ours_reads_what_theirs_stored_message_by_message()
    {
        var name = await peers.CreateStreamAsync();
        var headers = new NATS.Client.Core.NatsHeaders { ["A"] = "1", ["B"] = new(["2", "3"]) };
        await peers.Theirs.PublishAsync($"{name}.x", "first", headers: headers);
        await peers.Theirs.PublishAsync($"{name}.y", "é\r\n€");
        await peers.Theirs.PublishAsync($"{name}.x", Array.Empty<byte>());

        var first = await peers.Ours.Messages.GetAsync(name, 1);
        Assert.Equal(($"{name}.x", "first", name, 1UL), (first.Subject, first.Text, first.Stream, first.Sequence));
        Assert.Equal("1", first.Headers["A"]);
        Assert.Equal(["2", "3"], first.Headers.GetValues("B"));
        Assert.Equal("é\r\n€", (await peers.Ours.Messages.GetNextAsync(name, $"{name}.y")).Text);
        var last = await peers.Ours.Messages.GetLastAsync(name, $"{name}.x");
        Assert.Equal((3UL, 0), (last.Sequence, last.Payload.Length));

        await peers.Ours.Messages.RemoveAsync(name, 2);
        var stream = await peers.Theirs.GetStreamAsync(name);
        await Assert.ThrowsAnyAsync<Exception>(async () =>
            await stream.GetAsync(new StreamMsgGetRequest { Seq = 2 })
        );
    }
}

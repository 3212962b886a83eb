using NasPubSub.JetStream.Tests.Infrastructure;
using NasPubSub.TestServer;

namespace NasPubSub.JetStream.Tests.Ordered;

public sealed class OrderedReaderTests(StreamServer server) : IClassFixture<StreamServer>
{
    private const int Messages = 2000;

    private NasJetStream Js => server.JetStream;

    [Theory]
    [InlineData("all", 1, 30)]
    [InlineData("sequence", 11, 20)]
    [InlineData("time", 1, 30)]
    [InlineData("last", 30, 1)]
    [InlineData("subjects", 28, 3)]
    [InlineData("filter", 1, 10)]
    [InlineData("filters", 1, 20)]
    public async Task It_begins_where_the_options_say_and_ends_at_the_present_end(string how, int first, int count)
    {
        var stream = "BEGIN" + how.ToUpperInvariant();
        var begun = DateTimeOffset.Now;
        await server.CreateStreamAsync(stream);
        Publish(stream, 1, 30);
        await StoredAsync(stream, 30);
        var prefix = stream.ToLowerInvariant();
        NasOrderedOptions options = how switch
        {
            "sequence" => new() { FromSequence = 11 },
            "time" => new() { Since = begun.AddSeconds(-1) },
            "last" => new() { Last = true },
            "subjects" => new() { LastPerSubject = true },
            "filter" => new() { Filters = [prefix + ".1"] },
            "filters" => new() { Filters = [prefix + ".1", prefix + ".2"] },
            _ => new(),
        };
        var read = await ListAsync(Js.ReadAsync(stream, options with { NoWait = true }));
        Assert.Equal(((ulong)first, count), (read[0], read.Count));
    }

    [Fact]
    public async Task An_empty_stream_is_at_its_end_at_once()
    {
        await server.CreateStreamAsync("EMPTY");
        var told = 0;
        Assert.Empty(
            await ListAsync(Js.ReadAsync("EMPTY", new NasOrderedOptions { NoWait = true, OnCaughtUp = () => told++ }))
        );
        Assert.Equal(1, told);
        Assert.Equal(
            "StreamNotFound",
            (await Assert.ThrowsAsync<NasException>(() => Js.OpenReaderAsync("NONE"))).Code
        );
    }

    [Fact]
    public async Task Headers_only_tell_the_size()
    {
        await server.CreateStreamAsync("SIZES");
        Publish("SIZES", 1, 1);
        await foreach (var message in Js.ReadAsync("SIZES", new NasOrderedOptions { HeadersOnly = true, Count = 1 }))
        {
            Assert.Empty(message.Payload);
            Assert.Equal("1", message.Headers["Nats-Msg-Size"]);
        }
    }

    /// <summary>The consumer is deleted, the connection breaks, or the read is told to: 20 times.</summary>
    [Fact]
    public async Task Twenty_forced_resets_lose_and_double_nothing()
    {
        await server.CreateStreamAsync("RESETS");
        var connection = await server.Server.ConnectAsync(o => o with { Namespace = null });
        await using var _ = connection;
        await using var reader = await new NasJetStream(connection).OpenReaderAsync(
            "RESETS",
            new NasOrderedOptions { New = true, Batch = 50, NamePrefix = "twenty" }
        );
        await ForceAsync(connection, reader, 0);
        var expected = 1ul;
        var publishing = Task.Run(async () =>
        {
            for (var i = 1; i <= Messages; i += 50)
            {
                Publish("RESETS", i, 50);
                await Task.Delay(10);
            }
        });
        var forced = 1;
        while (expected <= Messages)
        {
            var message = await reader.ReadAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(20));
            Assert.Equal(expected++, message!.Sequence);
            if (expected > (ulong)(forced * 95) && forced < 20)
            {
                await ForceAsync(connection, reader, forced++);
            }
        }

        await publishing;
        Assert.Equal(20, forced);
        Assert.InRange(reader.Resets, 15, 40);
    }

    [Fact]
    public async Task Resets_inside_the_last_of_all_subjects_bring_each_once()
    {
        await server.CreateStreamAsync("LASTS");
        for (var round = 0; round < 3; round++)
        {
            for (var i = 0; i < 200; i++)
            {
                Js.Connection.Publish($"lasts.k{i}", $"{round}", useNamespace: false);
            }
        }

        await StoredAsync("LASTS", 600);
        await using var reader = await Js.OpenReaderAsync(
            "LASTS",
            new NasOrderedOptions { LastPerSubject = true, Batch = 10, NoWait = true }
        );
        var read = new List<string>();
        while (await reader.ReadAsync() is { } message)
        {
            Assert.Equal("2", message.Text);
            read.Add(message.Subject);
            if (read.Count % 10 == 0)
            {
                reader.Reset();
            }
        }

        Assert.Equal(200, read.Count);
        Assert.Equal(200, read.Distinct().Count());
        Assert.InRange(reader.Resets, 19, 20);
    }

    [Fact]
    public async Task A_slow_reader_keeps_what_is_buffered_and_finds_a_consumer_gone_meanwhile()
    {
        await server.CreateStreamAsync("SLOW");
        Publish("SLOW", 1, 100);
        await StoredAsync("SLOW", 100);
        await using var reader = await Js.OpenReaderAsync(
            "SLOW",
            new NasOrderedOptions { NamePrefix = "slow", Batch = 50 }
        );
        Assert.Equal(1ul, (await reader.ReadAsync())!.Sequence);
        await server.CallAsync("CONSUMER.DELETE.SLOW.slow_1");
        for (var next = 2ul; next <= 100; next++)
        {
            Assert.Equal(next, (await reader.ReadAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(10)))!.Sequence);
        }
    }

    [Fact]
    public async Task A_stream_that_is_deleted_ends_it_and_a_consumer_is_not_left_behind()
    {
        await server.CreateStreamAsync("DELETED");
        await using (await Js.OpenReaderAsync("DELETED"))
        {
            Assert.Equal(1, await ConsumersAsync());
        }

        await Eventually.TrueAsync(async () => await ConsumersAsync() == 0);
        await using var reader = await Js.OpenReaderAsync("DELETED", new NasOrderedOptions { NamePrefix = "d" });
        var next = reader.ReadAsync().AsTask();
        await Eventually.TrueAsync(async () =>
            (await server.CallAsync("CONSUMER.INFO.DELETED.d_1"))["num_waiting"]!.GetValue<int>() == 1
        );
        await server.CallAsync("STREAM.DELETE.DELETED");
        var error = await Assert.ThrowsAsync<NasException>(() => next.WaitAsync(TimeSpan.FromSeconds(10)));
        Assert.Equal("StreamNotFound", error.Code);

        async Task<int> ConsumersAsync() =>
            (await server.CallAsync("STREAM.INFO.DELETED"))["state"]!["consumer_count"]!.GetValue<int>();
    }

    private async Task ForceAsync(NasConnection connection, NasOrderedReader reader, int turn)
    {
        switch (turn % 3)
        {
            case 0:
                await connection.ReconnectAsync();
                break;
            case 1:
                reader.Reset();
                break;
            default:
                var names = await server.CallAsync("CONSUMER.NAMES.RESETS");
                foreach (var name in names["consumers"]!.AsArray())
                {
                    await Js.Connection.RequestAsync($"$JS.API.CONSUMER.DELETE.RESETS.{name}", "", useNamespace: false);
                }

                break;
        }
    }

    private void Publish(string stream, int first, int count)
    {
        for (var i = first; i < first + count; i++)
        {
            Js.Connection.Publish($"{stream.ToLowerInvariant()}.{i % 3}", $"{i}", useNamespace: false);
        }
    }

    private Task StoredAsync(string stream, int count) =>
        Eventually.TrueAsync(async () =>
            (await server.CallAsync($"STREAM.INFO.{stream}"))["state"]!["messages"]!.GetValue<int>() == count
        );

    private static async Task<List<ulong>> ListAsync(IAsyncEnumerable<NasMessage> messages)
    {
        var sequences = new List<ulong>();
        await foreach (var message in messages)
        {
            sequences.Add(message.Sequence!.Value);
        }

        return sequences;
    }
}

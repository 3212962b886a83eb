using NasPubSub.Benchmarks.Measuring;
using NasPubSub.Benchmarks.Wire;
using NasPubSub.JetStream;
using NasPubSub.TestServer;
using NATS.Client.JetStream;

namespace NasPubSub.Benchmarks.Rows;

/// <summary>
/// Consume n messages of a stream in memory through a pull consumer that each turn makes anew. The two rows with
/// acknowledgements send one for each message.
/// </summary>
internal static class ConsumeRows
{
    private const string Stream = "BENCH",
        Subject = "bench.consume";

    public static IEnumerable<Row> All =>
        [
            Make("consume 128 B", 128, 300_000, false, Goal.OfLimit(0.80), Goal.OfPeer(1.3)),
            Make("consume 1,024 B", 1024, 100_000, false, Goal.OfLimit(0.80), Goal.OfPeer(1.3)),
            Make("consume and acknowledge 128 B", 128, 200_000, true, Goal.OfPeer(1.3)),
        ];

    private static Row Make(string name, int size, int count, bool acks, params Goal[] goals) =>
        new(
            name,
            count,
            [Figure.Rate(goals), Figure.Allocated()],
            _ => OpenAsync(size, count, acks)
        )
        {
            IsKey = size == 128 && !acks,
        };

    private static async Task<IReadOnlyList<Contestant>> OpenAsync(int size, int most, bool acks)
    {
        var server = await NatsServer.StartAsync(new NatsServerOptions { JetStream = true });
        var bench = new Bench(server.Url, server.Port);
        var ours = await Clients.OursAsync(bench);
        await FillAsync(ours, size, most);
        var js = new NasJetStream(ours);
        var peer = await Clients.PeerAsync(bench);
        var context = new NatsJSContext(peer);
        var contestants = new List<Contestant>
        {
            new Contender(
                Role.Ours,
                Contestant.OursName,
                count => TimeAsync(ours, acks, count, consumer => OursAsync(js, consumer, acks, count)),
                async () =>
                {
                    await ours.DisposeAsync();
                    await server.DisposeAsync();
                }
            ),
            new Contender(
                Role.Peer,
                Contestant.PeerName,
                count => TimeAsync(ours, acks, count, consumer => PeerAsync(context, consumer, acks, count)),
                () => new ValueTask(Clients.CloseAsync(peer))
            ),
        };
        if (!acks)
        {
            var raw = new RawPuller(server.Port);
            contestants.Add(
                new Contender(
                    Role.Limit,
                    "raw pull loop",
                    count =>
                        TimeAsync(
                            ours,
                            acks,
                            count,
                            consumer =>
                            {
                                raw.Read(Stream, consumer, count);
                                return Task.CompletedTask;
                            }
                        ),
                    () =>
                    {
                        raw.Dispose();
                        return default;
                    }
                )
            );
        }
        return contestants;
    }

    private static async Task<double[]> TimeAsync(
        NasConnection connection,
        bool acks,
        int count,
        Func<string, Task> consume
    )
    {
        var consumer = "c" + Guid.NewGuid().ToString("N");
        await CallAsync(
            connection,
            $"CONSUMER.CREATE.{Stream}.{consumer}",
            $$"""
            {"stream_name":"{{Stream}}","config":{"name":"{{consumer}}","mem_storage":true,"max_ack_pending":100000,
            "ack_policy":"{{(acks ? "explicit" : "none")}}"} }
            """
        );
        var stretch = Stretch.Start();
        await consume(consumer);
        var figures = stretch.End(count);
        await CallAsync(connection, $"CONSUMER.DELETE.{Stream}.{consumer}", "");
        return figures;
    }

    private static async Task OursAsync(NasJetStream js, string consumer, bool acks, int count)
    {
        // Not "await foreach": IAsyncEnumerable is another type for the build for Windows PowerShell.
        await using var reader = await js.Consumers.OpenReaderAsync(Stream, consumer);
        for (; count > 0; count--)
        {
            var message = await reader.ReadAsync() ?? throw reader.Error!;
            if (acks)
            {
                await message.AckAsync();
            }
        }
    }

    private static async Task PeerAsync(NatsJSContext context, string name, bool acks, int count)
    {
        var consumer = await context.GetConsumerAsync(Stream, name);
        await foreach (var message in consumer.ConsumeAsync<byte[]>())
        {
            if (acks)
            {
                await message.AckAsync();
            }
            if (--count == 0)
            {
                return;
            }
        }
    }

    private static async Task FillAsync(NasConnection connection, int size, int count)
    {
        await CallAsync(
            connection,
            $"STREAM.CREATE.{Stream}",
            $$"""{"name":"{{Stream}}","subjects":["{{Subject}}"],"storage":"memory"}"""
        );
        var payload = new byte[size];
        for (var i = 0; i < count; i++)
        {
            await connection.PublishAsync(Subject, payload);
            if (i % 10_000 == 0)
            {
                // The queue of the stream is limited.
                await connection.RequestAsync(Subject, payload);
            }
        }
        await connection.RequestAsync(Subject, payload);
    }

    private static async Task CallAsync(NasConnection connection, string call, string json)
    {
        var reply = await connection.RequestAsync($"$JS.API.{call}", json);
        if (reply.Text.Contains("\"error\"", StringComparison.Ordinal))
        {
            throw new InvalidOperationException(reply.Text);
        }
    }
}

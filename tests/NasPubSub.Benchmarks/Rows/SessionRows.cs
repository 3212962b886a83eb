using NasPubSub.Benchmarks.Measuring;
using NATS.Client.Core;

namespace NasPubSub.Benchmarks.Rows;

/// <summary>A short session from start to end.</summary>
internal static class SessionRows
{
    private static readonly byte[] Payload = new byte[16];

    public static IEnumerable<Row> All =>
        [
            new(
                "connect, publish one, disconnect",
                200,
                [new Figure("µs", true, Goal.OfPeer(1))],
                bench =>
                    Task.FromResult<IReadOnlyList<Contestant>>([
                        new Contender(
                            Role.Ours,
                            Contestant.OursName,
                            count => TimeAsync(count, () => OursAsync(bench))
                        ),
                        new Contender(
                            Role.Peer,
                            Contestant.PeerName,
                            count => TimeAsync(count, () => PeerAsync(bench))
                        ),
                    ])
            )
            {
                LeastCount = 20,
            },
        ];

    private static async Task OursAsync(Bench bench)
    {
        var connection = await Clients.OursAsync(bench);
        connection.Publish("bench.once", Payload);
        // Returns when the server has it.
        await connection.DisconnectAsync();
    }

    private static async Task PeerAsync(Bench bench)
    {
        await using var connection = new NatsConnection(NatsOpts.Default with { Url = bench.Server });
        await connection.ConnectAsync();
        await connection.PublishAsync("bench.once", Payload);
        // Disposal alone does not tell whether the server has it.
        await connection.PingAsync();
    }

    private static async Task<double[]> TimeAsync(int count, Func<Task> session)
    {
        var stretch = Stretch.Start();
        for (var i = 0; i < count; i++)
        {
            await session();
        }

        return [stretch.Elapsed.TotalMicroseconds / count];
    }
}

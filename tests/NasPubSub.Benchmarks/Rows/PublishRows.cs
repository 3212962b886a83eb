using NasPubSub.Benchmarks.Measuring;
using NasPubSub.Benchmarks.Wire;

namespace NasPubSub.Benchmarks.Rows;

/// <summary>Publish n messages, then PING and wait for its PONG: the server has then processed them all.</summary>
internal static class PublishRows
{
    private const string Subject = "bench.publish";

    public static IEnumerable<Row> All =>
        [
            Publish(16, 2_000_000, Goal.OfLimit(0.90), Goal.OfPeer(2.5)),
            Publish(128, 1_500_000, Goal.OfLimit(0.90)),
            Publish(1024, 500_000, Goal.OfLimit(0.90)),
            Publish(16 * 1024, 50_000, Goal.OfLimit(0.90)),
        ];

    private static Row Publish(int size, int count, params Goal[] goals) =>
        new(
            $"publish {size:N0} B",
            count,
            [Figure.Rate(goals), Figure.Allocated(Goal.AtMost(1))],
            bench => OpenAsync(bench, size)
        )
        {
            IsKey = size == 16,
        };

    private static async Task<IReadOnlyList<Contestant>> OpenAsync(Bench bench, int size)
    {
        var payload = new byte[size];
        var ours = await Clients.OursAsync(bench);
        var peer = await Clients.PeerAsync(bench);
        return
        [
            new Contender(Role.Ours, Contestant.OursName, count => OursAsync(ours, payload, count), ours.DisposeAsync),
            new Contender(Role.Peer, Contestant.PeerName, count => PeerAsync(peer, payload, count), peer.DisposeAsync),
            Raw(bench, size),
        ];
    }

    private static async Task<double[]> OursAsync(NasConnection connection, byte[] payload, int count)
    {
        var stretch = Stretch.Start();
        for (var i = 0; i < count; i++)
        {
            connection.Publish(Subject, payload);
        }

        await connection.FlushAsync();
        return stretch.End(count);
    }

    private static async Task<double[]> PeerAsync(NATS.Client.Core.NatsConnection connection, byte[] payload, int count)
    {
        var stretch = Stretch.Start();
        for (var i = 0; i < count; i++)
        {
            await connection.PublishAsync(Subject, payload);
        }

        await connection.PingAsync();
        return stretch.End(count);
    }

    public static Contestant Raw(Bench bench, int size)
    {
        var connection = new RawConnection(bench.Port);
        var traffic = new Traffic([Subject], size);
        return new Contender(
            Role.Limit,
            "raw socket",
            Run,
            () =>
            {
                connection.Dispose();
                return default;
            }
        );

        Task<double[]> Run(int count)
        {
            var stretch = Stretch.Start();
            traffic.Send(connection, count);
            connection.Flush();
            return Task.FromResult(stretch.End(count));
        }
    }
}

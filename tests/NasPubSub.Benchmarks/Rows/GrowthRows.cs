using NasPubSub.Benchmarks.Measuring;

namespace NasPubSub.Benchmarks.Rows;

/// <summary>
/// How the cost of a message grows: each row measures this client against itself with less to do, in turns.
/// </summary>
internal static class GrowthRows
{
    private const string Subject = "bench.growth";
    private static readonly Goal Flat = Goal.OfLimit(0.90);

    public static IEnumerable<Row> All =>
        [
            new("grows: 1 → 100,000 subscriptions", 1_000_000, [Figure.Rate(Flat)], SubscriptionsAsync),
            new("grows: 1 → 100 connections", 1_000_000, [Figure.Rate(Flat)], ConnectionsAsync),
            new("grows: payload 1 → 8 MiB", 256, [new Figure("MB/s", false, Flat)], PayloadAsync) { LeastCount = 64 },
        ];

    private static async Task<IReadOnlyList<Contestant>> SubscriptionsAsync(Bench bench)
    {
        var many = await Receiver.OursAsync(bench, new Reception(1, 16, Idle: 100_000));
        var one = await Receiver.OursAsync(bench, new Reception(1, 16), who: '1');
        return [Take(many, Role.Ours, Contestant.OursName), Take(one, Role.Limit, "itself with 1")];

        static Contestant Take(Contestant contestant, Role role, string name) =>
            new Contender(role, name, async count => [(await contestant.RunAsync(count))[0]], contestant.DisposeAsync);
    }

    private static async Task<IReadOnlyList<Contestant>> ConnectionsAsync(Bench bench)
    {
        var connections = new List<NasConnection>();
        for (var i = 0; i < 100; i++)
        {
            connections.Add(await Clients.OursAsync(bench));
        }

        return
        [
            new Contender(
                Role.Ours,
                Contestant.OursName,
                count => PublishAsync(connections, count),
                async () =>
                {
                    foreach (var connection in connections)
                    {
                        await connection.DisposeAsync();
                    }
                }
            ),
            new Contender(Role.Limit, "itself with 1", count => PublishAsync(connections.GetRange(0, 1), count)),
        ];

        static async Task<double[]> PublishAsync(List<NasConnection> connections, int count)
        {
            var payload = new byte[16];
            var stretch = Stretch.Start();
            for (var sent = 0; sent < count; sent += 100)
            {
                var connection = connections[sent / 100 % connections.Count];
                for (var i = 0; i < 100; i++)
                {
                    connection.Publish(Subject, payload);
                }
            }
            await Task.WhenAll(connections.Select(c => c.FlushAsync()));
            return [stretch.End(count)[0]];
        }
    }

    private static async Task<IReadOnlyList<Contestant>> PayloadAsync(Bench bench)
    {
        var connection = await Clients.OursAsync(bench);
        var raw = PublishRows.Raw(bench, 8 << 20);
        return
        [
            new Contender(
                Role.Ours,
                Contestant.OursName,
                count => PublishAsync(connection, 8 << 20, count),
                connection.DisposeAsync
            ),
            new Contender(Role.Limit, "itself with 1 MiB", count => PublishAsync(connection, 1 << 20, count)),
            new Contender(
                Role.Floor,
                "raw socket with 8 MiB",
                async count => [(await raw.RunAsync(count / 8))[0] * (8 << 20) / 1000],
                raw.DisposeAsync
            ),
        ];

        // The count is in MiB, so that both send the same bytes.
        static async Task<double[]> PublishAsync(NasConnection connection, int size, int count)
        {
            var payload = new byte[size];
            var messages = (int)((long)count * (1 << 20) / size);
            var stretch = Stretch.Start();
            for (var i = 0; i < messages; i++)
            {
                connection.Publish(Subject, payload);
            }

            await connection.FlushAsync();
            return [messages * (double)size / 1e6 / stretch.Elapsed.TotalSeconds];
        }
    }
}

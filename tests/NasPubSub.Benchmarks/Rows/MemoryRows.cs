using NasPubSub.Benchmarks.Measuring;
using NasPubSub.Benchmarks.Wire;
using NATS.Client.Core;

namespace NasPubSub.Benchmarks.Rows;

/// <summary>What stays in memory.</summary>
internal static class MemoryRows
{
    private const double Megabyte = 1e6;

    public static IEnumerable<Row> All =>
        [
            new(
                "memory: messages through",
                10_000_000,
                [
                    new Figure("heap MB more", true, Goal.AtMost(1)),
                    new Figure("heap MB at most", true, Goal.AtMost(100)),
                ],
                ThroughAsync
            )
            {
                Rounds = 1,
                WarmUps = 1,
            },
            new(
                "memory: a subscriber that stops reading",
                1_000_000,
                [
                    new Figure("k msg kept", true, Goal.AtMost(524.288)),
                    new Figure("payload MB kept", true, Goal.AtMost(67.1)),
                    new Figure("heap MB more", true),
                ],
                StoppedAsync
            )
            {
                Rounds = 1,
                WarmUps = 0,
                LeastCount = 600_000,
            },
            new(
                "memory: 100,000 subscriptions",
                100_000,
                [new Figure("B/subscription", true, Goal.AtMost(300))],
                SubscriptionsAsync
            )
            {
                Rounds = 1,
                WarmUps = 0,
                LeastCount = 100_000,
            },
        ];

    private static double Heap => GC.GetTotalMemory(forceFullCollection: true);

    /// <summary>All messages go out and come back on one connection, read as they come.</summary>
    private static async Task<IReadOnlyList<Contestant>> ThroughAsync(Bench bench)
    {
        var receiver = await Receiver.OursAsync(bench, new Reception(1, 16));
        return
        [
            new Contender(
                Role.Ours,
                Contestant.OursName,
                async count =>
                {
                    var before = Heap;
                    var most = before;
                    using var watch = new Timer(_ => most = Math.Max(most, GC.GetTotalMemory(false)), null, 0, 20);
                    await receiver.RunAsync(count);
                    return [Math.Max(0, Heap - before) / Megabyte, most / Megabyte];
                },
                receiver.DisposeAsync
            ),
        ];
    }

    private static async Task<IReadOnlyList<Contestant>> StoppedAsync(Bench bench)
    {
        var connection = await Clients.OursAsync(bench, dropsNone: false);
        var publisher = new RawPublisher(bench.Port, new Traffic(["o.stopped"], 128));
        return
        [
            new Contender(
                Role.Ours,
                Contestant.OursName,
                async count =>
                {
                    var before = Heap;
                    var subscription = await connection.SubscribeAsync("o.stopped");
                    publisher.Start(count);
                    while (subscription.Delivered < count)
                    {
                        await Task.Delay(5);
                    }
                    double[] result =
                    [
                        subscription.PendingMessages / 1000.0,
                        subscription.PendingBytes / Megabyte,
                        (Heap - before) / Megabyte,
                    ];
                    await subscription.UnsubscribeAsync();
                    return result;
                },
                async () =>
                {
                    publisher.Dispose();
                    await connection.DisposeAsync();
                }
            ),
        ];
    }

    private static Task<IReadOnlyList<Contestant>> SubscriptionsAsync(Bench bench) =>
        Task.FromResult<IReadOnlyList<Contestant>>([
            new Contender(
                Role.Ours,
                Contestant.OursName,
                async count =>
                {
                    await using var connection = await Clients.OursAsync(bench);
                    var subjects = Subjects(count);
                    // What the first ones bring along, code and buffers, is not theirs.
                    await SubscribeAsync(subjects[..1000]);
                    var before = Heap;
                    foreach (var part in subjects[1000..].Chunk(1000))
                    {
                        await SubscribeAsync(part);
                    }
                    var each = (Heap - before) / (count - 1000);
                    GC.KeepAlive(subjects);
                    await connection.DisconnectAsync(drain: false);
                    return [each];

                    Task SubscribeAsync(string[] part) =>
                        Task.WhenAll(part.Select(subject => connection.SubscribeAsync(subject)));
                }
            ),
            new Contender(
                Role.Peer,
                Contestant.PeerName,
                async count =>
                {
                    var connection = await Clients.PeerAsync(bench);
                    var subjects = Subjects(count);
                    var kept = new INatsSub<byte[]>[count];
                    var before = Heap;
                    for (var at = 0; at < count; at += 1000)
                    {
                        await Task.WhenAll(
                            Enumerable
                                .Range(at, 1000)
                                .Select(async i => kept[i] = await connection.SubscribeCoreAsync<byte[]>(subjects[i]))
                        );
                    }
                    await connection.PingAsync();
                    var each = (Heap - before) / count;
                    GC.KeepAlive(kept);
                    GC.KeepAlive(subjects);
                    await Clients.CloseAsync(connection);
                    return [each];
                }
            ),
        ]);

    /// <summary>Made beforehand: their text is the user's memory.</summary>
    private static string[] Subjects(int count) => [.. Enumerable.Range(0, count).Select(i => $"bench.memory.{i}")];
}

using System.Diagnostics;
using NasPubSub.Benchmarks.Measuring;
using NasPubSub.Benchmarks.Wire;
using NATS.Client.Core;

namespace NasPubSub.Benchmarks.Rows;

/// <summary>Requests of 16 bytes to a raw responder, so many at a time, and how long each takes.</summary>
internal static class RequestRows
{
    private const string Subject = "bench.request";
    private static readonly byte[] Payload = new byte[16];

    public static IEnumerable<Row> All =>
        [Request(1, 20_000, 1.1), Request(16, 100_000, 1.5), Request(256, 200_000, 1.5)];

    private static Row Request(int inFlight, int count, double goal) =>
        new(
            $"request, {inFlight} in flight",
            count,
            [
                new Figure("k req/s", false, Goal.OfPeer(goal)),
                new Figure("p50 µs", true),
                new Figure("p99 µs", true, Goal.OfPeer(1)),
                new Figure("B/req", true, Goal.AtMost(500)),
            ],
            bench => OpenAsync(bench, inFlight)
        )
        {
            LeastCount = inFlight * 10,
            IsKey = inFlight == 16,
        };

    private static async Task<IReadOnlyList<Contestant>> OpenAsync(Bench bench, int inFlight)
    {
        var responder = new RawResponder(bench.Port, Subject);
        var ours = await Clients.OursAsync(bench);
        var peer = await Clients.PeerAsync(bench);
        var raw = new RawRequester(bench.Port, Subject, Payload.Length);
        return
        [
            new Contender(
                Role.Ours,
                Contestant.OursName,
                count => RunAsync(inFlight, count, latencies => OursAsync(ours, latencies, inFlight)),
                ours.DisposeAsync
            ),
            new Contender(
                Role.Peer,
                Contestant.PeerName,
                count => RunAsync(inFlight, count, latencies => PeerAsync(peer, latencies, inFlight)),
                peer.DisposeAsync
            ),
            new Contender(
                Role.Limit,
                "raw socket",
                count => Task.FromResult(raw.Run(inFlight, count)),
                () =>
                {
                    raw.Dispose();
                    responder.Dispose();
                    return default;
                }
            ),
        ];
    }

    // One loop for each client, though they look alike: what the loop allocates would count as the client's.
    private static Func<int, Task> OursAsync(NasConnection connection, long[] latencies, int step) =>
        async lane =>
        {
            for (var i = lane; i < latencies.Length; i += step)
            {
                var start = Stopwatch.GetTimestamp();
                await connection.RequestAsync(Subject, Payload);
                latencies[i] = Stopwatch.GetTimestamp() - start;
            }
        };

    private static Func<int, Task> PeerAsync(NatsConnection connection, long[] latencies, int step) =>
        async lane =>
        {
            for (var i = lane; i < latencies.Length; i += step)
            {
                var start = Stopwatch.GetTimestamp();
                await connection.RequestAsync<byte[], byte[]>(Subject, Payload);
                latencies[i] = Stopwatch.GetTimestamp() - start;
            }
        };

    private static async Task<double[]> RunAsync(int inFlight, int count, Func<long[], Func<int, Task>> lanes)
    {
        var latencies = new long[count / inFlight * inFlight];
        var lane = lanes(latencies);
        var stretch = Stretch.Start();
        await Task.WhenAll(Enumerable.Range(0, inFlight).Select(i => Task.Run(() => lane(i))));
        var end = stretch.End(latencies.Length);
        var sorted = latencies.ToList();
        return [end[0], Microseconds(Turns.Percentile(sorted, 50)), Microseconds(Turns.Percentile(sorted, 99)), end[1]];
    }

    private static double Microseconds(double ticks) => ticks * 1e6 / Stopwatch.Frequency;
}

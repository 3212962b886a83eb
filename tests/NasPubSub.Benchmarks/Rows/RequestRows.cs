using System.Diagnostics;
using NasPubSub.Benchmarks.Measuring;
using NasPubSub.Benchmarks.Wire;

namespace NasPubSub.Benchmarks.Rows;

/// <summary>Requests of 16 bytes to a raw responder, so many at a time, and how long each takes.</summary>
internal static class RequestRows
{
    private const string Subject = "bench.request";
    private static readonly byte[] Payload = new byte[16];

    public static IEnumerable<Row> All => [Request(1, 20_000, 1.1), Request(16, 100_000, 1.5), Request(256, 200_000, 1.5)];

    private static Row Request(int inFlight, int count, double goal) =>
        new($"request, {inFlight} in flight", count,
            [
                new Figure("k req/s", false, Goal.OfPeer(goal)),
                new Figure("p50 µs", true),
                new Figure("p99 µs", true, Goal.OfPeer(1)),
                new Figure("B/req", true, Goal.AtMost(500)),
            ],
            bench => OpenAsync(bench, inFlight))
        { LeastCount = inFlight * 10 };

    private static async Task<IReadOnlyList<Contestant>> OpenAsync(Bench bench, int inFlight)
    {
        var responder = new RawResponder(bench.Port, Subject);
        var ours = await Clients.OursAsync(bench);
        var peer = await Clients.PeerAsync(bench);
        var raw = new RawRequester(bench.Port, Subject, Payload.Length);
        return
        [
            new Contender(Role.Ours, Contestant.OursName, count => RunAsync(inFlight, count, async () => await ours.RequestAsync(Subject, Payload)), ours.DisposeAsync),
            new Contender(Role.Peer, Contestant.PeerName, count => RunAsync(inFlight, count, async () => await peer.RequestAsync<byte[], byte[]>(Subject, Payload)), peer.DisposeAsync),
            new Contender(Role.Limit, "raw socket", count => Task.FromResult(raw.Run(inFlight, count)), () =>
            {
                raw.Dispose();
                responder.Dispose();
                return default;
            }),
        ];
    }

    private static async Task<double[]> RunAsync(int inFlight, int count, Func<ValueTask> request)
    {
        var latencies = new long[count / inFlight * inFlight];
        var stretch = Stretch.Start();
        await Task.WhenAll(Enumerable.Range(0, inFlight).Select(lane => Task.Run(() => LaneAsync(lane))));
        var (rate, bytes) = stretch.End(latencies.Length) is var end ? (end[0], end[1]) : default;
        var sorted = latencies.ToList();
        return [rate, Microseconds(Turns.Percentile(sorted, 50)), Microseconds(Turns.Percentile(sorted, 99)), bytes];

        async Task LaneAsync(int lane)
        {
            for (var i = lane; i < latencies.Length; i += inFlight)
            {
                var start = Stopwatch.GetTimestamp();
                await request();
                latencies[i] = Stopwatch.GetTimestamp() - start;
            }
        }
    }

    private static double Microseconds(double ticks) => ticks * 1e6 / Stopwatch.Frequency;
}

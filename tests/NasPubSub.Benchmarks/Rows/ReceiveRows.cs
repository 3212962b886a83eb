using NasPubSub.Benchmarks.Measuring;

namespace NasPubSub.Benchmarks.Rows;

/// <summary>A raw publisher sends, the server passes it on, the contestant handles each message.</summary>
internal static class ReceiveRows
{
    public static IEnumerable<Row> All =>
        [
            Receive(16, 1, 1_000_000, Goal.OfLimit(0.95), Goal.OfPeer(1.15)),
            Receive(128, 1, 1_000_000, Goal.OfLimit(0.95), Goal.OfPeer(1.15)),
            Receive(1024, 1, 300_000, Goal.OfLimit(0.95), Goal.OfPeer(1.15)),
            Receive(16 * 1024, 1, 30_000, Goal.OfLimit(0.95), Goal.OfPeer(1.15)),
            Receive(16, 1000, 1_000_000, Goal.OfLimit(0.95), Goal.OfPeer(1.15)),
            Receive(128, 1000, 1_000_000, Goal.OfLimit(0.95), Goal.OfPeer(1.15)),
            Receive(1024, 1000, 300_000, Goal.OfLimit(0.95), Goal.OfPeer(1.15)),
            Receive(16 * 1024, 1000, 30_000, Goal.OfLimit(0.95), Goal.OfPeer(1.15)),
            Make("fan-out to 8 subscriptions", new Reception(1, 16, Times: 8), 200_000, 80, Goal.OfPeer(1.3)),
            // Every message allocates its subject's text: 24 + 2 bytes a character, and what points to it.
            Make(
                "wildcard, new subject each message",
                new Reception(100_000, 16, Wildcard: true),
                1_000_000,
                null,
                Goal.OfPeer(1.3)
            ),
        ];

    private static Row Receive(int size, int subscriptions, int count, params Goal[] goals) =>
        Make(
            $"receive {size:N0} B, {subscriptions:N0} subscription{(subscriptions > 1 ? "s" : "")}",
            new Reception(subscriptions, size),
            count,
            size + 64,
            goals
        );

    private static Row Make(string name, Reception reception, int count, int? bytes, params Goal[] goals) =>
        new(
            name,
            count,
            [Figure.Rate(goals), Figure.Allocated(bytes is { } most ? [Goal.AtMost(most)] : [])],
            async bench =>
                [
                    await Receiver.OursAsync(bench, reception),
                    await Receiver.PeerAsync(bench, reception),
                    Receiver.Raw(bench, reception),
                    Receiver.Raw(bench, reception, keeps: true),
                ]
        )
        {
            LeastCount = reception.Wildcard ? 1 : reception.Subjects,
            IsKey = reception is { Size: 16, Subjects: 1, Times: 1 },
        };
}

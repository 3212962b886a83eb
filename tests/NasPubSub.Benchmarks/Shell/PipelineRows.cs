using System.Management.Automation;
using NasPubSub.Benchmarks.Measuring;
using NasPubSub.Benchmarks.Rows;
using NasPubSub.Benchmarks.Wire;

namespace NasPubSub.Benchmarks.Shell;

/// <summary>The cmdlets in the hosted engine, against the engine doing nothing.</summary>
internal static class PipelineRows
{
    private const string Subject = "bench.pipe";

    public static IEnumerable<Row> All =>
        [
            Publish("strings", i => $"message {i:D8}", peer: "string"),
            Publish("byte[]", _ => new byte[16], peer: "byte[]"),
            Publish(
                "objects",
                i => new PSObject
                {
                    Properties =
                    {
                        new PSNoteProperty("Id", i),
                        new PSNoteProperty("Name", $"name {i}"),
                        new PSNoteProperty("Ok", true),
                    },
                },
                peer: null
            ),
            Publish("1..n", i => i, peer: null),
            new(
                "pipeline: Receive-NasMessage -Count n",
                200_000,
                [new Figure("k obj/s", false, Goal.OfLimit(0.80))],
                ReceiveAsync
            )
            {
                IsKey = true,
            },
            new(
                "pipeline: -Action handler",
                400_000,
                [new Figure("k msg/s", false, Goal.OfLimit(0.80))],
                bench => ActionAsync(bench, reply: false)
            ),
            new(
                "pipeline: -Action handler with -Reply",
                200_000,
                [new Figure("k msg/s", false, Goal.OfLimit(0.80))],
                bench => ActionAsync(bench, reply: true)
            ),
        ];

    private static Row Publish(string what, Func<int, object> make, string? peer) =>
        new(
            $"pipeline: {what} to Publish-NasMessage",
            200_000,
            [
                new Figure(
                    "k obj/s",
                    false,
                    peer is not null ? [Goal.OfLimit(0.80), Goal.OfPeer(5)]
                        : what == "1..n" ? [Goal.OfLimit(0.80)]
                        : []
                ),
            ],
            bench => PublishAsync(bench, make, peer)
        )
        {
            IsKey = what == "strings",
        };

    private static async Task<IReadOnlyList<Contestant>> PublishAsync(
        Bench bench,
        Func<int, object> make,
        string? peerType
    )
    {
        var shell = new HostedShell();
        var nas = shell.Get<NasConnection>($"Connect-NasPubSub {bench.Server} -NoNamespace");
        var peer = await Clients.PeerAsync(bench);
        shell["nc"] = peer;
        object[] items = [];
        List<Contestant> contestants =
        [
            new Contender(
                Role.Ours,
                Contestant.OursName,
                count => Time(count, $"$items | Publish-NasMessage {Subject}", () => nas.FlushAsync()),
                () =>
                {
                    shell.Run("Disconnect-NasPubSub");
                    shell.Dispose();
                    return peer.DisposeAsync();
                }
            ),
            new Contender(Role.Limit, "no-op cmdlet", Nothing),
            new Beside("no-op cmdlet beside a raw socket", Nothing, PublishRows.Raw(bench, 16)),
        ];
        if (peerType is not null)
        {
            contestants.Insert(
                1,
                new Contender(
                    Role.Peer,
                    Contestant.PeerName + " in ForEach-Object",
                    count =>
                        Time(
                            count,
                            $"$items | ForEach-Object {{ $null = $nc.PublishAsync[{peerType}]('{Subject}', $_, $null, [NullString]::Value, $null, $null, [Threading.CancellationToken]::None) }}",
                            async () => await peer.PingAsync()
                        )
                )
            );
        }

        return contestants;

        Task<double[]> Nothing(int count) => Time(count, $"$items | Publish-Nothing {Subject}", null);

        async Task<double[]> Time(int count, string script, Func<Task>? flush)
        {
            if (items.Length != count)
            {
                shell["items"] = items = [.. Enumerable.Range(0, count).Select(make)];
            }

            var stretch = Stretch.Start();
            shell.Run(script);
            if (flush is not null)
            {
                await flush();
            }

            return [stretch.End(count)[0]];
        }
    }

    private static Task<IReadOnlyList<Contestant>> ReceiveAsync(Bench bench)
    {
        var shell = new HostedShell();
        var nas = shell.Get<NasConnection>($"Connect-NasPubSub {bench.Server} -NoNamespace");
        shell["idle"] = nas.SubscribeAsync("bench.idle").GetAwaiter().GetResult();
        var publisher = new RawPublisher(bench.Port, new Traffic(["o.bench"], 16));
        return Task.FromResult<IReadOnlyList<Contestant>>([
            new Contender(
                Role.Ours,
                Contestant.OursName,
                async count =>
                {
                    var stretch = Stretch.Start();
                    var sending = Task.Run(() => SendWhenSubscribedAsync(count));
                    shell.Run($"Receive-NasMessage o.bench -Count {count} | Out-Null");
                    await sending;
                    return [stretch.End(count)[0]];
                },
                () =>
                {
                    publisher.Dispose();
                    shell.Run("Disconnect-NasPubSub");
                    shell.Dispose();
                    return default;
                }
            ),
            new Contender(Role.Limit, "no-op source cmdlet", Nothing),
            new Beside("no-op source cmdlet beside a raw socket", Nothing, Receiver.Raw(bench, new Reception(1, 16))),
        ]);

        Task<double[]> Nothing(int count)
        {
            var stretch = Stretch.Start();
            shell.Run($"Receive-Nothing $idle -Count {count} | Out-Null");
            return Task.FromResult<double[]>([stretch.End(count)[0]]);
        }

        async Task SendWhenSubscribedAsync(int count)
        {
            while (!nas.Subscriptions.Any(s => s.Subject == "o.bench"))
            {
                await Task.Yield();
            }

            await nas.FlushAsync();
            publisher.Start(count);
        }
    }

    private static async Task<IReadOnlyList<Contestant>> ActionAsync(Bench bench, bool reply)
    {
        var shell = new HostedShell();
        var nas = shell.Get<NasConnection>($"Connect-NasPubSub {bench.Server} -NoNamespace");
        var action = $"[{typeof(ShellCounter)}]::Add(); {(reply ? "'ok'" : "")}";
        shell.Run($"$job = Register-NasSubscription bench.action {(reply ? "-Reply " : "")}-Action {{ {action} }}");
        var traffic = new Traffic(["bench.action"], 16, reply ? "bench.answer" : null);
        var publisher = new RawPublisher(bench.Port, traffic);
        var messages = Array.Empty<NasMessage>();
        var idle = await nas.SubscribeAsync("bench.idle");
        return
        [
            new Contender(
                Role.Ours,
                Contestant.OursName,
                async count =>
                {
                    var all = ShellCounter.Expect(count);
                    var stretch = Stretch.Start();
                    publisher.Start(count);
                    await all;
                    return [stretch.End(count)[0]];
                },
                () =>
                {
                    publisher.Dispose();
                    shell.Run("$job | Unregister-NasSubscription; Disconnect-NasPubSub");
                    shell.Dispose();
                    return default;
                }
            ),
            new Contender(Role.Limit, "process block", Block),
            new Beside(
                "process block beside raw sockets",
                Block,
                [
                    Receiver.Raw(bench, new Reception(1, 16)),
                    .. reply ? [PublishRows.Raw(bench, 16)] : Array.Empty<Contestant>(),
                ]
            ),
        ];

        Task<double[]> Block(int count)
        {
            if (messages.Length != count)
            {
                var origin = new MessageOrigin(idle, "bench.idle");
                shell["messages"] = messages = [
                    .. Enumerable.Range(0, count).Select(_ => new NasMessage(origin, new byte[16], null, 0)),
                ];
            }
            _ = ShellCounter.Expect(count);
            var stretch = Stretch.Start();
            shell.Run($"$null = $messages | & {{ process {{ {action} }} }}");
            return Task.FromResult<double[]>([stretch.End(count)[0]]);
        }
    }
}

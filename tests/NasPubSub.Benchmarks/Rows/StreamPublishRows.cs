using NasPubSub.Benchmarks.Measuring;
using NasPubSub.Benchmarks.Shell;
using NasPubSub.Benchmarks.Wire;
using NasPubSub.JetStream;
using NasPubSub.TestServer;
using NATS.Client.JetStream;

namespace NasPubSub.Benchmarks.Rows;

/// <summary>Publish n messages of 128 B to a stream in memory, each acknowledged, 1,000 under way at most.</summary>
internal static class StreamPublishRows
{
    private const string Subject = "bench.stream",
        Stream = "BENCH",
        FastSubject = "bench.fast",
        FastStream = "FAST",
        AllowBatched = ",\"allow_batched\":true";
    private const int Size = 128,
        Window = 1000;

    /// <summary>A number as JSON, and the header that says so.</summary>
    private const int PipelineSize = 38;

    public static IEnumerable<Row> All =>
        [
            new(
                "publish 128 B with acknowledgement",
                300_000,
                [Figure.Rate(Goal.OfLimit(0.80), Goal.OfPeer(2.5)), Figure.Allocated()],
                _ => OpenAsync()
            )
            {
                IsKey = true,
            },
            new(
                "publish 128 B by fast ingest",
                300_000,
                [Figure.Rate(Goal.OfLimit(1.0)), Figure.Allocated()],
                _ => OpenFastAsync()
            ),
            new(
                "pipeline: 1..n to Publish-NasMessage -Stream",
                200_000,
                [new Figure("k obj/s", false, Goal.OfLimit(0.50))],
                _ => OpenPipelineAsync(isFast: false)
            ),
            new(
                "pipeline: 1..n by fast ingest",
                200_000,
                [new Figure("k obj/s", false, Goal.OfLimit(0.50))],
                _ => OpenPipelineAsync(isFast: true)
            ),
        ];

    private static async Task<IReadOnlyList<Contestant>> OpenAsync()
    {
        var server = await NatsServer.StartAsync(new NatsServerOptions { JetStream = true });
        var bench = new Bench(server.Url, server.Port);
        var payload = new byte[Size];
        var ours = await Clients.OursAsync(bench);
        await CreateStreamAsync(ours);
        var publisher = new NasJetStream(ours).CreatePublisher();
        var peer = await Clients.PeerAsync(bench);
        var context = new NatsJSContext(peer);
        var raw = new RawStreamPublisher(server.Port, Subject, Size, Window);
        return
        [
            new Contender(
                Role.Ours,
                Contestant.OursName,
                async count =>
                {
                    await PurgeAsync(ours);
                    var stretch = Stretch.Start();
                    for (var i = 0; i < count; i++)
                    {
                        await publisher.PublishAsync(Subject, payload);
                    }

                    await publisher.FlushAsync();
                    return stretch.End(count);
                },
                async () =>
                {
                    await ours.DisposeAsync();
                    await server.DisposeAsync();
                }
            ),
            new Contender(
                Role.Peer,
                Contestant.PeerName,
                async count =>
                {
                    await PurgeAsync(ours);
                    return await PeerAsync(context, payload, count);
                },
                () => new ValueTask(Clients.CloseAsync(peer))
            ),
            new Contender(
                Role.Limit,
                "raw socket",
                async count =>
                {
                    await PurgeAsync(ours);
                    return raw.Run(count);
                },
                () =>
                {
                    raw.Dispose();
                    return default;
                }
            ),
        ];
    }

    /// <summary>The same publisher to a stream that allows batches, and to one that does not.</summary>
    private static async Task<IReadOnlyList<Contestant>> OpenFastAsync()
    {
        var server = await NatsServer.StartAsync(new NatsServerOptions { JetStream = true });
        var ours = await Clients.OursAsync(new Bench(server.Url, server.Port));
        await CreateStreamAsync(ours);
        await CreateStreamAsync(ours, FastStream, FastSubject, AllowBatched);
        var publisher = new NasJetStream(ours).CreatePublisher();
        var payload = new byte[Size];
        return
        [
            new Contender(
                Role.Ours,
                Contestant.OursName,
                count => RunAsync(FastStream, FastSubject, count),
                async () =>
                {
                    await ours.DisposeAsync();
                    await server.DisposeAsync();
                }
            ),
            new Contender(
                Role.Limit,
                "an acknowledgement for each message",
                count => RunAsync(Stream, Subject, count)
            ),
        ];

        async Task<double[]> RunAsync(string stream, string subject, int count)
        {
            await PurgeAsync(ours, stream);
            var stretch = Stretch.Start();
            for (var i = 0; i < count; i++)
            {
                await publisher.PublishAsync(subject, payload);
            }

            await publisher.FlushAsync();
            return stretch.End(count);
        }
    }

    private static async Task<double[]> PeerAsync(NatsJSContext context, byte[] payload, int count)
    {
        var pending = new ValueTask<NATS.Client.JetStream.Models.PubAckResponse>[Window];
        var stretch = Stretch.Start();
        for (var i = 0; i < count; i++)
        {
            if (i >= Window)
            {
                (await pending[i % Window]).EnsureSuccess();
            }
            pending[i % Window] = context.PublishAsync(Subject, payload);
        }

        for (var i = Math.Max(0, count - Window); i < count; i++)
        {
            (await pending[i % Window]).EnsureSuccess();
        }
        return stretch.End(count);
    }

    /// <param name="isFast">Publish to a stream that allows batches? Then there is no floor.</param>
    private static async Task<IReadOnlyList<Contestant>> OpenPipelineAsync(bool isFast)
    {
        var server = await NatsServer.StartAsync(new NatsServerOptions { JetStream = true });
        var shell = new HostedShell();
        var nas = shell.Get<NasConnection>($"Connect-NasPubSub {server.Url} -NoNamespace");
        await CreateStreamAsync(nas);
        await CreateStreamAsync(nas, FastStream, FastSubject, AllowBatched);
        var (stream, subject) = isFast ? (FastStream, FastSubject) : (Stream, Subject);
        List<Contestant> contestants =
        [
            new Contender(
                Role.Ours,
                Contestant.OursName,
                async count =>
                {
                    await PurgeAsync(nas, stream);
                    return Time(count, $"1..{count} | Publish-NasMessage {subject} -Stream {stream}");
                },
                async () =>
                {
                    shell.Run("Disconnect-NasPubSub");
                    shell.Dispose();
                    await server.DisposeAsync();
                }
            ),
            new Contender(
                Role.Limit,
                "Publish-NasMessage without a stream",
                count => Task.FromResult(Time(count, $"1..{count} | Publish-NasMessage core.stream -Flush"))
            ),
        ];
        if (!isFast)
        {
            contestants.Add(BesideRaw(server, nas, Time));
        }
        return contestants;

        double[] Time(int count, string script)
        {
            var stretch = Stretch.Start();
            shell.Run(script);
            return [stretch.End(count)[0]];
        }
    }

    /// <summary>The floor of the pipeline: what engine and server do, without this client.</summary>
    private static Beside BesideRaw(NatsServer server, NasConnection nas, Func<int, string, double[]> time)
    {
        var raw = new RawStreamPublisher(server.Port, Subject, PipelineSize, Window);
        return new Beside(
            "no-op cmdlet beside a raw socket with acknowledgements",
            async count =>
            {
                await PurgeAsync(nas);
                return time(count, $"1..{count} | Publish-Nothing {Subject}");
            },
            new Contender(
                Role.Limit,
                "raw socket",
                count => Task.FromResult(raw.Run(count)),
                () =>
                {
                    raw.Dispose();
                    return default;
                }
            )
        );
    }

    /// <summary>The server forgets ids after 5 s, so that those of earlier turns do not pile up.</summary>
    private static Task CreateStreamAsync(
        NasConnection connection,
        string stream = Stream,
        string subject = Subject,
        string more = ""
    )
    {
        var start = $$"""{"name":"{{stream}}","subjects":["{{subject}}"],"storage":"memory",""";
        return CallAsync(connection, $"STREAM.CREATE.{stream}", start + $"\"duplicate_window\":5000000000{more}}}");
    }

    private static Task PurgeAsync(NasConnection connection, string stream = Stream) =>
        CallAsync(connection, $"STREAM.PURGE.{stream}", "");

    private static async Task CallAsync(NasConnection connection, string call, string json)
    {
        var reply = await connection.RequestAsync($"$JS.API.{call}", json, useNamespace: false);
        if (reply.Text.Contains("\"error\"", StringComparison.Ordinal))
        {
            throw new InvalidOperationException(reply.Text);
        }
    }
}

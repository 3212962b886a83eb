using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using System.Runtime.CompilerServices;
using NasPubSub.Client.Tests.Connection;
using NasPubSub.Client.Tests.Infrastructure;
using NasPubSub.TestServer;

namespace NasPubSub.Client.Tests.Diagnostics;

/// <summary>Counters of the whole process: no other test runs beside.</summary>
[Collection(nameof(Alone))]
public sealed class MetricsTests
{
    [Fact]
    public async Task The_counters_of_all_connections_are_summed_and_survive_their_end()
    {
        await using var server = await NatsServer.StartAsync();
        using var meter = new Recorder();
        var before = meter.Collect();
        var first = await Quick.ConnectAsync(server);
        await using var second = await Quick.ConnectAsync(server);
        var subscription = await first.SubscribeAsync(
            "a",
            options: new NasSubscriptionOptions { MaxPendingMessages = 2 }
        );
        for (var i = 0; i < 3; i++)
        {
            second.Publish("a", "1234");
        }
        await second.FlushAsync();
        // What is received is counted after it was delivered.
        await Eventually.TrueAsync(() => subscription.Delivered == 3 && first.Statistics.MessagesIn == 3);

        var during = Difference(before, meter.Collect());
        Assert.Equal(2, during["nas.client.connections"]);
        Assert.Equal(2, during["nas.client.pending.messages"]);
        await first.DisposeAsync();
        var after = Difference(before, meter.Collect());
        foreach (var change in new[] { during, after })
        {
            Assert.Equal(3, change["messaging.client.sent.messages"]);
            Assert.Equal(3, change["messaging.client.consumed.messages"]);
            Assert.Equal((12, 12), (change["nas.client.sent.bytes"], change["nas.client.received.bytes"]));
            Assert.Equal((1, 0), (change["nas.client.dropped.messages"], change["nas.client.reconnects"]));
            Assert.Equal(0, change["nas.client.unconfirmed.messages"]);
        }
        Assert.Equal((1, 0), (after["nas.client.connections"], after["nas.client.pending.messages"]));
        await second.ReconnectAsync();
        Assert.Equal(1, Difference(before, meter.Collect())["nas.client.reconnects"]);
    }

    [Fact]
    public async Task Requests_are_timed_with_the_kind_of_their_error()
    {
        await using var server = await NatsServer.StartAsync();
        await using var connection = await Quick.ConnectAsync(server);
        await connection.SubscribeAsync("a", m => m.ReplyAsync("x"));
        using var meter = new Recorder();
        await connection.RequestAsync("a", "x");
        await Clients.FailsAsync(NasError.NoResponders, () => connection.RequestAsync("nobody", "x").AsTask());

        var (good, bad) = (meter.Durations.First(), meter.Durations.Last());
        Assert.Equal(2, meter.Durations.Count);
        Assert.InRange(good.Seconds, 0.000001, 30);
        Assert.Equal("messaging.system=nats;messaging.operation.name=request", good.Tags);
        Assert.Equal("messaging.system=nats;messaging.operation.name=request;error.type=NoResponders", bad.Tags);
    }

    [Fact]
    public void A_connection_that_nobody_holds_is_not_kept_for_its_counters()
    {
        using var meter = new Recorder();
        var connection = Forgotten();
        meter.Collect();
        GC.Collect();
        Assert.False(connection.IsAlive);
        meter.Collect();
    }

    [MethodImpl(MethodImplOptions.NoInlining)]
    private static WeakReference Forgotten() => new(new NasConnection(new NasOptions()));

    private static Dictionary<string, long> Difference(
        Dictionary<string, long> before,
        Dictionary<string, long> after
    ) =>
        after.ToDictionary(a => a.Key, a => a.Value - before[a.Key]);

    private sealed class Recorder : IDisposable
    {
        private readonly MeterListener _listener = new();
        private readonly Dictionary<string, long> _values = [];

        public Recorder()
        {
            // The instruments exist from the first connection on.
            new NasConnection(new NasOptions()).Dispose();
            _listener.InstrumentPublished = (instrument, listener) =>
            {
                if (instrument.Meter.Name == NasDiagnostics.MeterName)
                {
                    listener.EnableMeasurementEvents(instrument);
                }
            };
            _listener.SetMeasurementEventCallback<long>((instrument, value, _, _) => _values[instrument.Name] = value);
            _listener.SetMeasurementEventCallback<double>(
                (instrument, value, tags, _) =>
                    Durations.Enqueue((value, string.Join(";", tags.ToArray().Select(t => $"{t.Key}={t.Value}"))))
            );
            _listener.Start();
        }

        public ConcurrentQueue<(double Seconds, string Tags)> Durations { get; } = new();

        public Dictionary<string, long> Collect()
        {
            _values.Clear();
            _listener.RecordObservableInstruments();
            return new(_values);
        }

        public void Dispose() => _listener.Dispose();
    }
}

#if !NETSTANDARD2_0
using System.Diagnostics.Metrics;
using System.Runtime.CompilerServices;
using NasPubSub.Threading;
#endif

namespace NasPubSub.Diagnostics;

/// <summary>
/// The Meter: the sums of the counters that every connection keeps anyway, read when somebody collects them, and the
/// duration of requests, measured while somebody listens. Thread-safe.
/// </summary>
internal static class Metrics
{
#if NETSTANDARD2_0
    public static bool MeasuresRequests => false;

    public static void Add(IMeasured connection) { }

    public static void Retire(IMeasured connection) { }

    public static void RecordRequest(TimeSpan duration, Exception? error) { }
#else
    private static readonly Gate Lock = new(LockLevel.Metrics);
    private static readonly ConditionalWeakTable<IMeasured, object> Connections = [];

    /// <summary>What closed connections counted: a counter never goes back.</summary>
    private static NasStatistics _retired = new(0, 0, 0, 0, 0, 0, 0);

    private static readonly KeyValuePair<string, object?> System = new("messaging.system", "nats");
    private static readonly Meter Meter = new(
        NasDiagnostics.MeterName,
        typeof(Metrics).Assembly.GetName().Version!.ToString(3)
    );
    private static readonly Histogram<double> RequestDuration = Meter.CreateHistogram<double>(
        "messaging.client.operation.duration",
        "s",
        "Duration of requests for one reply."
    );

    static Metrics()
    {
        Count("messaging.client.sent.messages", "{message}", "Messages published.", s => s.MessagesOut, "publish");
        Count("messaging.client.consumed.messages", "{message}", "Messages received.", s => s.MessagesIn, "receive");
        Count("nas.client.sent.bytes", "By", "Bytes of payloads and headers published.", s => s.BytesOut);
        Count("nas.client.received.bytes", "By", "Bytes of payloads and headers received.", s => s.BytesIn);
        Count("nas.client.reconnects", "{reconnect}", "Connections that came back.", s => s.Reconnects);
        Count("nas.client.dropped.messages", "{message}", "Messages dropped by full subscriptions.", s => s.Dropped);
        Count(
            "nas.client.unconfirmed.messages",
            "{message}",
            "Messages that a break may have lost: the server had not confirmed them.",
            s => s.Unconfirmed
        );
        Gauge("nas.client.connections", "{connection}", "Connections with a server.", c => c.IsConnected ? 1 : 0);
        Gauge("nas.client.pending.messages", "{message}", "Messages in subscriptions.", c => c.PendingMessages);
        Gauge("nas.client.pending.bytes", "By", "Bytes that the network has not taken.", c => c.PendingBytes);
    }

    /// <summary>Does anybody listen to the duration of requests?</summary>
    public static bool MeasuresRequests => RequestDuration.Enabled;

    /// <summary>Counts a connection, for as long as it is alive.</summary>
    public static void Add(IMeasured connection) => Connections.Add(connection, Lock);

    /// <summary>Keeps what a closed connection counted.</summary>
    public static void Retire(IMeasured connection)
    {
        using (Lock.Enter())
        {
            if (Connections.Remove(connection))
            {
                _retired = Sum(_retired, connection.Statistics);
            }
        }
    }

    public static void RecordRequest(TimeSpan duration, Exception? error)
    {
        var operation = new KeyValuePair<string, object?>("messaging.operation.name", "request");
        if (error is null)
        {
            RequestDuration.Record(duration.TotalSeconds, System, operation);
        }
        else
        {
            var type = new KeyValuePair<string, object?>("error.type", Tracing.ErrorType(error));
            RequestDuration.Record(duration.TotalSeconds, System, operation, type);
        }
    }

    private static void Count(
        string name,
        string unit,
        string description,
        Func<NasStatistics, long> value,
        string? operation = null
    )
    {
        KeyValuePair<string, object?>[] tags = operation is null
            ? [System]
            : [System, new("messaging.operation.name", operation)];
        Meter.CreateObservableCounter(name, () => new Measurement<long>(value(Total()), tags), unit, description);
    }

    private static void Gauge(string name, string unit, string description, Func<IMeasured, long> value) =>
        Meter.CreateObservableUpDownCounter(
            name,
            () => new Measurement<long>(Connections.Sum(c => value(c.Key)), System),
            unit,
            description
        );

    private static NasStatistics Total()
    {
        using (Lock.Enter())
        {
            return Connections.Aggregate(_retired, (sum, c) => Sum(sum, c.Key.Statistics));
        }
    }

    private static NasStatistics Sum(NasStatistics a, NasStatistics b) =>
        new(
            a.MessagesIn + b.MessagesIn,
            a.MessagesOut + b.MessagesOut,
            a.BytesIn + b.BytesIn,
            a.BytesOut + b.BytesOut,
            a.Reconnects + b.Reconnects,
            a.Dropped + b.Dropped,
            a.Unconfirmed + b.Unconfirmed
        );
#endif
}

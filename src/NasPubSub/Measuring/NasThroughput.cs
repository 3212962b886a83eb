using NasPubSub.Measuring;

namespace NasPubSub;

/// <summary>What Measure-NasThroughput measures.</summary>
public enum NasMeasureMode
{
    /// <summary>Publishing, until the server has processed all.</summary>
    Publish,

    /// <summary>From publisher to subscriber, over two connections.</summary>
    PublishSubscribe,

    /// <summary>Requests and their replies.</summary>
    Request,
}

/// <summary>The result of a measurement.</summary>
public sealed class NasThroughput
{
    internal NasThroughput(
        NasMeasureMode mode,
        string server,
        long messages,
        int size,
        TimeSpan elapsed,
        LatencyHistogram? latencies,
        double[] rates
    )
    {
        (Mode, Server, Messages, Size, Elapsed) = (mode, server, messages, size, elapsed);
        Rates = rates;
        if (latencies is null)
        {
            return;
        }

        Latencies = latencies.ToClasses();
        (P50Microseconds, P90Microseconds, P99Microseconds, P999Microseconds) = (
            latencies.Percentile(0.5),
            latencies.Percentile(0.9),
            latencies.Percentile(0.99),
            latencies.Percentile(0.999)
        );
        MaxMicroseconds = latencies.MaxMicroseconds;
    }

    /// <summary>The measured mode.</summary>
    public NasMeasureMode Mode { get; }

    /// <summary>The server's address.</summary>
    public string Server { get; }

    /// <summary>How many messages, or requests.</summary>
    public long Messages { get; }

    /// <summary>Payload of each, in bytes.</summary>
    public int Size { get; }

    /// <summary>How long all of them took.</summary>
    public TimeSpan Elapsed { get; }

    /// <summary>Messages, or requests, a second.</summary>
    public double MessagesPerSecond => Elapsed > TimeSpan.Zero ? Messages / Elapsed.TotalSeconds : 0;

    /// <summary>Payload, in megabytes (10^6) a second.</summary>
    public double MegabytesPerSecond => MessagesPerSecond * Size / 1e6;

    /// <summary>Half of them took less, in microseconds; 0 where latency is not measured.</summary>
    public double P50Microseconds { get; }

    /// <summary>Nine of ten took less.</summary>
    public double P90Microseconds { get; }

    /// <summary>99 of 100 took less.</summary>
    public double P99Microseconds { get; }

    /// <summary>999 of 1000 took less.</summary>
    public double P999Microseconds { get; }

    /// <summary>The longest.</summary>
    public double MaxMicroseconds { get; }

    /// <summary>The latencies by class; empty where latency is not measured.</summary>
    public NasLatencyClass[] Latencies { get; } = [];

    /// <summary>Messages a second, in equal parts of the run.</summary>
    public double[] Rates { get; }

    /// <inheritdoc/>
    public override string ToString() => $"{Mode}: {MessagesPerSecond:N0} messages/s of {Size} bytes";
}

using System.Threading.Channels;
using NasPubSub.Benchmarks.Measuring;
using NATS.Client.Core;

namespace NasPubSub.Benchmarks.Rows;

/// <summary>
/// Connections as the rows want them: nothing may be dropped, and no namespace, so that all send the same bytes.
/// </summary>
internal static class Clients
{
    /// <summary>
    /// Beyond what any turn sends: a subscription that falls behind shows as a lower rate, not as lost messages.
    /// </summary>
    private static readonly NasSubscriptionOptions NoDrops = With(
        new NasSubscriptionOptions(),
        (nameof(NasSubscriptionOptions.MaxPendingMessages), 1 << 24),
        (nameof(NasSubscriptionOptions.MaxPendingBytes), 1L << 33)
    );

    public static async Task<NasConnection> OursAsync(Bench bench, bool dropsNone = true)
    {
        var options = With(
            new NasOptions(),
            (nameof(NasOptions.Servers), new[] { bench.Server }),
            (nameof(NasOptions.Namespace), null)
        );
        var connection = new NasConnection(
            dropsNone ? With(options, (nameof(NasOptions.Subscriptions), NoDrops)) : options
        );
        await connection.ConnectAsync();
        return connection;
    }

    /// <summary>
    /// Sets init-only properties by name: compiled, they would belong to one of the two builds, each of which has the
    /// compiler's mark for them from elsewhere.
    /// </summary>
    private static T With<T>(T options, params (string Name, object? Value)[] properties)
        where T : notnull
    {
        foreach (var (name, value) in properties)
        {
            typeof(T).GetProperty(name)!.SetValue(options, value);
        }

        return options;
    }

    public static async Task<NatsConnection> PeerAsync(Bench bench)
    {
        var connection = new NatsConnection(PeerOptions(bench));
        await connection.ConnectAsync();
        return connection;
    }

    public static NatsOpts PeerOptions(Bench bench) =>
        NatsOpts.Default with
        {
            Url = bench.Server,
            SubPendingChannelFullMode = BoundedChannelFullMode.Wait,
            SubPendingChannelCapacity = 64 * 1024,
            SuppressSlowConsumerWarnings = true,
        };

    /// <summary>With many subscriptions its disposal runs into a time-out of its own.</summary>
    public static async Task CloseAsync(NatsConnection connection)
    {
        try
        {
            await connection.DisposeAsync();
        }
        catch (NatsException)
        {
            // The row is measured; the socket closes with the process.
        }
    }
}

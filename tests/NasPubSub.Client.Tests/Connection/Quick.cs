using NasPubSub.Client.Tests.Infrastructure;
using NasPubSub.TestServer;

namespace NasPubSub.Client.Tests.Connection;

/// <summary>Connections for tests: no namespace, short delays, everything else as users have it.</summary>
internal static class Quick
{
    public static NasOptions Options(params string[] servers) =>
        Clients.Options(servers) with
        {
            Namespace = null,
            ReconnectMaxWait = TimeSpan.FromMilliseconds(200),
            MaxReconnects = new NasOptions().MaxReconnects,
        };

    public static Task<NasConnection> ConnectAsync(NatsServer server) => ConnectAsync(Options(server.Url));

    public static async Task<NasConnection> ConnectAsync(NasOptions options)
    {
        var connection = new NasConnection(options);
        await connection.ConnectAsync();
        return connection;
    }

    /// <summary>The next message's text, within the deadline.</summary>
    public static async Task<string> NextAsync(this NasSubscription subscription, TimeSpan? within = null) =>
        (await subscription.ReadAsync().AsTask().WaitAsync(within ?? Eventually.DefaultDeadline))?.Text ?? "(end)";

    /// <summary>The texts of the next messages.</summary>
    public static async Task<string[]> NextAsync(this NasSubscription subscription, int count)
    {
        var texts = new string[count];
        for (var i = 0; i < count; i++)
        {
            texts[i] = await subscription.NextAsync();
        }

        return texts;
    }

    public static Task ConnectedAsync(this NasConnection connection, long reconnects = 0) =>
        Eventually.TrueAsync(
            () => connection.IsConnected && connection.Statistics.Reconnects >= reconnects,
            explain: () =>
                $"{connection}, {connection.Statistics.Reconnects} reconnects, last error: {connection.LastError}"
        );
}

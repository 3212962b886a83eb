using System.Collections.Concurrent;
using NasPubSub.TestServer;

namespace NasPubSub.Client.Tests.Infrastructure;

/// <summary>Short ways for tests to connect.</summary>
internal static class Clients
{
    /// <summary>Options with times fit for tests.</summary>
    public static NasOptions Options(params string[] urls) =>
        new()
        {
            Servers = urls,
            ReconnectWait = TimeSpan.FromMilliseconds(20),
            ReconnectMaxWait = TimeSpan.FromMilliseconds(100),
            MaxReconnects = -1,
        };

    public static async Task<NasConnection> ConnectAsync(this NasOptions options)
    {
        var connection = new NasConnection(options);
        await connection.ConnectAsync();
        return connection;
    }

    public static Task<NasConnection> ConnectAsync(
        this NatsServer server,
        Func<NasOptions, NasOptions>? change = null
    ) => (change ?? (o => o))(Options(server.Url)).ConnectAsync();

    /// <summary>What happens to a connection from now on.</summary>
    public static ConcurrentQueue<NasEvent> Record(this NasConnection connection)
    {
        var events = new ConcurrentQueue<NasEvent>();
        connection.Notified += events.Enqueue;
        return events;
    }

    public static Task SeenAsync(
        this ConcurrentQueue<NasEvent> events,
        NasEventKind kind,
        int count = 1,
        TimeSpan? within = null
    ) =>
        Eventually.TrueAsync(
            () => events.Count(e => e.Kind == kind) >= count,
            within ?? TimeSpan.FromSeconds(20),
            () => $"no {kind} among {string.Join("; ", events.Select(e => e.Kind + ": " + e.Message))}"
        );

    public static async Task<NasException> FailsAsync(NasError error, Func<Task> action)
    {
        var thrown = await Assert.ThrowsAsync<NasException>(action);
        Assert.Equal(error, thrown.Error);
        return thrown;
    }

    public static async Task<List<NasMessage>> TakeAsync(this NasSubscription subscription, int count, int seconds = 20)
    {
        using var limit = new CancellationTokenSource(TimeSpan.FromSeconds(seconds));
        var messages = new List<NasMessage>();
        while (messages.Count < count && await subscription.ReadAsync(limit.Token) is { } message)
        {
            messages.Add(message);
        }

        return messages;
    }
}

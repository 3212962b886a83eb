using NasPubSub.Client.Tests.Infrastructure;
using NasPubSub.TestServer;

namespace NasPubSub.Client.Tests.Connection;

/// <summary>Lines longer than a server takes, 4,096 bytes, are one error for one call; the connection stays.</summary>
public sealed class ControlLineTests
{
    private static readonly string Han = new('\u6f22', 2000);

    [ServerFact]
    public async Task What_makes_a_line_too_long_is_refused_before_it_is_sent()
    {
        await using var server = await NatsServer.StartAsync();
        await using var connection = await server.ConnectAsync(o => o with { Namespace = null });
        var long1 = new string('a', 3900);
        var long2 = new string('r', 300);
        await RefusedAsync(() => connection.SubscribeAsync(Han));
        await RefusedAsync(() => connection.SubscribeAsync(long1, queueGroup: long2));
        await RefusedAsync(() => connection.SubscribeAsync("jobs", queueGroup: Han));
        await RefusedAsync(() => connection.SubscribeAsync("jobs", queueGroup: new string('q', 5000)));
        await RefusedAsync(() => connection.PublishAsync(Han, "").AsTask());
        await RefusedAsync(() => connection.PublishAsync(new string('b', 4070), "").AsTask());
        await RefusedAsync(() => connection.PublishAsync(long1, "", long2).AsTask());
        await RefusedAsync(() => connection.PublishAsync("a", "", Han).AsTask());
        await RefusedAsync(() => Task.Run(() => connection.Publish(long1, "", long2, new NasHeaders().Add("X", "1"))));
        await RefusedAsync(() =>
            connection.RequestAsync(new string('\u00fc', 2028), "", TimeSpan.FromSeconds(5)).AsTask()
        );
        await RefusedAsync(async () =>
        {
            await foreach (var _ in connection.RequestManyAsync(new string('\u00fc', 2028), default))
            {
                Assert.Fail("a reply");
            }
        });
        await connection.FlushAsync();
        Assert.Equal(
            (0, NasConnectionState.Connected, 0),
            (connection.Statistics.Reconnects, connection.State, connection.Subscriptions.Count)
        );
    }

    [ServerFact]
    public async Task The_namespace_and_the_inbox_count()
    {
        await using var server = await NatsServer.StartAsync();
        await using var connection = await server.ConnectAsync(o => o with { Namespace = Han, InboxPrefix = Han });
        await RefusedAsync(() => connection.PublishAsync("a", "").AsTask());
        await RefusedAsync(() => connection.SubscribeAsync("a"));
        await RefusedAsync(() => connection.RequestAsync("a", "", useNamespace: false).AsTask());
        await connection.FlushAsync();
        Assert.Equal(0, connection.Statistics.Reconnects);
    }

    [ServerFact]
    public async Task The_longest_lines_that_fit_are_taken()
    {
        await using var server = await NatsServer.StartAsync();
        await using var connection = await server.ConnectAsync(o => o with { Namespace = null });
        var subject = new string('a', 4000);
        await using var subscription = await connection.SubscribeAsync(subject, queueGroup: new string('q', 71));
        connection.Publish(subject, "hi", new string('r', 67), new NasHeaders().Add("X", "1"));
        Assert.Equal("hi", (await subscription.TakeAsync(1))[0].Text);
        connection.Publish(new string('b', 4069), "hi", headers: new NasHeaders().Add("X", "1"));
        await connection.FlushAsync();
        Assert.Equal(0, connection.Statistics.Reconnects);
    }

    private static Task<NasException> RefusedAsync(Func<Task> action) =>
        Clients.FailsAsync(NasError.InvalidSubject, action);
}

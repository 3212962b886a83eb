using NasPubSub.Client.Tests.Connection;
using NasPubSub.Client.Tests.Infrastructure;
using NasPubSub.TestServer;

namespace NasPubSub.Client.Tests.Safety;

/// <summary>Times beyond what timers take: they stand for ever, and nothing hangs or throws for them.</summary>
public sealed class OddTimesTests
{
    public static TheoryData<TimeSpan> Endless =>
        new(TimeSpan.MaxValue, TimeSpan.FromDays(60), Timeout.InfiniteTimeSpan);

    [Theory]
    [MemberData(nameof(Endless))]
    public async Task As_options(TimeSpan time)
    {
        await using var server = await NatsServer.StartAsync();
        var connection = new NasConnection(
            Quick.Options(server.Url) with
            {
                PingInterval = time,
                ConnectTimeout = time,
                OperationTimeout = time,
                SendTimeout = time,
                RequestTimeout = time,
                ReconnectMaxWait = time,
            }
        );
        await EndsAsync(connection.ConnectAsync());
        await EndsAsync(connection.SubscribeAsync("echo", m => m.ReplyAsync(m.Payload)));
        await EndsAsync(connection.RequestAsync("echo", "x").AsTask());
        await EndsAsync(connection.ReconnectAsync());
        await EndsAsync(connection.DisconnectAsync());
    }

    [Theory]
    [MemberData(nameof(Endless))]
    public async Task As_arguments(TimeSpan time)
    {
        await using var server = await NatsServer.StartAsync();
        await using var fresh = new NasConnection(Quick.Options(server.Url));
        await EndsAsync(fresh.PingAsync(time));
        await using var connection = new NasConnection(Quick.Options(server.Url));
        await EndsAsync(connection.WaitConnectedAsync(time));
        await EndsAsync(connection.SubscribeAsync("echo", m => m.ReplyAsync(m.Payload)));
        await EndsAsync(connection.RequestAsync("echo", "x", time).AsTask());
        var drained = await connection.SubscribeAsync("b", _ => default);
        await EndsAsync(drained.DrainAsync(time));
        await EndsAsync(connection.ReconnectAsync(time));
        // An endless idle time leaves the time of the whole.
        await EndsAsync(ManyAsync(TimeSpan.FromMilliseconds(300), 2));
        await EndsAsync(ManyAsync(time, 1));
        await EndsAsync(connection.DisconnectAsync(time));

        async Task ManyAsync(TimeSpan whole, int count)
        {
            await foreach (
                var _ in connection.RequestManyAsync("echo", "x"u8.ToArray(), whole, count, idleTimeout: time)
            ) { }
        }
    }

    private static Task EndsAsync(Task call) => call.WaitAsync(TimeSpan.FromSeconds(20));
}

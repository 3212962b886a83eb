using NasPubSub.Client.Tests.Infrastructure;
using NasPubSub.TestServer;

namespace NasPubSub.Client.Tests.Connection;

/// <summary>Which server, and when to leave it.</summary>
public sealed partial class Adr40Tests
{
    [Fact]
    public async Task Point04_DiscoveredServersAreUsed_OrIgnoredOnRequest()
    {
        await using var cluster = await NatsCluster.StartAsync(3);
        var first = cluster.Servers[0];
        await using var curious = new NasConnection(Quick.Options(first.Url));
        await using var content = await Quick.ConnectAsync(
            Quick.Options(first.Url) with
            {
                IgnoreDiscoveredServers = true,
            }
        );
        var events = new EventLog(curious);
        await curious.ConnectAsync();
        Assert.Equal(cluster.Servers.Select(s => s.Url).Order(), curious.Servers.Order());
        await events.WaitAsync(NasEventKind.ServersDiscovered);
        Assert.Equal([first.Url], content.Servers);

        await first.KillAsync();
        await curious.ConnectedAsync(1);
        Assert.Contains(curious.Server, cluster.Servers.Skip(1).Select(s => s.Url));
        Assert.False(content.IsConnected);
    }

    [Fact]
    public async Task Point05_ServersAreTriedAtRandom_OrInTheOrderGiven()
    {
        var dead = Enumerable.Range(0, 6).Select(_ => $"nats://127.0.0.1:{FreePort.Next()}").ToArray();
        Assert.Equal(dead, await AttemptsAsync(keepOrder: true));
        var orders = new HashSet<string>();
        for (var i = 0; i < 8; i++)
        {
            orders.Add(string.Join(",", await AttemptsAsync(keepOrder: false)));
        }

        Assert.True(orders.Count > 1);

        async Task<string[]> AttemptsAsync(bool keepOrder)
        {
            await using var connection = new NasConnection(
                Quick.Options(dead) with
                {
                    KeepServerOrder = keepOrder,
                    RetryOnFailedConnect = true,
                }
            );
            var events = new EventLog(connection);
            await connection.ConnectAsync();
            await events.WaitAsync(NasEventKind.ConnectAttemptFailed, dead.Length);
            return
            [
                .. events
                    .Of(NasEventKind.ConnectAttemptFailed)
                    .Take(dead.Length)
                    .Select(e => ((NasException)e.Exception!).Target!),
            ];
        }
    }

    [ServerFact(Signals = true)]
    public async Task Point06_ABrokenSocketIsADisconnect_AndSoAreTwoMissedPongs()
    {
        Assert.Equal((TimeSpan.FromMinutes(2), 2), (new NasOptions().PingInterval, new NasOptions().MaxPingsOut));
        await using var server = await NatsServer.StartAsync();
        await using var connection = new NasConnection(
            Quick.Options(server.Url) with
            {
                PingInterval = TimeSpan.FromMilliseconds(200),
                ConnectTimeout = TimeSpan.FromSeconds(1),
            }
        );
        var events = new EventLog(connection);
        await connection.ConnectAsync();

        await server.PauseAsync();
        var paused = DateTimeOffset.UtcNow;
        var silent = await events.WaitAsync(NasEventKind.Disconnected);
        Assert.Contains("none of 2 pings", silent.Message, StringComparison.Ordinal);
        Assert.InRange((silent.Time - paused).TotalMilliseconds, 350, 8000);
        await server.ResumeAsync();
        await connection.ConnectedAsync(1);

        await server.KillAsync();
        var broken = await events.WaitAsync(NasEventKind.Disconnected, 2);
        Assert.Equal(NasError.ConnectionLost, Assert.IsType<NasException>(broken.Exception).Error);
    }

    [Fact]
    public async Task Point11_AForcedReconnectKeepsSubscriptions()
    {
        await using var server = await NatsServer.StartAsync();
        await using var connection = await Quick.ConnectAsync(server);
        var subscription = await connection.SubscribeAsync("a");
        var client = connection.ServerInfo!.ClientId;
        await connection.ReconnectAsync();
        Assert.NotEqual(client, connection.ServerInfo.ClientId);
        Assert.Equal(1, connection.Statistics.Reconnects);
        connection.Publish("a", "still here");
        Assert.Equal("still here", await subscription.NextAsync());
    }

    [Fact]
    public async Task Point12_ThePoolCanBeReplaced()
    {
        await using var one = await NatsServer.StartAsync();
        await using var other = await NatsServer.StartAsync();
        await using var connection = await Quick.ConnectAsync(one);
        connection.SetServers([other.Url]);
        await connection.FlushAsync();
        Assert.Equal(one.Url, connection.Server);
        await connection.ReconnectAsync();
        Assert.Equal(other.Url, connection.Server);
        Assert.Equal([other.Url], connection.Servers);
        Assert.Equal(NasError.InvalidOption, Assert.Throws<NasException>(() => connection.SetServers([])).Error);
        Assert.Equal(
            NasError.InvalidOption,
            Assert.Throws<NasException>(() => connection.SetServers(["http://x"])).Error
        );
    }

    [Fact]
    public async Task Point12_AReplacedPoolOutlivesAFailedConnect()
    {
        await using var server = await NatsServer.StartAsync();
        await using var connection = new NasConnection(Quick.Options($"nats://127.0.0.1:{FreePort.Next()}"));
        await Clients.FailsAsync(NasError.ConnectFailed, () => connection.ConnectAsync());
        connection.SetServers([server.Url]);
        await connection.ConnectAsync();
        Assert.Equal(server.Url, connection.Server);
    }

    [Fact]
    public async Task Point13_EveryChangeOfStateIsNotified_InOrder()
    {
        await using var server = await NatsServer.StartAsync();
        await using var connection = new NasConnection(Quick.Options(server.Url));
        var events = new EventLog(connection);
        await connection.ConnectAsync();
        await server.RestartAsync();
        await connection.ConnectedAsync(1);
        await connection.DisconnectAsync();
        await events.WaitAsync(NasEventKind.Closed);
        Assert.Equal(
            [NasEventKind.Connected, NasEventKind.Disconnected, NasEventKind.Reconnected, NasEventKind.Closed],
            events.All.Select(e => e.Kind).Where(k => k != NasEventKind.ConnectAttemptFailed)
        );
        Assert.All(events.All, e => Assert.Equal(server.Url, e.Server));
    }
}

using System.Diagnostics;
using System.Text.Json.Nodes;
using NasPubSub.TestServer;

namespace NasPubSub.JetStream.Tests.Consuming;

/// <summary>Reading goes on when the leader of a replicated consumer changes, or its server is killed.</summary>
public sealed class LeaderTests : IAsyncLifetime
{
    private NatsCluster _cluster = null!;
    private NasConnection _reads = null!,
        _writes = null!;

    public async ValueTask InitializeAsync()
    {
        _cluster = await NatsCluster.StartAsync(3, new NatsServerOptions { JetStream = true });
        _reads = await ConnectAsync(_cluster.Url);
        _writes = await ConnectAsync(_cluster.Url);
    }

    public async ValueTask DisposeAsync()
    {
        await _reads.DisposeAsync();
        await _writes.DisposeAsync();
        await _cluster.DisposeAsync();
    }

    [Fact]
    public async Task The_next_message_comes_right_after_a_step_down_and_after_the_election_that_follows_a_kill()
    {
        await CallAsync("STREAM.CREATE.L", """{"name":"L","subjects":["l"],"num_replicas":3}""");
        await CallAsync(
            "CONSUMER.CREATE.L.c",
            """{"stream_name":"L","config":{"name":"c","durable_name":"c","ack_policy":"explicit"}}"""
        );
        await using var reader = await new NasJetStream(_reads).Consumers.OpenReaderAsync("L", "c");
        await PublishAsync();
        await NextAsync(reader);

        for (var turn = 0; turn < 3; turn++)
        {
            var before = await LeaderAsync();
            var next = reader.ReadAsync().AsTask();
            await Eventually.TrueAsync(async () => Number(await CallAsync("CONSUMER.INFO.L.c"), "num_waiting") > 0);
            await CallAsync("CONSUMER.LEADER.STEPDOWN.L.c");
            await Eventually.TrueAsync(async () => await LeaderAsync() is { } now && now != before);
            await PublishAsync();
            Assert.InRange(await TimeAsync(next), 0, 0.2);
        }

        // Neither connection may be to the server that is killed.
        var leader = await LeaderAsync();
        var others = string.Join(",", _cluster.Servers.Where(s => s != Server(leader!)).Select(s => s.Url));
        foreach (var connection in new[] { _reads, _writes })
        {
            connection.SetServers(others.Split(','));
            await connection.ReconnectAsync();
        }

        var last = reader.ReadAsync().AsTask();
        await Eventually.TrueAsync(async () => Number(await CallAsync("CONSUMER.INFO.L.c"), "num_waiting") > 0);
        await Server(leader!).KillAsync();
        await Eventually.TrueAsync(
            async () => await LeaderAsync() is { } now && now != leader,
            TimeSpan.FromSeconds(30)
        );
        await PublishAsync();
        Assert.InRange(await TimeAsync(last), 0, 1);
    }

    private static async Task<double> TimeAsync(Task<NasMessage?> next)
    {
        var clock = Stopwatch.StartNew();
        var message = await next.WaitAsync(TimeSpan.FromSeconds(20));
        await message!.AckAsync();
        return clock.Elapsed.TotalSeconds;
    }

    private static async Task NextAsync(NasConsumerReader reader)
    {
        var message = await reader.ReadAsync().AsTask().WaitAsync(TimeSpan.FromSeconds(10));
        await message!.AckAsync();
    }

    private static Task<NasConnection> ConnectAsync(string servers) =>
        Task.FromResult(new NasConnection(new NasOptions { Servers = [servers], Namespace = null }));

    private NatsServer Server(string name) => _cluster.Servers[int.Parse(name[1..]) - 1];

    private async Task<string?> LeaderAsync()
    {
        try
        {
            return (string?)(await CallAsync("CONSUMER.INFO.L.c"))["cluster"]?["leader"];
        }
        catch (NasException)
        {
            return null;
        }
    }

    /// <summary>Returns when it is stored.</summary>
    private Task PublishAsync() =>
        Eventually.TrueAsync(async () =>
        {
            try
            {
                var reply = await _writes.RequestAsync("l", "x", TimeSpan.FromSeconds(2));
                return !reply.Text.Contains("error");
            }
            catch (NasException)
            {
                return false;
            }
        });

    private async Task<JsonNode> CallAsync(string call, string json = "") =>
        JsonNode.Parse(
            (await _writes.RequestAsync($"$JS.API.{call}", json, TimeSpan.FromSeconds(5), useNamespace: false)).Payload
        )!;

    private static long Number(JsonNode node, string name) => node[name]?.GetValue<long>() ?? 0;
}

using System.Diagnostics;
using System.Text.Json.Nodes;
using NasPubSub.TestServer;

namespace NasPubSub.JetStream.Tests.Publishing;

/// <summary>A replicated stream whose leader changes while messages are published.</summary>
public sealed class PublishClusterTests(ITestOutputHelper output)
{
    [Fact]
    public async Task Messages_survive_leaders_that_step_down()
    {
        const int count = 40_000;
        await using var cluster = await NatsCluster.StartAsync(3, new NatsServerOptions { JetStream = true });
        await using var connection = await (Clients
            .Options([.. cluster.Servers.Select(s => s.Url)]) with
        { Namespace = null })
            .ConnectAsync();
        await Eventually.TrueAsync(
            async () =>
                (await CallAsync(
                    connection,
                    "STREAM.CREATE.R3",
                    """{"name":"R3","subjects":["r3.>"],"storage":"memory","num_replicas":3}"""
                ))["error"] is null,
            TimeSpan.FromSeconds(30)
        );
        var errors = new List<NasException>();
        await using var publisher = new NasJetStream(connection).CreatePublisher(
            new NasStreamPublisherOptions { Stream = "R3", OnFailed = (e, _) => errors.Add(e) }
        );
        var published = 0;
        var publishing = Task.Run(async () =>
        {
            for (var i = 1; i <= count; i++)
            {
                await publisher.PublishAsync("r3.a", $"{i}", state: i);
                Volatile.Write(ref published, i);
            }
            await publisher.FlushAsync();
        });
        var watch = Stopwatch.StartNew();
        for (var change = 1; change <= 3; change++)
        {
            var goal = change * count / 4;
            await Eventually.TrueAsync(() => Volatile.Read(ref published) >= goal, TimeSpan.FromSeconds(30));
            await CallAsync(connection, "STREAM.LEADER.STEPDOWN.R3", "");
        }
        await publishing.WaitAsync(TimeSpan.FromSeconds(60));
        output.WriteLine($"{watch.Elapsed.TotalSeconds:0.0} s, {errors.Count} errors");
        Assert.Empty(errors);
        var stored = await StoredNumbers.ReadAsync(connection, "R3");
        Assert.Equal(count, stored.Count);
        Assert.Equal(count, stored.Distinct().Count());
        output.WriteLine($"{stored.Zip(stored.Skip(1)).Count(pair => pair.First > pair.Second)} out of order");
    }

    private static async Task<JsonObject> CallAsync(NasConnection connection, string call, string json) =>
        (JsonObject)
            JsonNode.Parse(
                (
                    await connection.RequestAsync(
                        $"$JS.API.{call}",
                        json,
                        TimeSpan.FromSeconds(10),
                        useNamespace: false
                    )
                ).Payload
            )!;
}

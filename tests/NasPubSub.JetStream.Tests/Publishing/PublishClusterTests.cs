using System.Diagnostics;
using System.Text.Json.Nodes;
using NasPubSub.TestServer;

namespace NasPubSub.JetStream.Tests.Publishing;

/// <summary>A replicated stream whose leader changes while messages are published.</summary>
public sealed class PublishClusterTests(ITestOutputHelper output)
{
    private const int Count = 40_000;

    [Fact]
    public async Task Messages_survive_leaders_that_step_down()
    {
        await using var cluster = await NatsCluster.StartAsync(3, new NatsServerOptions { JetStream = true });
        await using var connection = await (Clients
            .Options([.. cluster.Servers.Select(s => s.Url)]) with
        { Namespace = null })
            .ConnectAsync();
        await Task.WhenAll(StoreAsync(connection, "R3", ""), StoreAsync(connection, "F3", ",\"allow_batched\":true"));
    }

    private async Task StoreAsync(NasConnection connection, string stream, string more)
    {
        var subject = stream.ToLowerInvariant();
        var json = $$"""{"name":"{{stream}}","subjects":["{{subject}}.>"],"storage":"memory","num_replicas":3{{more}}}""";
        await Eventually.TrueAsync(
            async () => (await CallAsync(connection, $"STREAM.CREATE.{stream}", json))["error"] is null,
            TimeSpan.FromSeconds(30)
        );
        var errors = new List<NasException>();
        await using var publisher = new NasJetStream(connection).CreatePublisher(
            new NasStreamPublisherOptions { Stream = stream, OnFailed = (e, _) => errors.Add(e) }
        );
        var published = 0;
        var publishing = Task.Run(async () =>
        {
            for (var i = 1; i <= Count; i++)
            {
                await publisher.PublishAsync($"{subject}.a", $"{i}", state: i);
                Volatile.Write(ref published, i);
            }
            await publisher.FlushAsync();
        });
        var watch = Stopwatch.StartNew();
        for (var change = 1; change <= 3; change++)
        {
            var goal = change * Count / 4;
            await Eventually.TrueAsync(() => Volatile.Read(ref published) >= goal, TimeSpan.FromSeconds(30));
            await CallAsync(connection, $"STREAM.LEADER.STEPDOWN.{stream}", "");
        }
        await publishing.WaitAsync(TimeSpan.FromSeconds(60));
        Assert.Empty(errors);
        var stored = await StoredNumbers.ReadAsync(connection, stream);
        Assert.Equal(Count, stored.Count);
        Assert.Equal(Count, stored.Distinct().Count());
        var turned = stored.Zip(stored.Skip(1)).Count(pair => pair.First > pair.Second);
        output.WriteLine($"{stream}: {watch.Elapsed.TotalSeconds:0.0} s, {turned} out of order");
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

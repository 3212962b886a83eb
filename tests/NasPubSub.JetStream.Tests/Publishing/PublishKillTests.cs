using System.Diagnostics;
using NasPubSub.JetStream.Tests.Infrastructure;

namespace NasPubSub.JetStream.Tests.Publishing;

/// <summary>Every message without an error is stored once, in order, whatever happens to servers.</summary>
public sealed class PublishKillTests(ITestOutputHelper output)
{
    private static bool IsLong => Environment.GetEnvironmentVariable("NAS_TEST_LONG") == "1";

    /// <summary>30,000 messages and 3 kills, or 1,000,000 and one every 2 s with NAS_TEST_LONG=1.</summary>
    [Theory]
    [InlineData(null, "")]
    [InlineData("2.9", "")]
    [InlineData(null, ",\"allow_batched\":true")]
    [Trait("Servers", "killed")]
    public async Task Messages_survive_a_server_that_is_killed(string? version, string more)
    {
        var count = IsLong ? 1_000_000 : 30_000;
        await using var stage = await StreamServer.StartAsync(version);
        await stage.CreateStreamAsync("KILL", more, "file");
        var failed = new List<long>();
        var errors = new List<NasException>();
        await using var publisher = stage.JetStream.CreatePublisher(
            new NasStreamPublisherOptions
            {
                Stream = "KILL",
                OnFailed = (e, state) =>
                {
                    errors.Add(e);
                    failed.Add((long)state!);
                },
            }
        );
        var published = 0L;
        var watch = Stopwatch.StartNew();
        var publishing = Task.Run(async () =>
        {
            for (long i = 1; i <= count; i++)
            {
                await publisher.PublishAsync("kill.a", i.ToString(), state: i);
                Volatile.Write(ref published, i);
                if (!IsLong && i % 100 == 0)
                {
                    await Task.Yield();
                }
            }
            await publisher.FlushAsync();
        });
        var kills = 0;
        while (!publishing.IsCompleted && (IsLong || kills < 3))
        {
            var next = IsLong ? TimeSpan.FromSeconds(2) : TimeSpan.Zero;
            var goal = Volatile.Read(ref published) + (IsLong ? 0 : 5000);
            await NasPubSub.TestServer.Eventually.TrueAsync(
                () =>
                    publishing.IsCompleted
                    || (Volatile.Read(ref published) >= goal && watch.Elapsed > next * (kills + 1)),
                TimeSpan.FromSeconds(60)
            );
            if (publishing.IsCompleted)
            {
                break;
            }
            await stage.Server.KillAsync();
            await stage.Server.RestartAsync();
            kills++;
        }
        await publishing.WaitAsync(TimeSpan.FromMinutes(IsLong ? 10 : 1));
        output.WriteLine($"{count:N0} messages, {kills} kills, {watch.Elapsed.TotalSeconds:0.0} s");
        output.WriteLine($"{failed.Count} errors {errors.FirstOrDefault()?.Message}");

        var stored = await StoredNumbers.ReadAsync(stage.Connection, "KILL");
        StoredNumbers.AssertOnceInOrder(stored, count, failed);
        Assert.True(kills >= 1);
        Assert.Empty(errors);
    }
}

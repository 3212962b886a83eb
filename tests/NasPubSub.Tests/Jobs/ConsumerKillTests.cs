using System.Text.Json.Nodes;
using NasPubSub.Tests.Infrastructure;
using NasPubSub.TestServer;

namespace NasPubSub.Tests.Jobs;

/// <summary>Each message is handled at least once, while servers are killed and actions fail.</summary>
public sealed class ConsumerKillTests(ITestOutputHelper output)
{
    private static readonly bool IsLong = Environment.GetEnvironmentVariable("NAS_TEST_LONG") == "1";

    /// <summary>2,000 messages and 3 kills, or 100,000 and 50 with NAS_TEST_LONG=1.</summary>
    [Fact]
    public async Task Every_message_is_handled_or_set_aside_over_kills_of_the_server()
    {
        var (count, kills) = IsLong ? (100_000, 50) : (2_000, 3);
        await using var server = await NatsServer.StartAsync(new NatsServerOptions { JetStream = true });
        using var shell = Shell.Open();
        shell.Run($"$nas = Connect-NasPubSub {server.Url} -NoNamespace -ReconnectWait 20ms -WarningAction Ignore");
        shell.Run("$WarningPreference = 'Ignore'");
        Call(shell, "STREAM.CREATE.S", """{"name":"S","subjects":["w"]}""");
        Call(shell, "STREAM.CREATE.D", """{"name":"D","subjects":["dead"]}""");
        Call(
            shell,
            "CONSUMER.CREATE.S.c",
            """{"stream_name":"S","config":{"durable_name":"c","ack_policy":"explicit","ack_wait":2000000000}}"""
        );
        shell.Run("1..$args[0] | Publish-NasMessage w -Flush", count);
        shell.Run(
            """
            $seen = [System.Collections.Concurrent.ConcurrentDictionary[int, int]]::new()
            $add = [Func[int, int, int]] { param($key, $old) $old + 1 }
            $job = Register-NasSubscription -Stream S -Consumer c -ThrottleLimit 4 -RetryDelay 50ms -MaxDeliver 1000 -DeadLetter dead -Action {
                $n = [int] $_.Text
                if ($n % 100 -eq 7) { $_ | Confirm-NasMessage -Reject; return }
                $null = ($using:seen).AddOrUpdate($n, 1, [Func[int, int, int]] { param($key, $old) $old + 1 })
                if ($n % 50 -eq 0 -and $_.Delivered -eq 1) { throw 'the first time' }
            }
            """
        );
        for (var kill = 1; kill <= kills; kill++)
        {
            var enough = (long)count * kill / (kills + 2);
            await HandledAsync(enough);
            await server.KillAsync();
            await server.RestartAsync();
        }

        await HandledAsync(count - count / 100);
        await Eventually.TrueAsync(
            () => Consumer()["ack_floor"]!["stream_seq"]!.GetValue<long>() == count,
            TimeSpan.FromSeconds(30),
            () => Consumer().ToJsonString()
        );
        var numbers = shell.Run("$seen.Keys | Sort-Object").Select(n => (int)n.BaseObject);
        Assert.Equal(Enumerable.Range(1, count).Where(n => n % 100 != 7), numbers);
        var dead = JsonNode.Parse(Call(shell, "STREAM.INFO.D"))!["state"]!["messages"]!.GetValue<long>();
        Assert.True(dead >= count / 100, $"{dead} dead letters");
        var runs = shell.Get<long>("($seen.Values | Measure-Object -Sum).Sum");
        output.WriteLine($"{count} messages, {kills} kills: {runs} runs of the action, {dead} dead letters");
        shell.Run("$job | Unregister-NasSubscription; Disconnect-NasPubSub");

        JsonNode Consumer() => JsonNode.Parse(Call(shell, "CONSUMER.INFO.S.c"))!;

        Task HandledAsync(long enough) =>
            Eventually.TrueAsync(
                () => shell.Get<long>("$seen.Count") >= enough,
                TimeSpan.FromSeconds(120),
                () => shell.Show("$job | Format-List; $job.Error | Select-Object -Last 3; $job.Warning")
            );
    }

    private static string Call(Shell shell, string call, string json = "") =>
        shell.Get<string>(
            """
            $args | Out-Null
            (Invoke-NasRequest ('$JS.API.' + $args[0]) $args[1] -Raw -ErrorAction Stop).Text
            """,
            call,
            json
        );
}

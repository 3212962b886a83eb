using System.Collections.Concurrent;
using System.Diagnostics.Tracing;
using NasPubSub.Client.Tests.Connection;
using NasPubSub.Client.Tests.Infrastructure;
using NasPubSub.Diagnostics;
using NasPubSub.TestServer;

namespace NasPubSub.Client.Tests.Diagnostics;

/// <summary>What a listener hears of the process: connections have names, by which each test knows its own.</summary>
public sealed class EventSourceTests
{
    [Fact]
    public async Task The_life_of_a_connection_is_written()
    {
        using var log = new Listener("life");
        await using var server = await NatsServer.StartAsync(
            """
            authorization: {
                users: [{ user: u, password: s3cret, permissions: { publish: { deny: denied } } }]
            }
            """
        );
        var options = Quick.Options(server.Url) with
        {
            Name = "life",
            Credentials = NasCredentials.UserPassword("u", "s3cret"),
        };
        await using (var connection = await Quick.ConnectAsync(options))
        {
            connection.Publish("denied", "payload");
            await log.SeenAsync("Denied", EventLevel.Error, 8, "PermissionDenied", 3);
            await connection.SubscribeAsync("a", _ => throw new InvalidOperationException("payload"));
            connection.Publish("a", "payload");
            await log.SeenAsync("Error", EventLevel.Error, 16, "", 4);
            var few = new NasSubscriptionOptions { MaxPendingMessages = 1 };
            var slow = await connection.SubscribeAsync("b", options: few);
            connection.Publish("b", "payload");
            connection.Publish("b", "payload");
            await log.SeenAsync("SlowConsumer", EventLevel.Warning, 4, "", 3);
            await connection.ReconnectAsync();
            await log.SeenAsync("Reconnected", EventLevel.Informational, 1, "", 3);
        }
        await log.SeenAsync("Closed", EventLevel.Informational, 1, "", 4);
        Assert.Equal(
            ["Connected", "Denied", "Error", "SlowConsumer", "Disconnected", "Reconnected", "Closed"],
            log.Events.Select(e => e.EventName)
        );
        Assert.All(log.Events, e => Assert.Equal(server.Url, e.Payload![1]));
        Assert.DoesNotContain(
            log.Events.SelectMany(e => e.Payload!),
            p => $"{p}".Contains("s3cret") || $"{p}".Contains("payload")
        );
    }

    [Fact]
    public async Task An_attempt_that_fails_is_a_warning()
    {
        using var log = new Listener("attempts");
        await using var connection = new NasConnection(
            Quick.Options($"nats://127.0.0.1:{FreePort.Next()}") with
            {
                Name = "attempts",
                RetryOnFailedConnect = true,
            }
        );
        await connection.ConnectAsync();
        await log.SeenAsync("ConnectAttemptFailed", EventLevel.Warning, 1, "ConnectFailed", 4);
    }

    /// <summary>What PerfView and ETW read; only errors come back from a manifest that breaks a rule.</summary>
    [Fact]
    public void The_manifest_is_valid() =>
        Assert.Contains(
            $"<provider name=\"{NasDiagnostics.EventSourceName}\"",
            EventSource.GenerateManifest(typeof(NasEventSource), "", EventManifestOptions.Strict)
        );

    private sealed class Listener(string connection) : EventListener
    {
        public ConcurrentQueue<EventWrittenEventArgs> Events { get; } = new();

        public async Task SeenAsync(string name, EventLevel level, long keyword, string error, int values)
        {
            await Eventually.TrueAsync(
                () => Events.Any(e => e.EventName == name),
                explain: () => string.Join("; ", Events.Select(e => $"{e.EventName}: {e.Payload![2]}"))
            );
            var found = Events.First(e => e.EventName == name);
            Assert.Equal((level, keyword), (found.Level, (long)found.Keywords & 0xFFFF));
            Assert.Equal(values, found.Payload!.Count);
            Assert.True(values == 3 || (string?)found.Payload[3] == error);
        }

        protected override void OnEventSourceCreated(EventSource source)
        {
            if (source.Name == NasDiagnostics.EventSourceName)
            {
                EnableEvents(source, EventLevel.Informational, EventKeywords.All);
            }
        }

        protected override void OnEventWritten(EventWrittenEventArgs e)
        {
            // Called while the base class is being made, for other sources.
            if (e.EventSource.Name == NasDiagnostics.EventSourceName && connection == (string?)e.Payload?[0])
            {
                Events.Enqueue(e);
            }
        }
    }
}

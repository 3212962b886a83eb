using NasPubSub.Client.Tests.Infrastructure;
using NasPubSub.TestServer;

namespace NasPubSub.Client.Tests.Connection;

/// <summary>Coming back.</summary>
public sealed partial class Adr40Tests
{
    [Fact]
    public async Task Point07_FirstReconnectIsImmediate_ThenBacksOff_AndTimersResetOnSuccess()
    {
        await using var server = await NatsServer.StartAsync();
        await using var proxy = TcpProxy.Start(server);
        await using var connection = new NasConnection(
            Quick.Options(proxy.Url) with
            {
                ReconnectWait = TimeSpan.FromMilliseconds(400),
                ReconnectMaxWait = TimeSpan.FromMilliseconds(1000),
                ReconnectJitter = 0.25,
            }
        );
        var events = new EventLog(connection);
        await connection.ConnectAsync();
        for (var episode = 1; episode <= 2; episode++)
        {
            var attempts = episode == 1 ? 4 : 2;
            var failed = events.Of(NasEventKind.ConnectAttemptFailed).Count;
            await Task.Delay(200); // A connection that lived longer than the delay: only then is the next immediate.
            proxy.Refuse();
            proxy.CutAll();
            var lost = await events.WaitAsync(NasEventKind.Disconnected, episode);
            await events.WaitAsync(NasEventKind.ConnectAttemptFailed, failed + attempts);
            var times = events
                .Of(NasEventKind.ConnectAttemptFailed)
                .Skip(failed)
                .Take(attempts)
                .Select(e => e.Time)
                .Prepend(lost.Time)
                .ToArray();
            var gaps = times.Zip(times.Skip(1), (a, b) => (b - a).TotalMilliseconds).ToArray();
            Assert.True(gaps[0] < 295, $"The first attempt came after {gaps[0]} ms.");
            double[] least = [300, 600, 750];
            for (var i = 0; i < attempts - 1; i++)
            {
                Assert.InRange(gaps[i + 1], least[i] - 5, least[i] * 5 / 3 + 2000);
            }

            proxy.Accept();
            await connection.ConnectedAsync(episode);
        }
    }

    [Fact]
    public async Task Point07_ReconnectRestoresSubscriptions_WithWhatIsLeftOfTheirMaximum()
    {
        var second = new TaskCompletionSource<string>();
        await using var server = FakeServer.Start(
            async peer =>
            {
                await peer.HandshakeAsync();
                await peer.ExpectAsync("UNSUB 2 10");
                await peer.ExpectAsync("PING");
                await peer.SendAsync("PONG\r\nMSG b 2 1\r\n1\r\nMSG b 2 1\r\n2\r\nMSG b 2 1\r\n3\r\n");
            },
            async peer =>
            {
                await peer.HandshakeAsync();
                var last = await peer.ExpectAsync("UNSUB");
                second.SetResult(string.Join("|", peer.Lines.Skip(2)));
                await peer.AnswerPingsAsync();
            }
        );
        await using var connection = await Quick.ConnectAsync(Quick.Options(server.Url));
        var adding = connection.SubscribeAsync("a.>", queueGroup: "q");
        var limited = connection.SubscribeAsync("b", maxMessages: 10);
        Assert.Equal("SUB a.> q 1|SUB b 2|UNSUB 2 7", await second.Task.WaitAsync(Eventually.DefaultDeadline));
        await adding;
        Assert.Equal(3, (await limited).Delivered);
    }

    [Fact]
    public async Task Point10_OwnDelays_AndABufferWithALimit_OrNone()
    {
        await using var server = await NatsServer.StartAsync();
        var rounds = new System.Collections.Concurrent.ConcurrentQueue<int>();
        await using var connection = await Quick.ConnectAsync(
            Quick.Options(server.Url) with
            {
                ReconnectBufferBytes = 1000,
                ReconnectDelay = round =>
                {
                    rounds.Enqueue(round);
                    return TimeSpan.FromMilliseconds(10);
                },
            }
        );
        await using var bufferless = await Quick.ConnectAsync(
            Quick.Options(server.Url) with
            {
                ReconnectBufferBytes = 0,
            }
        );
        await server.KillAsync();
        await Eventually.TrueAsync(() => !connection.IsConnected && !bufferless.IsConnected && rounds.Count >= 3);
        Assert.Equal([1, 2, 3], rounds.Take(3));

        Assert.Equal(NasError.BufferFull, Assert.Throws<NasException>(() => bufferless.Publish("a", "x")).Error);
        connection.Publish("a", new string('x', 500));
        Assert.Equal(
            NasError.BufferFull,
            Assert.Throws<NasException>(() => connection.Publish("a", new string('x', 500))).Error
        );
        await Clients.FailsAsync(NasError.BufferFull, async () => await connection.PublishAsync("a", new byte[500]));
    }

    [Fact]
    public async Task Point20_StatisticsSurviveReconnects()
    {
        await using var server = await NatsServer.StartAsync();
        await using var connection = await Quick.ConnectAsync(server);
        var subscription = await connection.SubscribeAsync("a");
        for (var round = 1; round <= 3; round++)
        {
            connection.Publish("a", "12345");
            connection.Publish("a", "12345", headers: new NasHeaders().Add("X", "1"));
            await subscription.NextAsync(2);
            // "NATS/1.0", "X: 1" and the empty line are 18 bytes.
            var statistics = connection.Statistics;
            Assert.Equal(
                (2 * round, 2 * round, 28 * round, 28 * round),
                (statistics.MessagesIn, statistics.MessagesOut, statistics.BytesIn, statistics.BytesOut)
            );
            Assert.Equal(round - 1, statistics.Reconnects);
            await connection.ReconnectAsync();
        }
    }
}

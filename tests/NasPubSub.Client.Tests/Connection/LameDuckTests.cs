using NasPubSub.TestServer;

namespace NasPubSub.Client.Tests.Connection;

/// <summary>Servers that announce their end while everything is under way.</summary>
public sealed class LameDuckTests
{
    private static readonly NasEventKind[] Trouble =
    [
        NasEventKind.Disconnected,
        NasEventKind.Error,
        NasEventKind.ConnectAttemptFailed,
        NasEventKind.LameDuck,
        NasEventKind.SlowConsumer,
    ];

    /// <summary>
    /// As an upgrade goes: each server of three is sent into lame duck mode, and comes back as a new one.
    /// </summary>
    [Fact]
    public async Task A_rolling_restart_fails_no_request_and_loses_and_doubles_nothing()
    {
        await using var cluster = await NatsCluster.StartAsync(
            3,
            new NatsServerOptions { Config = "lame_duck_duration: \"30s\"\nlame_duck_grace_period: \"5s\"\n" }
        );
        var options = Quick.Options([.. cluster.Servers.Select(s => s.Url)]) with { MaxReconnects = -1 };
        await using var near = await Quick.ConnectAsync(options with { Name = "near" });
        await using var far = await Quick.ConnectAsync(options with { Name = "far" });
        NasConnection[] connections = [near, far];
        var logs = connections.Select(c => new EventLog(c)).ToArray();
        var readers = connections.Select(_ => new NumberedReader()).ToArray();
        for (var i = 0; i < 2; i++)
        {
            await connections[i].SubscribeAsync("roll", readers[i].OnMessage);
        }
        // Both answer, so that the queue group changes its members while requests are under way.
        foreach (var connection in connections)
        {
            await connection.SubscribeAsync("ask", m => m.ReplyAsync(m.Payload), queueGroup: "q");
        }

        using var stop = new CancellationTokenSource();
        var published = Task.Run(() => PublishAsync(near, stop.Token));
        var answered = new int[2];
        var asked = Enumerable
            .Range(0, 2)
            .Select(i =>
                Task.Run(() => AskAsync(connections[i], () => Interlocked.Increment(ref answered[i]), stop.Token))
            )
            .ToArray();
        var moves = new int[2];
        foreach (var server in cluster.Servers)
        {
            int[] before = [.. answered];
            await Eventually.TrueAsync(
                () => answered.Zip(before).All(n => n.First > n.Second + 50),
                explain: () =>
                    $"requests do not go on {string.Join(' ', asked.Select(a => a.Exception?.GetBaseException().Message))}"
            );
            for (var i = 0; i < 2; i++)
            {
                if (connections[i].Server == server.Url)
                {
                    moves[i]++;
                }
            }

            await server.EnterLameDuckAsync();
            for (var i = 0; i < 2; i++)
            {
                if (moves[i] > 0)
                {
                    await logs[i].WaitAsync(NasEventKind.Moved, moves[i], TimeSpan.FromSeconds(20));
                }
            }

            Assert.All(connections, c => Assert.NotEqual(server.Url, c.Server));
            await server.RestartAsync();
            await cluster.MeshedAsync();
        }
        await stop.CancelAsync();
        var sent = await published;
        await Task.WhenAll(asked);
        await Eventually.TrueAsync(() => readers.All(r => r.Received >= sent), what: "all that was published arrives");

        Assert.True(moves.Sum() >= 2, "no connection had to move twice: the test showed nothing");
        Assert.All(readers, r => Assert.Equal((sent, 0), (r.Received, r.Corrupt)));
        // Servers keep the order of what one of them was given: what the publisher gave to two may overtake on the way
        // to a third.
        Assert.Equal(0, readers[0].OutOfOrder);
        for (var i = 0; i < 2; i++)
        {
            Assert.Equal(moves[i], logs[i].Of(NasEventKind.Moved).Count);
            Assert.All(Trouble, kind => Assert.Empty(logs[i].Of(kind)));
        }
    }

    [Fact]
    public async Task A_server_that_goes_away_in_the_middle_of_a_move_to_it_is_left_for_another()
    {
        const string Lame =
            "INFO {\"server_id\":\"OLD\",\"version\":\"2.15.1\",\"headers\":true,\"max_payload\":1048576,\"ldm\":true} \r\n";
        var announce = new TaskCompletionSource();
        await using var old = FakeServer.Start(async peer =>
        {
            await peer.HandshakeAsync();
            await announce.Task;
            await peer.SendAsync(Lame);
            await peer.AnswerPingsAsync();
        });
        await using var other = FakeServer.Start(
            async peer =>
            {
                await peer.HandshakeAsync();
                await peer.ExpectAsync("SUB a ");
                peer.Close();
            },
            async peer =>
            {
                await peer.HandshakeAsync();
                await peer.AnswerPingsAsync();
            }
        );
        await using var connection = new NasConnection(
            Quick.Options(old.Url, other.Url) with
            {
                KeepServerOrder = true,
            }
        );
        var events = new EventLog(connection);
        await connection.ConnectAsync();
        var adding = connection.SubscribeAsync("a");
        announce.SetResult();
        await adding;
        // Sooner than any time-out: the break itself tells.
        await events.WaitAsync(NasEventKind.Moved, 1, TimeSpan.FromSeconds(8));
        Assert.Equal(other.Url, connection.Server);
        Assert.All(Trouble, kind => Assert.Empty(events.Of(kind)));
    }

    /// <summary>
    /// Heartbeats: 5 that only the old server delivers, 5 that both do, 5 that only the new one does.
    /// </summary>
    [Fact]
    public async Task Messages_of_equal_content_are_not_taken_for_copies()
    {
        const string Lame =
            "INFO {\"server_id\":\"OLD\",\"version\":\"2.15.1\",\"headers\":true,\"max_payload\":1048576,\"ldm\":true} \r\n";
        var announce = new TaskCompletionSource();
        var subscribed = new TaskCompletionSource();
        var before = new TaskCompletionSource();
        var both = new TaskCompletionSource();
        var left = new TaskCompletionSource();
        static string Ticks(string sub) =>
            string.Concat(Enumerable.Repeat($"MSG tick {sub.Split(' ')[^1]} 2\r\nhi\r\n", 5));
        await using var old = FakeServer.Start(async peer =>
        {
            await peer.HandshakeAsync();
            var sub = await peer.ExpectAsync("SUB tick ");
            await peer.ExpectAsync("PING");
            await peer.SendAsync("PONG\r\n");
            await announce.Task;
            await peer.SendAsync(Lame);
            await subscribed.Task;
            await peer.SendAsync(Ticks(sub));
            before.SetResult();
            await both.Task;
            await peer.SendAsync(Ticks(sub));
            await peer.ExpectAsync("UNSUB ");
            await peer.ExpectAsync("PING");
            await peer.SendAsync("PONG\r\n");
            left.SetResult();
            await peer.AnswerPingsAsync();
        });
        await using var other = FakeServer.Start(async peer =>
        {
            await peer.HandshakeAsync();
            var sub = await peer.ExpectAsync("SUB tick ");
            await peer.ExpectAsync("PING");
            subscribed.SetResult();
            await before.Task;
            await peer.SendAsync("PONG\r\n");
            both.SetResult();
            await peer.SendAsync(Ticks(sub));
            await left.Task;
            await peer.SendAsync(Ticks(sub));
            await peer.AnswerPingsAsync();
        });
        await using var connection = new NasConnection(
            Quick.Options(old.Url, other.Url) with
            {
                KeepServerOrder = true,
            }
        );
        await connection.ConnectAsync();
        var ticks = await connection.SubscribeAsync("tick", useNamespace: false);
        announce.SetResult();
        await Eventually.TrueAsync(
            () => connection.Server == other.Url && ticks.Delivered >= 15,
            explain: () => $"{ticks.Delivered} of 15 on {connection.Server}"
        );
        await connection.FlushAsync();
        Assert.Equal(15, ticks.Delivered);
    }

    /// <returns>How many went out.</returns>
    private static async Task<int> PublishAsync(NasConnection connection, CancellationToken stop)
    {
        var number = 0;
        for (; !stop.IsCancellationRequested; number++)
        {
            await connection.PublishAsync("roll", Numbered.Payload(number), cancel: CancellationToken.None);
            if (number % 10 == 0)
            {
                await Task.Delay(1, CancellationToken.None);
            }
        }
        await connection.FlushAsync(cancel: CancellationToken.None);
        return number;
    }

    private static async Task AskAsync(NasConnection connection, Action answered, CancellationToken stop)
    {
        for (var number = 0; !stop.IsCancellationRequested; number++)
        {
            var reply = await connection.RequestAsync(
                "ask",
                Numbered.Payload(number),
                TimeSpan.FromSeconds(10),
                cancel: CancellationToken.None
            );
            Assert.Equal(number, Numbered.Read(reply.Payload));
            answered();
        }
    }
}

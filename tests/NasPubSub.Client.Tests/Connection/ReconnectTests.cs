using NasPubSub.Client.Tests.Infrastructure;
using NasPubSub.TestServer;

namespace NasPubSub.Client.Tests.Connection;

/// <summary>Beyond the points of ADR-40: what else can happen while a connection comes and goes.</summary>
[Trait("Servers", "old")]
public sealed class ReconnectTests
{
    [Fact]
    public async Task Nodes_of_a_cluster_stopped_in_turn_are_left_for_others()
    {
        await using var cluster = await NatsCluster.StartAsync(3);
        await using var subscriber = await Quick.ConnectAsync(Quick.Options(cluster.Servers[0].Url));
        await using var publisher = await Quick.ConnectAsync(Quick.Options(cluster.Servers[1].Url));
        await using var responder = await subscriber.SubscribeAsync("echo", m => m.ReplyAsync(m.Payload));
        foreach (var node in cluster.Servers)
        {
            var leaving = new[] { subscriber, publisher }.Where(c => c.Server == node.Url).ToArray();
            var reconnects = leaving.Select(c => c.Statistics.Reconnects).ToArray();
            await node.StopAsync();
            for (var i = 0; i < leaving.Length; i++)
            {
                await leaving[i].ConnectedAsync(reconnects[i] + 1);
            }

            Assert.All(new[] { subscriber, publisher }, c => Assert.NotEqual(node.Url, c.Server));
            await Eventually.TrueAsync(async () =>
            {
                try
                {
                    return (await publisher.RequestAsync("echo", node.Url, TimeSpan.FromMilliseconds(500))).Text
                        == node.Url;
                }
                catch (NasException e) when (e.Error is NasError.NoResponders or NasError.RequestTimeout)
                {
                    // The route to the subscriber's new server may be a moment behind.
                    return false;
                }
            });
            await node.RestartAsync();
            await Eventually.TrueAsync(() =>
                subscriber.Servers.Contains(node.Url) && publisher.Servers.Contains(node.Url)
            );
        }
    }

    [Fact]
    public async Task What_is_published_while_disconnected_comes_in_order_after_it()
    {
        await using var server = await NatsServer.StartAsync();
        await using var connection = await Quick.ConnectAsync(server);
        var reader = new NumberedReader();
        await connection.SubscribeAsync("a", reader.OnMessage);
        await server.KillAsync();
        await Eventually.TrueAsync(() => !connection.IsConnected);
        for (var i = 0; i < 2000; i++)
        {
            connection.Publish("a", Numbered.Payload(i));
        }

        Assert.True(connection.PendingBytes > 2000 * 1000);
        await server.RestartAsync();
        await connection.ConnectedAsync(1);
        await Eventually.TrueAsync(() => reader.Last == 1999);
        Assert.Equal((2000, 0, 0), (reader.Received, reader.Corrupt, reader.OutOfOrder));
        Assert.Equal(0, connection.Statistics.Unconfirmed);
    }

    [Fact]
    public async Task An_own_delay_that_fails_closes_the_connection_and_says_so()
    {
        await using var server = await NatsServer.StartAsync();
        await using var connection = await Quick.ConnectAsync(
            Quick.Options(server.Url) with
            {
                ReconnectDelay = _ => throw new InvalidOperationException("no idea"),
            }
        );
        await server.KillAsync();
        await Eventually.TrueAsync(() => connection.State == NasConnectionState.Closed);
        var last = Assert.IsType<NasException>(connection.LastError);
        Assert.Equal(NasError.InvalidOption, last.Error);
        Assert.Contains("no idea", last.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_delay_below_zero_is_none()
    {
        await using var server = await NatsServer.StartAsync();
        await using var connection = await Quick.ConnectAsync(
            Quick.Options(server.Url) with
            {
                ReconnectJitter = 5,
                ReconnectMaxWait = TimeSpan.FromMilliseconds(20),
                MaxReconnects = -1,
            }
        );
        await server.KillAsync();
        var events = new EventLog(connection);
        await events.WaitAsync(NasEventKind.ConnectAttemptFailed, 15);
        await server.RestartAsync();
        await connection.ConnectedAsync(1);
    }

    [ServerFact(Signals = true)]
    public async Task A_message_cut_in_the_middle_by_the_break_is_sent_again_as_a_whole()
    {
        await using var server = await NatsServer.StartAsync();
        await using var connection = await Quick.ConnectAsync(
            Quick.Options(server.Url) with
            {
                SendTimeout = TimeSpan.FromMilliseconds(300),
            }
        );
        var reader = new NumberedReader();
        await connection.SubscribeAsync("a", reader.OnMessage);
        await server.PauseAsync();
        // The network's buffers fill up, then ours, and then Publish fails: in time, and with nothing half sent.
        var sent = 0;
        // Full is what does not change while one waits for room: a slow machine only looks so, and its network then
        // takes the rest.
        for (var before = -1; before != connection.PendingBytes;)
        {
            before = connection.PendingBytes;
            var full = Assert.Throws<NasException>(() =>
            {
                for (; sent < 100_000; sent++)
                {
                    connection.Publish("a", Numbered.Payload(sent));
                }
            });
            Assert.Equal(NasError.BufferFull, full.Error);
        }
        await server.KillAsync();
        await server.RestartAsync();
        await connection.ConnectedAsync(1);
        // It comes behind all that were kept.
        connection.Publish("a", Numbered.Payload(sent));
        await Eventually.TrueAsync(() => reader.Last == sent);
        Assert.Equal((0, 0), (reader.Corrupt, reader.OutOfOrder));
        // To lose none is as right.
        Assert.InRange(sent + 1 - reader.Received, 0, connection.Statistics.Unconfirmed);
    }

    [Fact]
    public async Task What_a_server_took_before_the_line_broke_is_not_sent_again()
    {
        const int Messages = 160;
        var published = new TaskCompletionSource();
        List<int> before = [],
            after = [];
        await using var server = FakeServer.Start(
            async peer =>
            {
                await peer.HandshakeAsync();
                peer.Close();
            },
            async peer =>
            {
                await published.Task;
                await peer.HandshakeAsync();
                while (before.Count < Messages / 3)
                {
                    await TakeAsync(peer, before);
                }

                peer.Close(reset: true);
            },
            async peer =>
            {
                await peer.HandshakeAsync();
                while (after.Count == 0 || after[^1] != Messages - 1)
                {
                    await TakeAsync(peer, after);
                }
            }
        );
        await using var connection = await Quick.ConnectAsync(
            Quick.Options(server.Url) with
            {
                ReconnectBufferBytes = 32_000_000,
            }
        );
        await Eventually.TrueAsync(() => server.Connections == 2);
        // All of it waits for the second connection, and goes out at once.
        for (var i = 0; i < Messages; i++)
        {
            connection.Publish("a", (byte[])[.. BitConverter.GetBytes(i), .. new byte[100_000]]);
        }

        published.SetResult();
        await server.CompletedAsync(3);
        Assert.Equal(Enumerable.Range(0, before.Count), before);
        Assert.Equal(Enumerable.Range(after[0], Messages - after[0]), after);
        Assert.True(after[0] >= before.Count, $"{before.Count} came, and then {after[0]} again");
        Assert.InRange(after[0] - before.Count, 0, connection.Statistics.Unconfirmed);

        static async Task TakeAsync(FakePeer peer, List<int> taken)
        {
            var words = (await peer.ExpectAsync("PUB a ")).Split(' ');
            taken.Add(
                BitConverter.ToInt32(
                    await peer.ReadBytesAsync(
                        int.Parse(words[2], System.Globalization.CultureInfo.InvariantCulture) + 2
                    )
                )
            );
        }
    }

    [Fact]
    public async Task A_server_that_drops_clients_at_once_is_not_dialled_in_a_tight_loop()
    {
        await using var server = FakeServer.Start(async peer =>
        {
            await peer.HandshakeAsync();
            peer.Close();
        });
        await using var connection = await Quick.ConnectAsync(
            Quick.Options(server.Url) with
            {
                MaxReconnects = -1,
                ReconnectWait = TimeSpan.FromMilliseconds(100),
            }
        );
        var events = new EventLog(connection);
        await events.WaitAsync(NasEventKind.Reconnected, 5);
        var times = events.Of(NasEventKind.Reconnected).Select(e => e.Time).ToArray();
        Assert.True(times[4] - times[0] > TimeSpan.FromMilliseconds(300), events.ToString());
    }

    [Fact]
    public async Task What_is_left_of_a_maximum_set_after_a_reconnect_is_told_to_the_server()
    {
        await using var server = await NatsServer.StartAsync();
        await using var connection = await Quick.ConnectAsync(server);
        var limited = await connection.SubscribeAsync("a", queueGroup: "q");
        for (var i = 0; i < 5; i++)
        {
            connection.Publish("a", $"{i}");
        }

        await limited.NextAsync(5);
        await connection.ReconnectAsync();
        await limited.UnsubscribeAsync(maxMessages: 8);
        await connection.FlushAsync();
        // The server must send three more and no other: each further one of a queue group would be lost.
        var other = await connection.SubscribeAsync("a", queueGroup: "q");
        for (var i = 5; i < 40; i++)
        {
            connection.Publish("a", $"{i}");
        }

        await connection.FlushAsync();
        await Eventually.TrueAsync(() => limited.Delivered + other.Delivered == 40);
        Assert.Equal(8, limited.Delivered);
        Assert.False(limited.IsActive);
    }

    [Fact]
    public async Task A_connection_without_reconnect_closes_when_it_breaks()
    {
        await using var server = await NatsServer.StartAsync();
        await using var connection = await Quick.ConnectAsync(Quick.Options(server.Url) with { Reconnect = false });
        var subscription = await connection.SubscribeAsync("a");
        var reading = subscription.ReadAsync().AsTask();
        await server.KillAsync();
        await Eventually.TrueAsync(() => connection.State == NasConnectionState.Closed);
        Assert.Null(await reading.WaitAsync(Eventually.DefaultDeadline));
        Assert.IsType<NasException>(subscription.Error);
        await Clients.FailsAsync(NasError.ConnectionClosed, () => connection.SubscribeAsync("b"));
    }

    [Fact]
    public async Task A_request_in_flight_over_a_reconnect_still_gets_its_reply()
    {
        await using var server = await NatsServer.StartAsync();
        await using var proxy = TcpProxy.Start(server);
        await using var asker = await Quick.ConnectAsync(Quick.Options(proxy.Url));
        await using var answerer = await Quick.ConnectAsync(server);
        var asked = await answerer.SubscribeAsync("slow");
        var reply = asker.RequestAsync("slow", "?", TimeSpan.FromSeconds(10)).AsTask();
        var question = await asked.ReadAsync().AsTask().WaitAsync(Eventually.DefaultDeadline);
        proxy.CutAll();
        await asker.ConnectedAsync(1);
        await asker.FlushAsync();
        question!.Reply("!");
        Assert.Equal("!", (await reply).Text);
    }

    [Fact]
    public async Task A_replaced_pool_counts_for_subscriptions_with_a_connection_of_their_own()
    {
        await using var one = await NatsServer.StartAsync();
        await using var other = await NatsServer.StartAsync();
        await using var connection = await Quick.ConnectAsync(one);
        connection.SetServers([other.Url]);
        var patient = await connection.SubscribeAsync("a", options: new() { Overflow = NasOverflow.Wait });
        await using var publisher = await Quick.ConnectAsync(other);
        publisher.Publish("a", "x");
        Assert.Equal("x", await patient.NextAsync());
    }
}

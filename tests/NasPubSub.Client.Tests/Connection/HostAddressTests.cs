using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using NasPubSub.Client.Tests.Infrastructure;
using NasPubSub.Connection;
using NasPubSub.TestServer;
using NasPubSub.Transport;

namespace NasPubSub.Client.Tests.Connection;

/// <summary>Names with several addresses, and lists of servers that never answer.</summary>
public sealed class HostAddressTests
{
    private static readonly IPAddress Nobody = IPAddress.Parse("127.0.0.2"),
        Other = IPAddress.Parse("127.0.0.3");

    [Fact]
    public async Task All_addresses_of_a_name_are_tried()
    {
        await using var server = FakeServer.Start(ServeAsync);
        await using var connection = await Quick.ConnectAsync(
            Named(server.Port, Nobody, IPAddress.IPv6Loopback, IPAddress.Loopback)
        );
        Assert.Equal($"nats://many.test:{server.Port}", connection.Server);
        await connection.DisconnectAsync(drain: false);

        var options = Named(FreePort.Next(), Nobody, IPAddress.IPv6Loopback);
        var failed = await Clients.FailsAsync(NasError.ConnectFailed, () => Quick.ConnectAsync(options));
        Assert.Contains("cannot be reached", failed.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_address_that_takes_the_connection_and_says_nothing_leaves_the_others_their_time()
    {
        await using var server = FakeServer.Start(ServeAsync);
        using var silent = Listen(Nobody, server.Port, 16);
        using var closing = Listen(Other, server.Port, 16);
        _ = closing.AcceptAsync().ContinueWith(t => t.Result.Dispose(), TaskScheduler.Default);
        var options = Named(server.Port, Nobody, Other, IPAddress.Loopback) with
        {
            ConnectTimeout = TimeSpan.FromSeconds(3),
        };
        await using var connection = await Quick.ConnectAsync(options);
        Assert.True(connection.IsConnected);
        await connection.DisconnectAsync(drain: false);
    }

    [Fact]
    public async Task An_address_without_a_way_there_holds_up_the_next_for_a_moment_only()
    {
        await using var server = FakeServer.Start(ServeAsync);
        // Its queue is full: a further connection is neither taken nor refused.
        using var full = Listen(Nobody, server.Port, 0);
        var queued = Enumerable
            .Range(0, 3)
            .Select(_ => new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp))
            .ToList();
        foreach (var socket in queued)
        {
            _ = socket.ConnectAsync(Nobody, server.Port).ContinueWith(t => t.Exception, TaskScheduler.Default);
        }

        await Eventually.TrueAsync(() => queued.Any(s => s.Connected));
        var watch = Stopwatch.StartNew();
        await using var connection = await Quick.ConnectAsync(Named(server.Port, Nobody, IPAddress.Loopback));
        Assert.InRange(watch.Elapsed.TotalSeconds, 0, 2);
        await connection.DisconnectAsync(drain: false);
        foreach (var socket in queued)
        {
            socket.Dispose();
        }
    }

    [Fact]
    public async Task Refused_credentials_are_not_offered_to_every_address()
    {
        await using var server = await NatsServer.StartAsync("authorization { user: u, password: right }");
        await using var proxy = TcpProxy.Start(server);
        var options = Named(proxy.Port, IPAddress.Loopback, IPAddress.Parse("::ffff:127.0.0.1"));
        await Clients.FailsAsync(NasError.AuthenticationFailed, () => Quick.ConnectAsync(options));
        Assert.Equal(1, proxy.Connections);
    }

    [Fact]
    public async Task Addresses_come_in_a_random_order_with_the_families_in_turns_or_in_that_of_the_resolver()
    {
        var four = Enumerable.Range(1, 6).Select(i => IPAddress.Parse($"10.0.0.{i}")).ToArray();
        var six = Enumerable.Range(1, 2).Select(i => IPAddress.Parse($"fd00::{i}")).ToArray();
        var options = Named(1, [.. four, .. six]);
        Assert.Equal([.. four, .. six], await TcpConnector.ResolveAsync("x", options, CancellationToken.None));
        var firsts = new HashSet<IPAddress>();
        for (var i = 0; i < 50; i++)
        {
            var order = await TcpConnector.ResolveAsync(
                "x",
                options with
                {
                    KeepServerOrder = false,
                },
                CancellationToken.None
            );
            firsts.Add(order[0]);
            Assert.Equal(2, order.Take(4).Count(a => a.AddressFamily == AddressFamily.InterNetworkV6));
            Assert.Equal(8, order.Distinct().Count());
        }

        Assert.True(firsts.Count > 3);
    }

    [Fact]
    public async Task A_list_of_silent_servers_keeps_nobody_from_the_server_that_was_given()
    {
        await using var silent = FakeServer.Start(peer => peer.StaySilentAsync());
        var urls = string.Join(
            ",",
            Enumerable.Range(0, 30).Select(i => $"\"127.0.{i}.1:{silent.Port}\",\"localhost:{silent.Port}\"")
        );
        await using var server = FakeServer.Start(
            peer => peer.HandshakeAsync(FakePeer.Info.Replace("{", $$"""{"connect_urls":[{{urls}}],""")),
            peer =>
            {
                peer.Close();
                return Task.CompletedTask;
            },
            ServeAsync
        );
        await using var connection = await Quick.ConnectAsync(Quick.Options(server.Url));
        var watch = Stopwatch.StartNew();
        await connection.ConnectedAsync(1);
        Assert.InRange(watch.Elapsed.TotalSeconds, 0, 8);
        await connection.DisconnectAsync(drain: false);
    }

    [Fact]
    public void Servers_that_are_only_heard_of_come_last_and_a_few_at_a_time()
    {
        var own = NasServerAddress.Parse("nats://own.test:1");
        var pool = new ServerPool(Quick.Options("nats://own.test:1", "nats://second.test:1"));
        var urls = string.Join(",", Enumerable.Range(0, 30).Select(i => $"\"10.0.0.{i}:4222\""));
        pool.Discover(
            NasServerInfo.Parse(System.Text.Encoding.UTF8.GetBytes($$"""{"connect_urls":[{{urls}}]}""")),
            own,
            isTls: false
        );
        var round = pool.Round(own);
        Assert.Equal(["second.test", "own.test"], round.Take(2).Select(s => s.Address.Host));
        Assert.Equal(5, round.Count);
        // Those that have failed leave the next round to others.
        foreach (var server in round.Skip(2))
        {
            server.Failures++;
        }

        Assert.Empty(pool.Round(own).Skip(2).Intersect(round));
        // One that has answered is a server as any other; where the server is about to end, all are of use.
        round[2].IsUnproven = false;
        Assert.Contains(round[2], pool.Round(own).Take(3));
        Assert.Equal(32, pool.Round(own, all: true).Count);
    }

    [Fact]
    public async Task A_server_too_busy_to_let_clients_in_is_tried_again()
    {
        const string Busy = "-ERR 'Authentication Timeout'\r\n";
        Func<FakePeer, Task> busy = async peer =>
        {
            await peer.SendAsync(FakePeer.Info);
            await peer.ExpectAsync("PING");
            await peer.SendAsync(Busy);
        };
        await using var server = FakeServer.Start(peer => peer.HandshakeAsync(), busy, busy, busy, ServeAsync);
        await using var connection = await Quick.ConnectAsync(Quick.Options(server.Url));
        await connection.ConnectedAsync(1);
        Assert.Equal(5, server.Connections);
        await connection.DisconnectAsync(drain: false);
    }

    private static NasOptions Named(int port, params IPAddress[] addresses) =>
        Quick.Options($"nats://many.test:{port}") with
        {
            KeepServerOrder = true,
            Resolver = _ => Task.FromResult(addresses),
        };

    private static async Task ServeAsync(FakePeer peer)
    {
        await peer.HandshakeAsync();
        await peer.AnswerPingsAsync();
    }

    private static Socket Listen(IPAddress address, int port, int backlog)
    {
        var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        socket.Bind(new IPEndPoint(address, port));
        socket.Listen(backlog);
        return socket;
    }
}

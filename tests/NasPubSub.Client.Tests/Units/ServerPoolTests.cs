using NasPubSub.Connection;

namespace NasPubSub.Client.Tests.Units;

/// <summary>Which servers are tried, in which order, and which are given up.</summary>
public sealed class ServerPoolTests
{
    private static readonly NasServerAddress First = NasServerAddress.Parse("nats://a:1");

    [Fact]
    public void The_server_just_left_is_the_last_of_a_round()
    {
        var pool = Pool("a:1", "b:2", "c:3");
        for (var i = 0; i < 20; i++)
        {
            Assert.Equal("nats://a:1", pool.Round(First)[^1].Address.ToString());
        }
        Assert.True(Enumerable.Range(0, 50).Select(_ => $"{pool.Round(null)[0].Address}").Distinct().Count() == 3);
    }

    [Fact]
    public void The_order_can_be_kept()
    {
        var pool = new ServerPool(new NasOptions { Servers = ["a:1", "b:2", "c:3"], KeepServerOrder = true });
        Assert.Equal(["nats://a:1", "nats://b:2", "nats://c:3"], pool.Round(First).Select(s => $"{s.Address}"));
    }

    [Fact]
    public void Servers_of_the_cluster_come_and_go_and_those_of_the_user_stay()
    {
        var pool = Pool("a:1");
        Assert.Equal(["nats://b:2", "nats://c:3"], Discover(pool, "b:2", "a:1", "c:3"));
        Assert.Empty(Discover(pool, "b:2", "c:3"));
        Assert.Equal(["nats://d:4"], Discover(pool, "d:4"));
        Assert.Equal(["nats://a:1", "nats://d:4"], pool.Addresses.Order(StringComparer.Ordinal));
        // An INFO that names nobody says nothing of the cluster.
        Assert.Empty(Discover(pool));
        Assert.Equal(2, pool.Addresses.Count);
    }

    [Fact]
    public void Discovered_servers_are_not_used_where_the_user_does_not_want_them()
    {
        var pool = new ServerPool(new NasOptions { Servers = ["a:1"], IgnoreDiscoveredServers = true });
        Assert.Empty(Discover(pool, "b:2"));
        Assert.Single(pool.Addresses);
    }

    [Fact]
    public void A_round_tries_few_servers_that_are_only_heard_of_and_a_migration_all()
    {
        var pool = Pool("a:1");
        Discover(pool, [.. Enumerable.Range(1, 50).Select(i => $"h{i}:1")]);
        Assert.Equal(4, pool.Round(null).Count);
        Assert.Equal("nats://a:1", $"{pool.Round(null)[0].Address}");
        Assert.Equal(51, pool.Round(null, all: true).Count);
        Discover(pool, [.. Enumerable.Range(1, 5000).Select(i => $"h{i}:1")]);
        Assert.InRange(pool.Addresses.Count, 900, 1100);
    }

    [Fact]
    public void A_server_that_refuses_twice_soon_after_it_let_the_client_in_is_given_up()
    {
        var pool = Pool("a:1", "b:2");
        pool.Lost(First, TimeSpan.FromMilliseconds(10), Refusal("expired"));
        pool.Lost(First, TimeSpan.FromMilliseconds(10), Refusal("other"));
        Assert.Equal(2, pool.Addresses.Count);
        pool.Lost(First, TimeSpan.FromMinutes(1), Refusal("other"));
        pool.Lost(First, TimeSpan.FromMilliseconds(10), Refusal("other"));
        Assert.Equal(2, pool.Addresses.Count);
        pool.Lost(First, TimeSpan.FromMilliseconds(10), Refusal("OTHER"));
        Assert.Equal(["nats://b:2"], pool.Addresses);
        pool.Restart();
        Assert.Equal(2, pool.Addresses.Count);
    }

    [Fact]
    public void What_only_this_client_found_gives_up_no_server()
    {
        var pool = Pool("a:1");
        for (var i = 0; i < 3; i++)
        {
            pool.Lost(First, TimeSpan.Zero, new NasException(NasError.AuthenticationFailed, "no file"));
            pool.Lost(First, TimeSpan.Zero, new NasException(NasError.ConnectionLost, "gone"));
        }
        Assert.False(pool.IsEmpty);
    }

    [Fact]
    public async Task A_server_is_given_up_after_so_many_failures()
    {
        var options = new NasOptions
        {
            Servers = ["nowhere.invalid:1"],
            MaxReconnects = 2,
            Resolver = _ => throw new System.Net.Sockets.SocketException(11001),
        };
        var pool = new ServerPool(options);
        var server = pool.Round(null)[0];
        await Assert.ThrowsAsync<NasException>(() => pool.OpenAsync(server, default));
        Assert.Equal(1, server.Failures);
        Assert.False(pool.IsEmpty);
        await Assert.ThrowsAsync<NasException>(() => pool.OpenAsync(server, default));
        Assert.True(pool.IsEmpty);
    }

    [Fact]
    public void Replaced_servers_are_those_of_the_user_and_an_empty_list_is_an_error()
    {
        var pool = Pool("a:1");
        pool.Replace(["nats://user:secret@b:2, c:3"]);
        Assert.Equal(["nats://b:2", "nats://c:3"], pool.Addresses);
        Assert.Contains("secret", pool.Given[0], StringComparison.Ordinal);
        Assert.Equal(NasError.InvalidOption, Assert.Throws<NasException>(() => pool.Replace([])).Error);
        Assert.Equal(2, pool.Addresses.Count);
    }

    private static ServerPool Pool(params string[] servers) => new(new NasOptions { Servers = servers });

    private static IEnumerable<string> Discover(ServerPool pool, params string[] urls) =>
        pool.Discover(new NasServerInfo { ConnectUrls = urls }, First, isTls: false)
            .Select(a => a.ToString())
            .Order(StringComparer.Ordinal);

    private static NasException Refusal(string message) =>
        new(NasError.AuthenticationFailed, message) { IsServers = true };
}

using DotNet.Testcontainers.Builders;
using DotNet.Testcontainers.Networks;

namespace NasPubSub.TestServer;

/// <summary>Some servers with routes between all of them, on 127.0.0.1.</summary>
public sealed class NatsCluster : IAsyncDisposable
{
    private const int StartAttempts = 5;
    private readonly INetwork? _network;

    private NatsCluster(IReadOnlyList<NatsServer> servers, INetwork? network)
    {
        Servers = servers;
        _network = network;
    }

    /// <summary>The servers, named n1, n2, …</summary>
    public IReadOnlyList<NatsServer> Servers { get; }

    /// <summary>All URLs, separated by commas.</summary>
    public string Url => string.Join(",", Servers.Select(server => server.Url));

    /// <summary>Starts <paramref name="count"/> servers with the same options and returns when each has a route to each
    /// other, and with JetStream when they have elected a leader (some seconds).</summary>
    public static async Task<NatsCluster> StartAsync(int count = 3, NatsServerOptions? options = null)
    {
        options ??= new NatsServerOptions();
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await StartOnceAsync(count, options);
            }
            catch (NatsServerException clash) when (clash.PortTaken && attempt < StartAttempts)
            {
                // Another process took one of the ports; new ones next time.
            }
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(Servers.Select(server => server.DisposeAsync().AsTask()));
        if (_network is not null)
        {
            await _network.DisposeAsync();
        }
    }

    private static async Task<NatsCluster> StartOnceAsync(int count, NatsServerOptions options)
    {
        var network = NatsServerBinary.UseContainers ? new NetworkBuilder().Build() : null;
        if (network is not null)
        {
            await network.CreateAsync();
        }

        var peers = Enumerable.Range(1, count).Select(n => new ClusterPeer($"n{n}", FreePort.Next())).ToList();
        var starts = peers
            .Select(peer =>
                NatsServer.StartAsync(
                    options with
                    {
                        Cluster = new ClusterSeat("tests", peer.Name, peer.RoutePort, peers, network?.Name),
                    }
                )
            )
            .ToList();
        try
        {
            var cluster = new NatsCluster(await Task.WhenAll(starts), network);
            await cluster.MeshedAsync();
            if (options.JetStream)
            {
                await Task.WhenAll(
                    cluster.Servers.Select(server =>
                        server.WaitForLogAsync("metadata leader", TimeSpan.FromSeconds(60))
                    )
                );
            }

            return cluster;
        }
        catch
        {
            await new NatsCluster(
                starts.Where(start => start.IsCompletedSuccessfully).Select(start => start.Result).ToList(),
                network
            ).DisposeAsync();
            throw;
        }
    }

    /// <summary>
    /// Returns when each server has a route to each other: one in the mesh tells a new client the addresses of all, so
    /// its INFO says when the mesh is full.
    /// </summary>
    public async Task MeshedAsync()
    {
        foreach (var server in Servers)
        {
            var last = "";
            await Eventually.TrueAsync(
                async () =>
                {
                    last = await ServerInfo.ReadAsync(server.Port);
                    return Servers.All(other => last.Contains($"\"127.0.0.1:{other.Port}\""));
                },
                TimeSpan.FromSeconds(30),
                () => $"INFO: {last}{Environment.NewLine}{server.Log}",
                "each server knows all others"
            );
        }
    }
}

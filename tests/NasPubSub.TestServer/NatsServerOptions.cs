namespace NasPubSub.TestServer;

/// <summary>
/// What a server is started with. Address and ports go on the command line, so a configuration needs none.
/// </summary>
public sealed record NatsServerOptions
{
    /// <summary>
    /// The text of a configuration file; paths of files in it (certificates) are made visible to a container.
    /// </summary>
    public string Config { get; init; } = "";

    /// <summary>More command-line arguments, such as <c>--user</c>, <c>u</c>, or <c>-DV</c>.</summary>
    public IReadOnlyList<string> Args { get; init; } = [];

    /// <summary>A fixed client port; 0 takes a free one.</summary>
    public int Port { get; init; }

    /// <summary>Enables JetStream, with its store in a folder of this server that outlives a restart.</summary>
    public bool JetStream { get; init; }

    /// <summary>Opens the HTTP monitoring port.</summary>
    public bool Monitor { get; init; }

    /// <summary>
    /// What stands inside the <c>websocket { }</c> block beside its address, such as <c>no_tls: true</c>; null is no
    /// WebSocket.
    /// </summary>
    public string? WebSocket { get; init; }

    /// <summary>
    /// A version other than the default, as in tools/nats-server.version: <c>2.9</c>; always a process.
    /// </summary>
    public string? Version { get; init; }

    /// <summary>Runs it at the far end of a cable instead of on 127.0.0.1; always a process.</summary>
    public NetworkCable? Cable { get; init; }

    /// <summary>How long the server may take until it says that it is ready.</summary>
    public TimeSpan StartTimeout { get; init; } = TimeSpan.FromSeconds(30);

    internal ClusterSeat? Cluster { get; init; }
}

/// <summary>A server's place in a cluster: its own route port, and those of all.</summary>
internal sealed record ClusterSeat(
    string Cluster,
    string Name,
    int RoutePort,
    IReadOnlyList<ClusterPeer> Peers,
    string? Network
);

internal sealed record ClusterPeer(string Name, int RoutePort);

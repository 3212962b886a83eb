using System.Text;

namespace NasPubSub.TestServer;

/// <summary>One server's ports, folder, configuration file and command line.</summary>
internal sealed class ServerSetup
{
    private const string ConfigName = "nats.conf";

    public ServerSetup(NatsServerOptions options)
    {
        Options = options;
        Port = options.Port != 0 ? options.Port : FreePort.Next();
        MonitorPort = options.Monitor ? FreePort.Next() : 0;
        WebSocketPort = options.WebSocket is not null ? FreePort.Next() : 0;
        Directory = System.IO.Directory.CreateTempSubdirectory("nas-server-").FullName;
        ConfigText = Complete(options.Config);
    }

    public NatsServerOptions Options { get; }

    /// <summary>A version asked for by its number is a binary of this machine, whatever the others run in.</summary>
    public bool InContainer => NatsServerBinary.UseContainers && Options.Version is null && Options.Cable is null;

    /// <summary>Where clients find it.</summary>
    public string Host => Options.Cable?.Address ?? "127.0.0.1";

    public int Port { get; }

    public int MonitorPort { get; }

    public int WebSocketPort { get; }

    public string Directory { get; }

    public string ConfigText { get; private set; }

    public string ConfigPath => Path.Combine(Directory, ConfigName);

    public IEnumerable<int> ClientPorts => new[] { Port, MonitorPort, WebSocketPort }.Where(port => port != 0);

    public string UseConfig(string config) => ConfigText = Complete(config);

    /// <summary>
    /// The command line; in a container the server listens on all addresses and tells its clients 127.0.0.1.
    /// </summary>
    public List<string> Arguments()
    {
        List<string> args = ["-c", ConfigPath, "-a", Address, "-p", $"{Port}", "-sd", Path.Combine(Directory, "store")];
        if (Options.JetStream)
        {
            args.Add("-js");
        }

        if (MonitorPort != 0)
        {
            args.AddRange(["-m", $"{MonitorPort}"]);
        }

        if (InContainer)
        {
            args.AddRange(["--client_advertise", $"127.0.0.1:{Port}"]);
        }

        args.AddRange(Options.Args);
        return args;
    }

    private string Address => InContainer ? "0.0.0.0" : Host;

    private string Complete(string config)
    {
        var text = new StringBuilder("# written by the tests\n").AppendLine(config);
        if (Options.WebSocket is { } inside)
        {
            text.AppendLine($"websocket {{\n  listen: \"{Address}:{WebSocketPort}\"\n  {inside}\n}}");
        }

        if (Options.Cluster is { } seat)
        {
            var routes = seat.Peers.Select(peer =>
                $"nats://{(InContainer ? peer.Name : "127.0.0.1")}:{peer.RoutePort}"
            );
            text.AppendLine($"server_name: {seat.Name}");
            text.AppendLine($"cluster {{\n  name: {seat.Cluster}\n  listen: \"{Address}:{seat.RoutePort}\"");
            text.AppendLine($"  routes: [{string.Join(", ", routes)}]\n}}");
        }

        return text.ToString();
    }
}

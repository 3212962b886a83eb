using System.Text.RegularExpressions;

namespace NasPubSub.TestServer;

/// <summary>
/// A real nats-server on 127.0.0.1 or behind a cable, in a process of its own or in a container; it ends with this
/// object.
/// </summary>
public sealed partial class NatsServer : IAsyncDisposable
{
    private const string ReadyLine = "Server is ready";
    private const int StartAttempts = 5;

    private readonly ServerHost _host;

    private NatsServer(ServerHost host) => _host = host;

    /// <summary>The address it listens on.</summary>
    public string Host => _host.Setup.Host;

    /// <summary>The client port; a restart keeps it.</summary>
    public int Port => _host.Setup.Port;

    /// <summary>The HTTP monitoring port, or 0.</summary>
    public int MonitorPort => _host.Setup.MonitorPort;

    /// <summary>The WebSocket port, or 0.</summary>
    public int WebSocketPort => _host.Setup.WebSocketPort;

    /// <summary><c>nats://127.0.0.1:port</c>.</summary>
    public string Url => $"nats://{Host}:{Port}";

    /// <summary><c>tls://127.0.0.1:port</c>.</summary>
    public string TlsUrl => $"tls://{Host}:{Port}";

    /// <summary><c>ws://127.0.0.1:port</c>; for <c>wss</c> build it from <see cref="WebSocketPort"/>.</summary>
    public string WebSocketUrl => $"ws://{Host}:{WebSocketPort}";

    /// <summary>The process id; 0 in a container.</summary>
    public int Pid => _host.Pid;

    /// <summary>False once the process has ended, by itself or by a call here.</summary>
    public bool IsRunning => _host.IsRunning;

    /// <summary>The server's version, from its log.</summary>
    public Version Version => Version.Parse(VersionLine().Match(_host.Log).Groups[1].Value);

    /// <summary>All it has logged, over restarts.</summary>
    public string Log => _host.Log;

    /// <summary>
    /// Whether <see cref="SignalAsync"/> and what builds on it (pause, lame duck, reload) work here: on Windows only
    /// under Wine, where servers are programs of the system below.
    /// </summary>
    public static bool SupportsSignals =>
        NatsServerBinary.UseContainers || HostBridge.IsHere || !OperatingSystem.IsWindows();

    /// <summary>Whether <see cref="Pid"/> is a process of this machine.</summary>
    public static bool SupportsPid => !NatsServerBinary.UseContainers;

    /// <summary>Starts a server with a configuration text, or with none, on a free port.</summary>
    public static Task<NatsServer> StartAsync(string config) => StartAsync(new NatsServerOptions { Config = config });

    /// <summary>Starts a server and returns when it is ready for clients.</summary>
    /// <exception cref="NatsServerException">It ended, or was not ready in time; the message holds its log.</exception>
    public static async Task<NatsServer> StartAsync(NatsServerOptions? options = null)
    {
        options ??= new NatsServerOptions();
        for (var attempt = 1; ; attempt++)
        {
            var setup = new ServerSetup(options);
            ServerHost host = setup.InContainer ? new ContainerHost(setup) : new ProcessHost(setup);
            var server = new NatsServer(host);
            try
            {
                await server.LaunchAsync();
                return server;
            }
            catch (NatsServerException clash)
                when (clash.PortTaken && options.Port == 0 && options.Cluster is null && attempt < StartAttempts)
            {
                await server.DisposeAsync();
            }
            catch
            {
                await server.DisposeAsync();
                throw;
            }
        }
    }

    /// <summary>Ends it at once, as a crash would (SIGKILL).</summary>
    public Task KillAsync() => _host.KillAsync();

    /// <summary>Ends it in an orderly way and waits for that.</summary>
    public Task StopAsync() => _host.StopAsync();

    /// <summary>Starts it again on the same ports with the same configuration, after ending it if it runs.</summary>
    public async Task RestartAsync()
    {
        await StopAsync();
        await LaunchAsync();
    }

    /// <summary>
    /// Sends a signal by its name without <c>SIG</c>: <c>STOP</c>, <c>CONT</c>, <c>HUP</c>, <c>USR2</c>, <c>TERM</c>,
    /// <c>KILL</c>.
    /// </summary>
    public Task SignalAsync(string name) => _host.SignalAsync(name);

    /// <summary>Stops it from running while its sockets stay open: a server that hangs.</summary>
    public Task PauseAsync() => _host.PauseAsync();

    /// <summary>Lets it run on after <see cref="PauseAsync"/>.</summary>
    public Task ResumeAsync() => _host.ResumeAsync();

    /// <summary>
    /// Puts it into lame duck mode. The configuration says for how long, 30 s or more; clients are sent away after
    /// <c>lame_duck_grace_period</c>.
    /// </summary>
    public async Task EnterLameDuckAsync()
    {
        await SignalAsync("USR2");
        await WaitForLogAsync("lame duck mode");
    }

    /// <summary>Replaces its configuration and returns when the server has taken it.</summary>
    public async Task ReloadAsync(string config)
    {
        var before = _host.Log.Length;
        await _host.WriteConfigAsync(_host.Setup.UseConfig(config));
        await SignalAsync("HUP");
        await Eventually.TrueAsync(
            () => Since(before) is var log && (log.Contains("Reloaded") || log.Contains("Failed to reload")),
            explain: () => _host.Log,
            what: "the server has reloaded its configuration"
        );
        if (Since(before).Contains("Failed to reload"))
        {
            throw new NatsServerException("The server refused the new configuration.", _host.Log);
        }
    }

    /// <summary>Returns when the log holds a text.</summary>
    public Task WaitForLogAsync(string text, TimeSpan? within = null) =>
        Eventually.TrueAsync(
            () => _host.Log.Contains(text, StringComparison.OrdinalIgnoreCase),
            within,
            () => _host.Log,
            $"the log holds '{text}'"
        );

    /// <inheritdoc/>
    public ValueTask DisposeAsync() => _host.DisposeAsync();

    private async Task LaunchAsync()
    {
        var before = _host.Log.Length;
        for (var attempt = 1; ; attempt++)
        {
            await _host.StartAsync();
            await Eventually.TrueAsync(
                () => Since(before).Contains(ReadyLine) || !_host.IsRunning,
                _host.Setup.Options.StartTimeout,
                () => _host.Log,
                "nats-server says that it is ready"
            );
            if (_host.IsRunning)
            {
                return;
            }

            await _host.EndedAsync();
            var failure = new NatsServerException("nats-server ended while it started.", _host.Log);
            // A port just left by a killed server may still be in use for a moment; a fixed port is worth some tries.
            if (!failure.PortTaken || before == 0 || attempt == StartAttempts)
            {
                throw failure;
            }
        }
    }

    private string Since(int position) => _host.Log is var log && log.Length > position ? log[position..] : "";

    private static Regex VersionLine() => new(@"Version:\s+v?(\d+\.\d+\.\d+)");
}

using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace NasPubSub.TestServer;

/// <summary>
/// A loopback proxy in front of a server, whose line can be cut, stalled or refused at a chosen moment.
/// </summary>
public sealed class TcpProxy : IAsyncDisposable
{
    private readonly int _target;
    private readonly ConcurrentDictionary<ProxiedLine, Task> _lines = new();
    private readonly Lock _listenerGate = new();
    private TcpListener? _listener;

    private TcpProxy(int target)
    {
        _target = target;
        Port = FreePort.Next();
        Accept();
    }

    /// <summary>Where it listens on 127.0.0.1.</summary>
    public int Port { get; }

    /// <summary><c>nats://127.0.0.1:port</c>.</summary>
    public string Url => $"nats://127.0.0.1:{Port}";

    /// <summary>Connections taken so far.</summary>
    public int Connections { get; private set; }

    /// <summary>Bytes passed from clients to the server.</summary>
    public long BytesToServer => ToServer.Passed;

    /// <summary>Bytes passed from the server to clients.</summary>
    public long BytesToClient => ToClient.Passed;

    internal ProxyDirection ToServer { get; } = new();

    internal ProxyDirection ToClient { get; } = new();

    /// <summary>Starts a proxy to a port of 127.0.0.1.</summary>
    public static TcpProxy Start(int targetPort) => new(targetPort);

    /// <summary>Starts a proxy to a server.</summary>
    public static TcpProxy Start(NatsServer server) => new(server.Port);

    /// <summary>
    /// Cuts the line after so many more bytes to the server; those before are passed on. It happens once.
    /// </summary>
    public void CutAfterToServer(long bytes) => ToServer.CutAfter(bytes);

    /// <summary>
    /// Cuts the line after so many more bytes to the client; those before are passed on. It happens once.
    /// </summary>
    public void CutAfterToClient(long bytes) => ToClient.CutAfter(bytes);

    /// <summary>Stops passing bytes both ways; connections stay open and new ones are taken.</summary>
    public void Hang()
    {
        ToServer.Hang();
        ToClient.Hang();
    }

    /// <summary>Passes bytes on again, those held back first.</summary>
    public void Resume()
    {
        ToServer.Resume();
        ToClient.Resume();
    }

    /// <summary>Cuts all lines now; with <paramref name="reset"/> as a TCP reset.</summary>
    public void CutAll(bool reset = false)
    {
        foreach (var line in _lines.Keys)
        {
            line.Cut(reset);
        }
    }

    /// <summary>Refuses new connections; the present ones stay.</summary>
    public void Refuse()
    {
        lock (_listenerGate)
        {
            if (_listener is null)
            {
                return;
            }

            _listener.Dispose();
            _listener = null;
            WaitUntilClosed();
        }
    }

    /// <summary>Takes connections again after <see cref="Refuse"/>.</summary>
    public void Accept()
    {
        lock (_listenerGate)
        {
            if (_listener is null)
            {
                _listener = new TcpListener(IPAddress.Loopback, Port);
                _listener.Start();
                _ = AcceptLoopAsync(_listener);
            }
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        Refuse();
        CutAll();
        await Task.WhenAll(_lines.Values);
    }

    /// <summary>Under Wine a port is open until the accept that was under way has been cancelled.</summary>
    private void WaitUntilClosed()
    {
        for (var end = Environment.TickCount64 + 2000; Environment.TickCount64 < end;)
        {
            using var probe = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
            try
            {
                probe.Connect(IPAddress.Loopback, Port);
            }
            catch (SocketException)
            {
                return;
            }
        }
    }

    private async Task AcceptLoopAsync(TcpListener listener)
    {
        while (true)
        {
            Socket client;
            try
            {
                client = await listener.AcceptSocketAsync();
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                return;
            }

            Connections++;
            var line = new ProxiedLine(this, client);
            _lines[line] = line.RunAsync(_target)
                .ContinueWith(_ => _lines.TryRemove(line, out var _), TaskScheduler.Default);
        }
    }
}

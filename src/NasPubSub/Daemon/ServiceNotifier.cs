#if !NETSTANDARD2_0
using NasPubSub.Diagnostics;

namespace NasPubSub.Daemon;

/// <summary>
/// Tells the service manager how a waiting script is doing: ready once its sessions are connected, alive while their
/// servers answer, stopping.
/// </summary>
internal sealed class ServiceNotifier : IDisposable
{
    private readonly object _gate = new();
    private readonly NotifySocket _socket;
    private readonly IReadOnlyList<NasConnection> _connections;
    private readonly CancellationTokenSource _end = new();
    private string? _status;
    private bool _isReady;
    private bool _isStopping;

    private ServiceNotifier(NotifySocket socket, IReadOnlyList<NasConnection> connections)
    {
        (_socket, _connections) = (socket, connections);
        foreach (var connection in connections)
        {
            connection.Notified += OnNotified;
        }

        Update();
        if (NotifySocket.WatchdogLimit is { } limit)
        {
            _ = WatchAsync(limit / 2, _end.Token);
        }
    }

    /// <summary>Why the service manager was not notified.</summary>
    public Exception? Failure
    {
        get
        {
            lock (_gate)
            {
                return _socket.Failure;
            }
        }
    }

    /// <summary>Null where no service manager listens.</summary>
    public static ServiceNotifier? Start(IReadOnlyList<NasConnection> connections) =>
        NotifySocket.Open() is { } socket ? new ServiceNotifier(socket, connections) : null;

    /// <summary>The script is stopping. The status is for people.</summary>
    public void Stop(string status)
    {
        lock (_gate)
        {
            _isStopping = true;
            Send("STOPPING=1\n", status);
        }
    }

    public void Dispose()
    {
        _end.Cancel();
        foreach (var connection in _connections)
        {
            connection.Notified -= OnNotified;
        }

        lock (_gate)
        {
            _isStopping = true;
            _socket.Dispose();
        }
        _end.Dispose();
    }

    private void OnNotified(NasEvent what) => Update();

    private void Update()
    {
        lock (_gate)
        {
            if (_isStopping)
            {
                return;
            }

            var isConnected = _connections.All(c => c.IsConnected);
            var meant = _connections.Where(c => c.IsConnected == isConnected);
            var servers = string.Join(", ", meant.Select(c => c.Server));
            var status = isConnected ? $"Connected to {servers}" : $"Connecting to {servers}";
            if (status == _status)
            {
                return;
            }

            Send(isConnected && !_isReady ? "READY=1\n" : "", status);
            _status = status;
            _isReady |= isConnected;
        }
    }

    private void Send(string lines, string status) => _socket.Send($"{lines}STATUS={TerminalText.Line(status)}");

    /// <summary>A server that does not answer is left to the manager, which starts the service again.</summary>
    private async Task WatchAsync(TimeSpan period, CancellationToken cancel)
    {
        using var timer = new PeriodicTimer(period);
        try
        {
            while (await timer.WaitForNextTickAsync(cancel).ConfigureAwait(false))
            {
                try
                {
                    await Task.WhenAll(_connections.Select(c => c.PingAsync(period, cancel))).ConfigureAwait(false);
                    lock (_gate)
                    {
                        _socket.Send("WATCHDOG=1");
                    }
                }
                catch (NasException)
                {
                    // No sign of life this time.
                }
            }
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            // The wait is over.
        }
    }
}
#endif

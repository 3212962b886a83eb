using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace NasPubSub.TestServer;

/// <summary>
/// A listener that does what a script says, for what real servers won't do. The first connection runs the first script,
/// the second the second; the last script serves all later ones.
/// </summary>
public sealed class FakeServer : IAsyncDisposable
{
    private readonly TcpListener _listener;
    private readonly Func<FakePeer, Task>[] _scripts;
    private readonly CancellationTokenSource _end = new();
    private readonly ConcurrentBag<Task> _running = [];
    private readonly Task _accepting;
    private int _connections;

    private FakeServer(Func<FakePeer, Task>[] scripts)
    {
        _scripts = scripts;
        _listener = new TcpListener(IPAddress.Loopback, FreePort.Next());
        _listener.Start();
        Port = ((IPEndPoint)_listener.LocalEndpoint).Port;
        _accepting = AcceptLoopAsync();
    }

    /// <summary>Where it listens on 127.0.0.1.</summary>
    public int Port { get; }

    /// <summary><c>nats://127.0.0.1:port</c>.</summary>
    public string Url => $"nats://127.0.0.1:{Port}";

    /// <summary>Connections taken so far.</summary>
    public int Connections => Volatile.Read(ref _connections);

    /// <summary>What the scripts threw, other than a peer that went away or the end of this server.</summary>
    public ConcurrentQueue<Exception> Failures { get; } = new();

    /// <summary>Starts with one script a connection.</summary>
    public static FakeServer Start(params Func<FakePeer, Task>[] scripts) => new(scripts);

    /// <summary>Throws what a script threw: call it at the end of a test whose scripts expect something.</summary>
    public void ThrowIfFailed()
    {
        if (!Failures.IsEmpty)
        {
            throw new AggregateException("A script of the fake server failed.", Failures);
        }
    }

    /// <summary>
    /// Returns when <paramref name="count"/> connections have run their script to the end; throws what one threw.
    /// </summary>
    public async Task CompletedAsync(int count = 1, TimeSpan? within = null)
    {
        await Eventually.TrueAsync(
            () => !Failures.IsEmpty || _running.Count(task => task.IsCompleted) >= count,
            within
        );
        ThrowIfFailed();
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await _end.CancelAsync();
        _listener.Dispose();
        await _accepting;
        await Task.WhenAll(_running);
        _end.Dispose();
    }

    private async Task AcceptLoopAsync()
    {
        while (!_end.IsCancellationRequested)
        {
            try
            {
                var socket = await _listener.AcceptSocketAsync(_end.Token);
                var number = Interlocked.Increment(ref _connections);
                _running.Add(RunAsync(_scripts[Math.Min(number, _scripts.Length) - 1], socket));
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException or OperationCanceledException)
            {
                return;
            }
        }
    }

    private async Task RunAsync(Func<FakePeer, Task> script, Socket socket)
    {
        await Task.Yield();
        using var peer = new FakePeer(socket, _end.Token);
        try
        {
            await script(peer);
        }
        catch (Exception e)
            when (e is OperationCanceledException or SocketException or ObjectDisposedException
                || (e is IOException and not EndOfStreamException)
            )
        {
            // The test ended, or the client left while the script was still talking.
        }
        catch (Exception e)
        {
            Failures.Enqueue(e);
        }
    }
}

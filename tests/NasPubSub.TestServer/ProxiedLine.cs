using System.Net;
using System.Net.Sockets;

namespace NasPubSub.TestServer;

/// <summary>One client's line through a proxy.</summary>
internal sealed class ProxiedLine(TcpProxy proxy, Socket client)
{
    private readonly Socket _server = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
    private readonly CancellationTokenSource _cut = new();

    public async Task RunAsync(int target)
    {
        try
        {
            client.NoDelay = _server.NoDelay = true;
            await _server.ConnectAsync(new IPEndPoint(IPAddress.Loopback, target), _cut.Token);
            await Task.WhenAny(PassAsync(client, _server, proxy.ToServer), PassAsync(_server, client, proxy.ToClient));
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or OperationCanceledException)
        {
            // The server is down: the client sees its connection close.
        }
        finally
        {
            Cut(reset: false);
        }
    }

    public void Cut(bool reset)
    {
        if (reset)
        {
            client.LingerState = new LingerOption(true, 0);
        }

        _cut.Cancel();
        client.Dispose();
        _server.Dispose();
    }

    private async Task PassAsync(Socket from, Socket to, ProxyDirection direction)
    {
        var buffer = new byte[64 * 1024];
        try
        {
            while (await from.ReceiveAsync(buffer, _cut.Token) is > 0 and var read)
            {
                await direction.FlowingAsync(_cut.Token);
                var allowed = direction.Take(read);
                await to.SendAsync(buffer.AsMemory(0, allowed), _cut.Token);
                if (allowed < read)
                {
                    return;
                }
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException or OperationCanceledException)
        {
            // One side closed, or the line was cut: both end.
        }
    }
}

/// <summary>What one direction of a proxy may pass; shared by all its lines.</summary>
internal sealed class ProxyDirection
{
    private readonly Lock _gate = new();
    private long _left = long.MaxValue;
    private TaskCompletionSource? _hang;

    public long Passed { get; private set; }

    public void CutAfter(long bytes)
    {
        lock (_gate)
        {
            _left = bytes;
        }
    }

    public void Hang()
    {
        lock (_gate)
        {
            _hang ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    public void Resume()
    {
        lock (_gate)
        {
            _hang?.TrySetResult();
            _hang = null;
        }
    }

    public Task FlowingAsync(CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            return _hang?.Task.WaitAsync(cancellationToken) ?? Task.CompletedTask;
        }
    }

    /// <summary>How many of <paramref name="wanted"/> bytes may pass; fewer means: cut after them.</summary>
    public int Take(int wanted)
    {
        lock (_gate)
        {
            var taken = (int)Math.Min(wanted, _left);
            _left =
                taken < wanted ? long.MaxValue
                : _left == long.MaxValue ? _left
                : _left - taken;
            Passed += taken;
            return taken;
        }
    }
}

using System.Net;
using System.Net.Sockets;

namespace NasPubSub.Transport;

/// <summary>Opens a TCP connection.</summary>
internal static class TcpConnector
{
    /// <summary>How long one address is alone in being tried (RFC 8305).</summary>
    private static readonly TimeSpan Stagger = TimeSpan.FromMilliseconds(250);

    /// <summary>
    /// The addresses of a host in the order to try them: a random one, the families in turns, so that one without a way
    /// there costs no time; or that of the resolver.
    /// </summary>
    /// <exception cref="SocketException">There is no such host.</exception>
    public static async Task<List<IPAddress>> ResolveAsync(string host, NasOptions options, CancellationToken cancel)
    {
        if (IPAddress.TryParse(host, out var number))
        {
            return [number];
        }

        var finding = (options.Resolver ?? Dns.GetHostAddressesAsync)(host);
        // It cannot be ended; its error may come when nobody waits any more.
        _ = finding.ContinueWith(static t => t.Exception, TaskScheduler.Default);
        var found = await finding.WaitAsync(cancel).ConfigureAwait(false);
        if (found.Length == 0)
        {
            throw new SocketException((int)SocketError.HostNotFound);
        }

        var order = found.Distinct();
        if (options.KeepServerOrder)
        {
            return [.. order];
        }

        var families = order.OrderBy(_ => Guid.NewGuid()).ToList().GroupBy(a => a.AddressFamily);
        return
        [
            .. families
                .SelectMany(f => f.Select((a, i) => (Address: a, Turn: i)))
                .OrderBy(a => a.Turn)
                .Select(a => a.Address),
        ];
    }

    /// <summary>
    /// Connects to one of several addresses: each is begun when the one before has failed, or has had its time alone.
    /// </summary>
    /// <param name="addresses">Those to try; left in it are those that may still be worth a try.</param>
    /// <param name="port">The port.</param>
    /// <param name="time">What there is for all of them.</param>
    /// <param name="cancel">Ends the attempts.</param>
    /// <exception cref="SocketException">Nobody listens, no way there: the first of the errors.</exception>
    /// <exception cref="OperationCanceledException">It took too long.</exception>
    public static async Task<Socket> OpenAsync(
        List<IPAddress> addresses,
        int port,
        TimeSpan time,
        CancellationToken cancel
    )
    {
        var share = TimeSpan.FromTicks(time.Ticks / addresses.Count);
        var alone = share < TimeSpan.Zero || share > Stagger ? Stagger : share;
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        var waiting = new Queue<IPAddress>(addresses);
        var attempts = new Dictionary<Task<Socket>, IPAddress>();
        Exception? first = null;
        try
        {
            while (true)
            {
                if (waiting.Count > 0)
                {
                    var address = waiting.Dequeue();
                    attempts.Add(ConnectAsync(address, port, stop.Token), address);
                }
                if (attempts.Count == 0)
                {
                    System.Runtime.ExceptionServices.ExceptionDispatchInfo.Capture(first!).Throw();
                }

                var pause = Task.Delay(waiting.Count > 0 ? alone : Timeout.InfiniteTimeSpan, stop.Token);
                await Task.WhenAny([.. attempts.Keys, pause]).ConfigureAwait(false);
                cancel.ThrowIfCancellationRequested();
                foreach (var done in attempts.Keys.Where(a => a.IsCompleted).ToList())
                {
                    addresses.Remove(attempts[done]);
                    attempts.Remove(done);
                    if (done.Status == TaskStatus.RanToCompletion)
                    {
                        return done.Result;
                    }

                    first ??= done.Exception?.InnerException ?? new OperationCanceledException(cancel);
                }
            }
        }
        finally
        {
            stop.Cancel();
            foreach (var late in attempts.Keys)
            {
                _ = DropAsync(late);
            }
        }
    }

    /// <summary>One that lost the race.</summary>
    private static async Task DropAsync(Task<Socket> attempt)
    {
        try
        {
            (await attempt.ConfigureAwait(false)).Dispose();
        }
        catch (Exception e) when (e is SocketException or OperationCanceledException or ObjectDisposedException)
        {
            // Nothing to close.
        }
    }

    private static async Task<Socket> ConnectAsync(IPAddress address, int port, CancellationToken cancel)
    {
        var socket = new Socket(address.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
#if NETSTANDARD2_0
            // No overload takes a token: closing the socket ends the attempt.
            using (cancel.Register(socket.Dispose))
            {
                await socket.ConnectAsync(address, port).ConfigureAwait(false);
            }
#else
            await socket.ConnectAsync(address, port, cancel).ConfigureAwait(false);
#endif
            return socket;
        }
        catch (Exception e)
        {
            socket.Dispose();
            if (e is not OperationCanceledException)
            {
                cancel.ThrowIfCancellationRequested();
            }

            throw;
        }
    }
}

using System.Net.Sockets;

namespace NasPubSub.Transport;

/// <summary>Opens a TCP connection.</summary>
internal static class TcpConnector
{
    /// <exception cref="SocketException">Nobody listens, no such host, no way there.</exception>
    /// <exception cref="OperationCanceledException">It took too long.</exception>
    public static async Task<Socket> OpenAsync(string host, int port, CancellationToken cancel)
    {
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
#if NETSTANDARD2_0
            // No overload takes a token: closing the socket ends the attempt.
            using (cancel.Register(socket.Dispose)) await socket.ConnectAsync(host, port).ConfigureAwait(false);
#else
            await socket.ConnectAsync(host, port, cancel).ConfigureAwait(false);
#endif
            return socket;
        }
        catch (Exception e)
        {
            socket.Dispose();
            if (e is not OperationCanceledException) cancel.ThrowIfCancellationRequested();
            throw;
        }
    }
}

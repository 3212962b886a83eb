using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace NasPubSub.TestServer;

/// <summary>
/// Free loopback ports below the ranges that systems give to outgoing connections. A port from those ranges can be
/// taken while its server is down, and a client that dials it may even connect to itself.
/// </summary>
public static class FreePort
{
    private const int First = 15000;
    private const int Last = 29999;
    private static readonly ConcurrentDictionary<int, bool> Given = new();

    /// <summary>A port nobody listens on now, and that this process has not given out before.</summary>
    public static int Next()
    {
        for (var attempt = 0; attempt < 1000; attempt++)
        {
            var port = Random.Shared.Next(First, Last + 1);
            if (IsFree(port) && Given.TryAdd(port, true))
            {
                return port;
            }
        }

        throw new InvalidOperationException($"No free port between {First} and {Last}.");
    }

    private static bool IsFree(int port)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Bind(new IPEndPoint(IPAddress.Loopback, port));
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }
}

using System.Net;
using System.Net.Sockets;

namespace NasPubSub.TestServer;

/// <summary>The first line a server sends to a client.</summary>
internal static class ServerInfo
{
    /// <summary>The INFO line, or an empty string when the server cannot be reached or sends none in time.</summary>
    public static async Task<string> ReadAsync(int port)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(2));
        using var client = new TcpClient();
        try
        {
            await client.ConnectAsync(IPAddress.Loopback, port, deadline.Token);
            using var reader = new StreamReader(client.GetStream());
            return await reader.ReadLineAsync(deadline.Token) ?? "";
        }
        catch (Exception e) when (e is SocketException or IOException or OperationCanceledException)
        {
            return "";
        }
    }
}

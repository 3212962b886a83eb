using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Text.Json;

namespace NasPubSub.ServerBridge;

/// <summary>
/// Stands for a server that runs outside Wine: starts it through the bridge, and writes what it writes. When this
/// process ends, however that happens, the connection closes and the bridge ends the server.
/// </summary>
internal static class FarServer
{
    public static async Task<int> RunAsync(string[] arguments)
    {
        var port = int.Parse(Environment.GetEnvironmentVariable(Request.PortVariable)!, CultureInfo.InvariantCulture);
        using var socket = new TcpClient();
        await socket.ConnectAsync(IPAddress.Loopback, port);
        await using var stream = socket.GetStream();
        var name = Path.GetFileNameWithoutExtension(Environment.ProcessPath);
        await JsonSerializer.SerializeAsync(stream, new Request(Environment.ProcessId, name, arguments));
        stream.WriteByte((byte)'\n');
        await using var output = Console.OpenStandardOutput();
        await using var error = Console.OpenStandardError();
        var head = new byte[5];
        while (true)
        {
            await stream.ReadExactlyAsync(head);
            var bytes = new byte[BitConverter.ToInt32(head, 1)];
            await stream.ReadExactlyAsync(bytes);
            switch ((FrameKind)head[0])
            {
                case FrameKind.Output:
                    await output.WriteAsync(bytes);
                    break;
                case FrameKind.Error:
                    await error.WriteAsync(bytes);
                    break;
                default:
                    return BitConverter.ToInt32(bytes);
            }
        }
    }
}

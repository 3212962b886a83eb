using System.Globalization;
using System.Net;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Text.Json;

namespace NasPubSub.TestServer;

/// <summary>
/// What tests under Wine ask of the system below: signals for the servers that run there, certificates, whose keys Wine
/// cannot make, and the server's end of TLS.
/// </summary>
internal static class HostBridge
{
    private static readonly int Port = int.TryParse(
        Environment.GetEnvironmentVariable("NAS_SERVER_BRIDGE"),
        CultureInfo.InvariantCulture,
        out var port
    )
        ? port
        : 0;

    /// <summary>Is there a bridge?</summary>
    public static bool IsHere => Port != 0;

    /// <summary>Sends a signal to the server that a process stands for; false when that server has ended.</summary>
    public static bool Signal(int id, string name) => Ask(new { Id = id, Signal = name });

    /// <summary>Writes the files of <see cref="TestCertificates"/>.</summary>
    public static void IssueCertificates(string folder)
    {
        Wine.SetUser();
        Wine.BeginWithoutCertificate();
        Ask(new { CertificateFolder = folder });
    }

    /// <summary>
    /// Puts the server's end of TLS on a connection, outside Wine.
    /// </summary>
    /// <returns>The stream of plain bytes, and a task that ends when the client has got what was written to it before
    /// its end.</returns>
    public static async Task<(Stream Plain, Task Sent)> TerminateTlsAsync(
        Stream client,
        string pfxFile,
        SslProtocols versions
    )
    {
        var encrypted = Send(new { TlsPfxFile = pfxFile, TlsVersions = (int)versions });
        var port = new byte[4];
        await encrypted.ReadExactlyAsync(port);
        var plain = new TcpClient();
        await plain.ConnectAsync(IPAddress.Loopback, BitConverter.ToInt32(port));
        _ = PumpAsync(client, encrypted);
        var sent = PumpAsync(encrypted, client);
        var stream = plain.GetStream();
        return await stream.ReadAsync(new byte[1]) == 1
            ? (stream, sent)
            : throw new AuthenticationException("The client has ended the TLS handshake.");
    }

    private static async Task PumpAsync(Stream from, Stream to)
    {
        try
        {
            await from.CopyToAsync(to);
        }
        catch (Exception e) when (e is IOException or ObjectDisposedException)
        {
            // One of them was cut.
        }

        await from.DisposeAsync();
        await to.DisposeAsync();
    }

    private static NetworkStream Send(object request)
    {
        var bridge = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        bridge.Connect(IPAddress.Loopback, Port);
        var stream = new NetworkStream(bridge, ownsSocket: true);
        JsonSerializer.Serialize(stream, request);
        stream.WriteByte((byte)'\n');
        return stream;
    }

    private static bool Ask(object request)
    {
        using var stream = Send(request);
        return stream.ReadByte() switch
        {
            1 => true,
            0 => false,
            _ => throw new IOException("The bridge has failed."),
        };
    }
}

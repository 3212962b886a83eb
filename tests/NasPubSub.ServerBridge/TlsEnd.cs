using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;

namespace NasPubSub.ServerBridge;

/// <summary>
/// The server's end of TLS for a fake server under Wine, which has it for clients only. What a client sent comes in on
/// one connection; the plain bytes go to and come from another, whose port is the first answer.
/// </summary>
internal static class TlsEnd
{
    public static async Task ServeAsync(NetworkStream encrypted, string pfxFile, string password, int versions)
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        await encrypted.WriteAsync(BitConverter.GetBytes(((IPEndPoint)listener.LocalEndpoint).Port));
        using var client = await listener.AcceptTcpClientAsync();
        await using var plain = client.GetStream();
        using var certificate = X509CertificateLoader.LoadPkcs12FromFile(pfxFile, password);
        await using var tls = new SslStream(encrypted);
        try
        {
            await tls.AuthenticateAsServerAsync(
                new SslServerAuthenticationOptions
                {
                    ServerCertificate = certificate,
                    EnabledSslProtocols = (SslProtocols)versions,
                }
            );
            plain.WriteByte(1);
            await Task.WhenAny(plain.CopyToAsync(tls), tls.CopyToAsync(plain));
        }
        catch (AuthenticationException)
        {
            // The fake server sees its connection end.
        }
    }
}

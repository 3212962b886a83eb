using System.Net.Security;
using System.Security.Authentication;

namespace NasPubSub.TestServer;

/// <summary>What tests need and Wine has not.</summary>
public static class Wine
{
    /// <summary>The reason of tests that make a certificate of their own.</summary>
    public const string NoKeys = "Wine makes no key that a certificate could be signed with.";

    /// <summary>The reason of tests that show a client certificate with the build for Windows PowerShell.</summary>
    public const string NoSecondAsking =
        "The calls of .NET Framework give a certificate when Windows says that the server wants one, and Wine does not say it.";

    /// <summary>The reason of tests that show a client certificate with its intermediate.</summary>
    public const string NoIntermediates = "Wine shows a certificate without its intermediates.";

    /// <summary>The reason of tests with TLS 1.3.</summary>
    public const string NoTls13 = "Wine's TLS ends with version 1.2.";

    /// <summary>The reason of tests with a connection that must not resume TLS.</summary>
    public const string NoEndOfResumption = "Wine cannot turn the resumption of TLS sessions off.";

    /// <summary>The reason of tests that close many connections to a server that reads nothing.</summary>
    public const string UnsafeSends = "Wine corrupts its memory where sockets with a send under way are closed.";

    /// <summary>
    /// Gives Wine's user a new name, under which it keeps the key of the PFX file that was read last: programs that run
    /// side by side would take each other's.
    /// </summary>
    public static void SetUser() => Environment.SetEnvironmentVariable("WINEUSERNAME", $"nas-{Guid.NewGuid():N}");

    /// <summary>
    /// Begins a connection without a client certificate. Were one with a certificate the first of the process, .NET
    /// would show it on all later ones without, and what keeps our client from that does not work under Wine.
    /// </summary>
    public static void BeginWithoutCertificate()
    {
        using var stream = new SslStream(new MemoryStream());
        try
        {
            const SslProtocols Tls13 = (SslProtocols)12288;
            stream.AuthenticateAsClient("127.0.0.1", null, SslProtocols.Tls12 | Tls13, false);
        }
        catch (Exception e) when (e is IOException or AuthenticationException)
        {
            // Nobody has answered.
        }
    }

    /// <summary>Do the tests run under Wine?</summary>
    public static bool IsHere => HostBridge.IsHere;
}

namespace NasPubSub.TestServer;

/// <summary>What tests need and Wine has not.</summary>
public static class Wine
{
    /// <summary>The reason of tests that make a certificate of their own.</summary>
    public const string NoKeys = "Wine makes no key that a certificate could be signed with.";

    /// <summary>The reason of tests that show a private key from a PEM file.</summary>
    public const string NoPemKey = "Wine imports no private key but from a PFX file.";

    /// <summary>The reason of tests that show a client certificate with its intermediate.</summary>
    public const string NoIntermediates = "Wine shows a certificate without its intermediates.";

    /// <summary>The reason of tests with TLS 1.3.</summary>
    public const string NoTls13 = "Wine's TLS ends with version 1.2.";

    /// <summary>The reason of tests that close many connections to a server that reads nothing.</summary>
    public const string UnsafeSends = "Wine corrupts its memory where sockets with a send under way are closed.";

    /// <summary>The reason of tests that show a certificate of a store.</summary>
    public const string NoStoredKey = "Wine keeps no private key with a certificate in a store.";

    /// <summary>The reason of tests that show a client certificate with the build for Windows PowerShell.</summary>
    public const string NoFrameworkCertificate =
        "Wine fails with a client certificate that is given by the calls of .NET Framework.";

    /// <summary>The reason of tests that copy a server.</summary>
    public const string NoSingleFile = "A program of .NET under Wine has several files.";

    /// <summary>Do the tests run under Wine?</summary>
    public static bool IsHere => HostBridge.IsHere;
}

using NasPubSub.Client.Net472;

namespace NasPubSub.TestServer;

/// <summary>In the place of the one that makes certificates: tests that need some are skipped.</summary>
internal static class CertificateIssuer
{
    public const string Password = "nas-tests";

    public static void Issue(string folder) =>
        throw NetFramework.Missing($"make no keys, and no certificates in {folder}");
}

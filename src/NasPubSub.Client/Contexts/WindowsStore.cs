using System.Runtime.InteropServices;
using System.Security.Cryptography.X509Certificates;

namespace NasPubSub.Contexts;

/// <summary>The client's certificate from the Windows certificate store.</summary>
internal static class WindowsStore
{
    /// <param name="store"><c>user</c> or <c>machine</c>, or the longer names that nats-server knows.</param>
    /// <param name="matchBy"><c>subject</c> (also when empty), <c>issuer</c> or <c>thumbprint</c>.</param>
    /// <param name="match">What must be in it.</param>
    /// <exception cref="ContextException">No such certificate, or no Windows.</exception>
    public static X509Certificate2 Find(string store, string matchBy, string match)
    {
        if (!RuntimeInformation.IsOSPlatform(OSPlatform.Windows))
        {
            throw new ContextException(
                "it takes its certificate from the Windows store (windows_cert_store), and this is not Windows."
            );
        }

        if (match.Length == 0)
        {
            throw new ContextException("its windows_cert_store needs windows_cert_match.");
        }

        var location = store.ToLowerInvariant() switch
        {
            "user" or "windowscurrentuser" => StoreLocation.CurrentUser,
            "machine" or "windowslocalmachine" => StoreLocation.LocalMachine,
            _ => throw new ContextException($"its windows_cert_store '{store}' is neither user nor machine."),
        };
        var by = matchBy.ToLowerInvariant() switch
        {
            "" or "subject" => X509FindType.FindBySubjectName,
            "issuer" => X509FindType.FindByIssuerName,
            "thumbprint" => X509FindType.FindByThumbprint,
            _ => throw new ContextException(
                $"its windows_cert_match_by '{matchBy}' is none of subject, issuer, thumbprint."
            ),
        };
        using var personal = new X509Store(StoreName.My, location);
        personal.Open(OpenFlags.ReadOnly | OpenFlags.OpenExistingOnly);
        return personal
                .Certificates.Find(by, match, validOnly: false)
                .Cast<X509Certificate2>()
                .FirstOrDefault(c => c.HasPrivateKey)
            ?? throw new ContextException(
                $"the Windows store has no certificate with a private key whose {(matchBy.Length == 0 ? "subject" : matchBy)} is '{match}'."
            );
    }
}

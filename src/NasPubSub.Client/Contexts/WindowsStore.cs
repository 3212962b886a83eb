using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using NasPubSub.Threading;

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
        try
        {
            personal.Open(OpenFlags.ReadOnly | OpenFlags.OpenExistingOnly);
        }
        catch (CryptographicException e)
        {
            throw new ContextException(
                $"the Windows store '{store}' has no certificate, since it cannot be opened: {e.Message}"
            );
        }

        // Copied from the dialog of Windows, a thumbprint has blanks and begins with an invisible mark.
        var wanted = by == X509FindType.FindByThumbprint ? new string([.. match.Where(char.IsLetterOrDigit)]) : match;
        return Choose(personal.Certificates.Find(by, wanted, validOnly: false), WallClock.Now)
            ?? throw new ContextException(
                $"the Windows store has no certificate with a private key whose {(matchBy.Length == 0 ? "subject" : matchBy)} is '{match}'."
            );
    }

    /// <summary>
    /// One with a private key, which may stay in the store. Where several match, one that is valid now and stays so for
    /// the longest time: a renewed certificate lies beside the one before.
    /// </summary>
    internal static X509Certificate2? Choose(X509Certificate2Collection matches, DateTime now) =>
        matches
            .Cast<X509Certificate2>()
            .Where(c => c.HasPrivateKey)
            .OrderByDescending(c => c.NotBefore <= now && now <= c.NotAfter)
            .ThenByDescending(c => c.NotAfter)
            .FirstOrDefault();
}

using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace NasPubSub.Sessions;

/// <summary>The certificate stores of the system.</summary>
internal static class CertificateStore
{
    /// <summary>
    /// The client certificate of this thumbprint, with its private key, from the store of the user or the machine. The
    /// key stays there, and need not be exportable.
    /// </summary>
    /// <exception cref="NasException">InvalidOption: there is none.</exception>
    public static X509Certificate2 Find(string thumbprint)
    {
        // Copied from the dialog of Windows, it has blanks and begins with an invisible mark.
        var wanted = new string([.. thumbprint.Where(char.IsLetterOrDigit)]);
        foreach (var location in new[] { StoreLocation.CurrentUser, StoreLocation.LocalMachine })
        {
            using var store = new X509Store(StoreName.My, location);
            try
            {
                store.Open(OpenFlags.ReadOnly | OpenFlags.OpenExistingOnly);
            }
            catch (CryptographicException)
            {
                // This system has no such store.
                continue;
            }
            foreach (
                var certificate in store.Certificates.Find(X509FindType.FindByThumbprint, wanted, validOnly: false)
            )
            {
                if (certificate.HasPrivateKey)
                {
                    return certificate;
                }
            }
        }
        throw new NasException(
            NasError.InvalidOption,
            $"The stores of the user and the machine have no certificate with a private key and the thumbprint '{wanted}'."
        );
    }
}

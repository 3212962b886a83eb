using System.Management.Automation;
using System.Security;
using System.Security.Cryptography.X509Certificates;
using NasPubSub.Payloads;
using NasPubSub.Sessions;

namespace NasPubSub.Commands;

/// <summary>Who we are, and how it is kept secret.</summary>
public sealed partial class ConnectNasPubSubCommand
{
    /// <summary>User name and password.</summary>
    [Parameter]
    [Credential]
    public PSCredential? Credential { get; set; }

    /// <summary>A token.</summary>
    [Parameter]
    [SecretTransformation]
    public SecureString? Token { get; set; }

    /// <summary>A .creds file; read anew at every connect.</summary>
    [Parameter]
    [Alias("Creds")]
    [ValidateNotNullOrEmpty]
    public string? CredentialsFile { get; set; }

    /// <summary>An NKey's seed.</summary>
    [Parameter]
    [SecretTransformation]
    public SecureString? NKeySeed { get; set; }

    /// <summary>A file with an NKey's seed; read anew at every connect.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? NKeyFile { get; set; }

    /// <summary>A user's JWT; its seed comes by -NKeySeed.</summary>
    [Parameter]
    [SecretTransformation]
    public SecureString? Jwt { get; set; }

    /// <summary>The name of a secret that Get-Secret returns; it is read at every connect.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [TypedTextTransformation]
    public string? Secret { get; set; }

    /// <summary>The vault of the secret.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [TypedTextTransformation]
    public string? SecretVault { get; set; }

    /// <summary>When TLS is used.</summary>
    [Parameter]
    public NasTlsMode Tls { get; set; }

    /// <summary>PEM file of the authorities to trust.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? TlsCaFile { get; set; }

    /// <summary>The client's certificate, PEM or PFX.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? TlsCertificateFile { get; set; }

    /// <summary>The key of a PEM certificate.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? TlsKeyFile { get; set; }

    /// <summary>The password of the key or PFX file.</summary>
    [Parameter]
    [SecretTransformation]
    public SecureString? TlsCertificatePassword { get; set; }

    /// <summary>The client's certificate, such as one from the Cert: drive.</summary>
    [Parameter]
    public X509Certificate2? TlsCertificate { get; set; }

    /// <summary>The client's certificate in the user's or machine's store, by its thumbprint.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? TlsCertificateThumbprint { get; set; }

    /// <summary>The name the server's certificate must be made out to.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [TypedTextTransformation]
    public string? TlsServerName { get; set; }

    /// <summary>Trusts any certificate: for tests only.</summary>
    [Parameter]
    public SwitchParameter SkipCertificateCheck { get; set; }

    private NasCredentials? GivenCredentials()
    {
        var given = new List<NasCredentials>();
        if (Credential is { } credential && credential != PSCredential.Empty)
        {
            given.Add(NasCredentials.UserPassword(credential.UserName, credential.Password.Reveal()));
        }

        if (CredentialsFile is not null)
        {
            given.Add(NasCredentials.File(FullPath(CredentialsFile)));
        }

        if (NKeyFile is not null)
        {
            given.Add(NasCredentials.NKeyFile(FullPath(NKeyFile)));
        }

        if (Jwt is not null)
        {
            given.Add(NasCredentials.Jwt(Jwt.Reveal(), NKeySeed?.Reveal()));
        }
        else if (NKeySeed is not null)
        {
            given.Add(NasCredentials.NKey(NKeySeed.Reveal()));
        }

        if (Secret is not null)
        {
            given.Add(new VaultSecret(this, Secret, SecretVault).ToCredentials());
        }

        return given.Count switch
        {
            0 => Token is null ? null : NasCredentials.Token(Token.Reveal()),
            1 => Token is null ? given[0] : given[0].WithToken(Token.Reveal()),
            _ => throw new NasException(
                NasError.InvalidOption,
                $"Use one way to authenticate, not {given.Count}: {string.Join(", ", given)}."
            ),
        };
    }

    private NasOptions WithTls(NasOptions options) =>
        options with
        {
            Tls = (
                TlsCertificatePassword is null
                    ? options.Tls
                    : options.Tls with
                    {
                        CertificatePassword = TlsCertificatePassword.Reveal(),
                    }
            ) with
            {
                Mode = Has(nameof(Tls)) ? Tls : options.Tls.Mode,
                CaFile = TlsCaFile is null ? options.Tls.CaFile : FullPath(TlsCaFile),
                CertificateFile = TlsCertificateFile is null
                    ? options.Tls.CertificateFile
                    : FullPath(TlsCertificateFile),
                KeyFile = TlsKeyFile is null ? options.Tls.KeyFile : FullPath(TlsKeyFile),
                Certificate =
                    TlsCertificate
                    ?? (
                        TlsCertificateThumbprint is null ? options.Tls.Certificate : FromStore(TlsCertificateThumbprint)
                    ),
                ServerName = TlsServerName ?? options.Tls.ServerName,
                InsecureSkipCertificateCheck = SkipCertificateCheck || options.Tls.InsecureSkipCertificateCheck,
            },
        };

    private static X509Certificate2 FromStore(string thumbprint)
    {
        var wanted = thumbprint.Replace(" ", "");
        foreach (var location in new[] { StoreLocation.CurrentUser, StoreLocation.LocalMachine })
        {
            using var store = new X509Store(StoreName.My, location);
            try
            {
                store.Open(OpenFlags.ReadOnly | OpenFlags.OpenExistingOnly);
            }
            catch (System.Security.Cryptography.CryptographicException)
            {
                // No such store on this system: the next, or the error below.
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

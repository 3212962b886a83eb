using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.RegularExpressions;

namespace NasPubSub.Transport;

/// <summary>Certificates in PEM text.</summary>
internal static class PemFile
{
    private static readonly Regex Block = new(
        "-----BEGIN CERTIFICATE-----(?<body>[^-]*)-----END CERTIFICATE-----",
        RegexOptions.CultureInvariant,
        TimeSpan.FromSeconds(1)
    );

    /// <exception cref="NasException">InvalidOption: no such file, or no certificate in it.</exception>
    public static X509Certificate2Collection Authorities(string path)
    {
        X509Certificate2Collection found;
        try
        {
            found = Certificates(SharedFile.ReadAllText(path));
        }
        catch (Exception e) when (IsUnreadable(e))
        {
            throw new NasException(NasError.InvalidOption, $"The CA file '{path}' cannot be read: {e.Message}", e)
            {
                Target = path,
            };
        }
        return found.Count > 0
            ? found
            : throw new NasException(NasError.InvalidOption, $"The CA file '{path}' contains no PEM certificate.")
            {
                Target = path,
            };
    }

    public static X509Certificate2Collection Certificates(string text)
    {
        var found = new X509Certificate2Collection();
        foreach (Match block in Block.Matches(text))
        {
            found.Add(new X509Certificate2(Convert.FromBase64String(block.Groups["body"].Value)));
        }

        return found;
    }

    /// <summary>Is it what reading a file of certificates or keys throws if there is none, or none in it?</summary>
    public static bool IsUnreadable(Exception e) =>
        e
            is IOException
                or UnauthorizedAccessException
                or FormatException
                or CryptographicException
                or ArgumentException;
}

/// <summary>The client's own certificate, and the intermediates to show with it.</summary>
internal sealed class ClientCertificate : IDisposable
{
    private readonly bool _isGiven;

    private ClientCertificate(
        X509Certificate2 certificate,
        X509Certificate2Collection intermediates,
        bool isGiven = false
    ) =>
        (Certificate, Intermediates, _isGiven) = (certificate, intermediates, isGiven);

    public X509Certificate2 Certificate { get; }

    public X509Certificate2Collection Intermediates { get; }

    /// <summary>From the options' object or files; files are read anew at each connect.</summary>
    /// <exception cref="NasException">InvalidOption: a file cannot be read or has no private key.</exception>
    public static ClientCertificate? Load(NasTlsOptions options)
    {
        if (options.Certificate is { } given)
        {
            return given.HasPrivateKey
                ? new(given, [], isGiven: true)
                : throw Bad("The client certificate given has no private key.", given.Subject);
        }

        if (options.CertificateFile is not { } path)
        {
            return options.KeyFile is { } alone
                ? throw Bad(
                    $"The key '{alone}' needs its certificate: pass CertificateFile (-TlsCertificateFile).",
                    alone
                )
                : null;
        }

        var isPem = true;
        try
        {
            var text = SharedFile.ReadAllText(path);
            isPem = text.IndexOf("-----BEGIN ", StringComparison.Ordinal) >= 0;
            return isPem ? FromPem(path, text, options) : FromPfx(path, options.CertificatePassword);
        }
        catch (Exception e) when (PemFile.IsUnreadable(e))
        {
            var key = options.KeyFile is { } keyFile ? $" with the key '{keyFile}'" : "";
            // Not every system says so.
            var password =
                options.CertificatePassword is not null ? " Is the password right?"
                : isPem ? ""
                : " If it has a password, give CertificatePassword (-TlsCertificatePassword).";
            throw Bad($"The client certificate '{path}' cannot be used{key}: {e.Message}{password}", path, e);
        }
    }

    /// <summary>
    /// Windows writes the key of a certificate from a file into the user's profile. This removes it; an exit of the
    /// process does not.
    /// </summary>
    public void Dispose()
    {
        if (!_isGiven)
        {
            Certificate.Dispose();
        }
    }

    private static ClientCertificate FromPfx(string path, string? password)
    {
        var all = new X509Certificate2Collection();
        all.Import(path, password, X509KeyStorageFlags.DefaultKeySet);
        var own =
            all.Cast<X509Certificate2>().FirstOrDefault(c => c.HasPrivateKey)
            ?? throw Bad($"The client certificate '{path}' has no private key.", path);
        all.Remove(own);
        return new(own, all);
    }

#if NETSTANDARD2_0
    private static ClientCertificate FromPem(string path, string text, NasTlsOptions options) =>
        throw Bad(
            "Windows PowerShell cannot read PEM keys: use a PFX file or the certificate store.",
            path
        );
#else
    private static ClientCertificate FromPem(string path, string text, NasTlsOptions options)
    {
        var keyPath = options.KeyFile ?? path;
        var key = options.KeyFile is null ? text : SharedFile.ReadAllText(keyPath);
        var isEncrypted = key.Contains("-----BEGIN ENCRYPTED PRIVATE KEY-----", StringComparison.Ordinal);
        if (isEncrypted && options.CertificatePassword is null)
        {
            throw Bad(
                $"The key '{keyPath}' is encrypted: pass its password as CertificatePassword (-TlsCertificatePassword).",
                keyPath
            );
        }

        using var pem = isEncrypted
            ? X509Certificate2.CreateFromEncryptedPem(text, key, options.CertificatePassword)
            : X509Certificate2.CreateFromPem(text, key);
        var all = PemFile.Certificates(text);
        all.RemoveAt(0);
        // Windows takes no key that lives in memory only.
        return new(new X509Certificate2(pem.Export(X509ContentType.Pkcs12)), all);
    }
#endif

    private static NasException Bad(string message, string target, Exception? inner = null) =>
        new(NasError.InvalidOption, message, inner) { Target = target };
}

using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.RegularExpressions;

namespace NasPubSub.Transport;

/// <summary>Certificates in PEM text.</summary>
internal static class PemFile
{
    private static readonly Regex Block = new(
        "-----BEGIN CERTIFICATE-----(?<body>[^-]*)-----END CERTIFICATE-----", RegexOptions.CultureInvariant, TimeSpan.FromSeconds(1));

    /// <exception cref="NasException">InvalidOption: no such file, or no certificate in it.</exception>
    public static X509Certificate2Collection Certificates(string path)
    {
        var found = new X509Certificate2Collection();
        try
        {
#pragma warning disable SYSLIB0057 // the loader that replaces this constructor is not in net8.0
            foreach (Match block in Block.Matches(File.ReadAllText(path)))
                found.Add(new X509Certificate2(Convert.FromBase64String(block.Groups["body"].Value)));
#pragma warning restore SYSLIB0057
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or FormatException or CryptographicException or ArgumentException)
        {
            throw new NasException(NasError.InvalidOption, $"The CA file '{path}' cannot be read: {e.Message}", e) { Target = path };
        }
        return found.Count > 0 ? found : throw new NasException(NasError.InvalidOption, $"The CA file '{path}' holds no PEM certificate.") { Target = path };
    }
}

/// <summary>The client's own certificate, from the options' object or files; files are read anew at each connect.</summary>
internal static class ClientCertificate
{
    /// <exception cref="NasException">InvalidOption: a file cannot be read or has no private key.</exception>
    public static X509Certificate2? Load(NasTlsOptions options)
    {
        if (options.Certificate is not null) return options.Certificate;
        if (options.CertificateFile is not { } path) return null;
        X509Certificate2 certificate;
        try
        {
            certificate = IsPem(path) ? FromPem(path, options) : FromPfx(path, options.CertificatePassword);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or CryptographicException or ArgumentException)
        {
            throw new NasException(NasError.InvalidOption, $"The client certificate '{path}' cannot be used: {e.Message}", e) { Target = path };
        }
        return certificate.HasPrivateKey
            ? certificate
            : throw new NasException(NasError.InvalidOption, $"The client certificate '{path}' has no private key.") { Target = path };
    }

#pragma warning disable SYSLIB0057
    private static X509Certificate2 FromPfx(string path, string? password) => new(path, password);
#pragma warning restore SYSLIB0057

    private static bool IsPem(string path) => File.ReadAllText(path).IndexOf("-----BEGIN ", StringComparison.Ordinal) >= 0;

#if NETSTANDARD2_0
    private static X509Certificate2 FromPem(string path, NasTlsOptions options) =>
        throw new NasException(NasError.InvalidOption, "Windows PowerShell reads no PEM keys: give the client certificate as a PFX file or from the certificate store.") { Target = path };
#else
    private static X509Certificate2 FromPem(string path, NasTlsOptions options)
    {
        using var pem = options.CertificatePassword is { } password
            ? X509Certificate2.CreateFromEncryptedPemFile(path, password, options.KeyFile)
            : X509Certificate2.CreateFromPemFile(path, options.KeyFile);
        // Windows takes no key that lives in memory only.
        return FromBytes(pem.Export(X509ContentType.Pkcs12));
    }

#pragma warning disable SYSLIB0057
    private static X509Certificate2 FromBytes(byte[] pfx) => new(pfx);
#pragma warning restore SYSLIB0057
#endif
}

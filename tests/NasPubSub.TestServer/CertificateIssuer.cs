using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace NasPubSub.TestServer;

/// <summary>Writes the certificates and keys of TestCertificates.</summary>
internal sealed class CertificateIssuer
{
    /// <summary>The password of every PFX file and of every encrypted key.</summary>
    public const string Password = "nas-tests";

    private readonly string _folder;
    private readonly bool _isRsa;

    private CertificateIssuer(string folder, bool isRsa)
    {
        (_folder, _isRsa) = (folder, isRsa);
        using var ca = NewAuthority("NasPubSub test CA");
        using var otherCa = NewAuthority("another CA");
        Save("ca", ca);
        Save("other-ca", otherCa);
        var now = DateTimeOffset.UtcNow;
        Issue(ca, "server", "localhost", ServerAuthentication, now.AddDays(30));
        Issue(ca, "expired", "localhost", ServerAuthentication, now.AddDays(-1));
        Issue(ca, "by-name", "localhost", ServerAuthentication, now.AddDays(30), numbers: false);
        Issue(ca, "not-a-server", "localhost", ClientAuthentication, now.AddDays(30));
        using var between = NewAuthority("NasPubSub test intermediate", ca);
        Save("intermediate", between);
        Issue(between, "chained-server", "localhost", ServerAuthentication, now.AddDays(30));
        Issue(between, "chained-client", "client", ClientAuthentication, now.AddDays(30));
        using var forger = NewForger(between);
        Issue(forger, "forged", "localhost", ServerAuthentication, now.AddDays(30));
        Issue(forger, "forged-expired", "localhost", ServerAuthentication, now.AddDays(-1));
        Issue(ca, "wrong-host", "elsewhere.test", ServerAuthentication, now.AddDays(30));
        Issue(ca, "client", "client", ClientAuthentication, now.AddDays(30));
        Issue(otherCa, "other-client", "client", ClientAuthentication, now.AddDays(40));
        Issue(ca, "future-client", "client", ClientAuthentication, now.AddDays(50), from: now.AddDays(1));
    }

    private static Oid ServerAuthentication => new("1.3.6.1.5.5.7.3.1");

    private static Oid ClientAuthentication => new("1.3.6.1.5.5.7.3.2");

    /// <summary>Writes a new set into a folder; some milliseconds with ECDSA keys, a second with RSA keys.</summary>
    public static void Issue(string folder, bool isRsa = false) => _ = new CertificateIssuer(folder, isRsa);

    private X509Certificate2 NewAuthority(string name, X509Certificate2? issuer = null)
    {
        using var key = NewKey();
        var request = Request(new($"CN={name}"), key);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(
            new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true)
        );
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        var (from, until) = (DateTimeOffset.UtcNow.AddDays(-10), DateTimeOffset.UtcNow.AddDays(60));
        if (issuer is null)
        {
            return request.CreateSelfSigned(from, until);
        }

        request.CertificateExtensions.Add(
            X509AuthorityKeyIdentifierExtension.CreateFromCertificate(issuer, true, false)
        );
        using var issued = request.Create(issuer, issuer.NotBefore, issuer.NotAfter, RandomNumberGenerator.GetBytes(8));
        return WithKey(issued, key);
    }

    /// <summary>Its name and its key's identifier are the real one's, and so is all but key and signature.</summary>
    private X509Certificate2 NewForger(X509Certificate2 real)
    {
        using var key = NewKey();
        var request = Request(real.SubjectName, key);
        foreach (var extension in real.Extensions)
        {
            request.CertificateExtensions.Add(extension);
        }

        return request.CreateSelfSigned(real.NotBefore, real.NotAfter);
    }

    private void Issue(
        X509Certificate2 ca,
        string file,
        string host,
        Oid usage,
        DateTimeOffset until,
        bool numbers = true,
        DateTimeOffset? from = null
    )
    {
        using var key = NewKey();
        var request = Request(new($"CN={host}"), key);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([usage], false));
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(ca, true, false));
        request.CertificateExtensions.Add(Names(host, numbers));
        using var issued = request.Create(
            ca,
            from ?? DateTimeOffset.UtcNow.AddDays(-5),
            until,
            RandomNumberGenerator.GetBytes(8)
        );
        using var whole = WithKey(issued, key);
        var path = Path.Combine(_folder, file);
        var certificateFile = Save(file, whole);
        File.WriteAllText(path + ".key", key.ExportPkcs8PrivateKeyPem());
        File.WriteAllText(
            path + ".encrypted.key",
            key.ExportEncryptedPkcs8PrivateKeyPem(
                Password,
                new PbeParameters(PbeEncryptionAlgorithm.Aes256Cbc, HashAlgorithmName.SHA256, 2000)
            )
        );
        using var issuer = X509CertificateLoader.LoadCertificate(ca.RawData);
        var isChained = ca.Subject != ca.Issuer;
        if (isChained)
        {
            File.AppendAllText(certificateFile, "\n" + issuer.ExportCertificatePem());
        }

        X509Certificate2Collection bundle = isChained ? [whole, issuer] : [whole];
        File.WriteAllBytes(path + ".pfx", bundle.Export(X509ContentType.Pfx, Password)!);
    }

    private AsymmetricAlgorithm NewKey() =>
        _isRsa ? RSA.Create(2048) : ECDsa.Create(ECCurve.NamedCurves.nistP256);

    private static CertificateRequest Request(X500DistinguishedName name, AsymmetricAlgorithm key) =>
        key is RSA rsa
            ? new CertificateRequest(name, rsa, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1)
            : new CertificateRequest(name, (ECDsa)key, HashAlgorithmName.SHA256);

    private static X509Certificate2 WithKey(X509Certificate2 certificate, AsymmetricAlgorithm key) =>
        key is RSA rsa ? certificate.CopyWithPrivateKey(rsa) : certificate.CopyWithPrivateKey((ECDsa)key);

    private X509Extension Names(string host, bool numbers)
    {
        var names = new SubjectAlternativeNameBuilder();
        if (host == "client")
        {
            names.AddEmailAddress("client@nas.test");
        }
        else
        {
            names.AddDnsName(host);
        }

        if (host == "localhost" && numbers)
        {
            names.AddIpAddress(IPAddress.Loopback);
            names.AddIpAddress(IPAddress.IPv6Loopback);
            if (_isRsa)
            {
                // Wine compares no addresses, only names.
                names.AddDnsName($"{IPAddress.Loopback}");
            }
        }

        return names.Build();
    }

    private string Save(string name, X509Certificate2 certificate)
    {
        var path = Path.Combine(_folder, name + ".pem");
        File.WriteAllText(path, certificate.ExportCertificatePem());
        return path;
    }
}

using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace NasPubSub.TestServer;

/// <summary>A set of certificates made at run time, as files in a folder of its own.</summary>
public sealed class TestCertificates : IDisposable
{
    /// <summary>The password of every PFX file and of every encrypted key.</summary>
    public const string PfxPassword = "nas-tests";

    private TestCertificates(string folder)
    {
        Folder = folder;
        using var ca = NewAuthority("NasPubSub test CA");
        using var otherCa = NewAuthority("another CA");
        CaFile = Save("ca", ca);
        OtherCaFile = Save("other-ca", otherCa);
        var now = DateTimeOffset.UtcNow;
        Server = Issue(ca, "server", "localhost", ServerAuthentication, now.AddDays(30));
        Expired = Issue(ca, "expired", "localhost", ServerAuthentication, now.AddDays(-1));
        ByName = Issue(ca, "by-name", "localhost", ServerAuthentication, now.AddDays(30), numbers: false);
        NotAServer = Issue(ca, "not-a-server", "localhost", ClientAuthentication, now.AddDays(30));
        using var between = NewAuthority("NasPubSub test intermediate", ca);
        IntermediateCaFile = Save("intermediate", between);
        ChainedServer = Issue(between, "chained-server", "localhost", ServerAuthentication, now.AddDays(30));
        ChainedClient = Issue(between, "chained-client", "client", ClientAuthentication, now.AddDays(30));
        WrongHost = Issue(ca, "wrong-host", "elsewhere.test", ServerAuthentication, now.AddDays(30));
        Client = Issue(ca, "client", "client", ClientAuthentication, now.AddDays(30));
        OtherClient = Issue(otherCa, "other-client", "client", ClientAuthentication, now.AddDays(30));
    }

    private static Oid ServerAuthentication => new("1.3.6.1.5.5.7.3.1");

    private static Oid ClientAuthentication => new("1.3.6.1.5.5.7.3.2");

    /// <summary>Where the files lie.</summary>
    public string Folder { get; }

    /// <summary>The CA that issued all but <see cref="OtherClient"/>, as PEM.</summary>
    public string CaFile { get; }

    /// <summary>A CA that no server here belongs to, as PEM.</summary>
    public string OtherCaFile { get; }

    /// <summary>The intermediate that issued <see cref="ChainedServer"/>, without its root, as PEM.</summary>
    public string IntermediateCaFile { get; }

    /// <summary>For 127.0.0.1, ::1 and localhost.</summary>
    public CertificateFiles Server { get; }

    /// <summary>As <see cref="Server"/>, valid until yesterday.</summary>
    public CertificateFiles Expired { get; }

    /// <summary>For localhost and no number.</summary>
    public CertificateFiles ByName { get; }

    /// <summary>As <see cref="Server"/>, but issued to prove a client only.</summary>
    public CertificateFiles NotAServer { get; }

    /// <summary>As <see cref="Server"/>, by an intermediate of the CA; its files hold the intermediate too.</summary>
    public CertificateFiles ChainedServer { get; }

    /// <summary>As <see cref="Client"/>, by an intermediate of the CA; its files hold the intermediate too.</summary>
    public CertificateFiles ChainedClient { get; }

    /// <summary>For the host elsewhere.test only.</summary>
    public CertificateFiles WrongHost { get; }

    /// <summary>
    /// A client's, with the common name and mail name <c>client@nas.test</c> for <c>verify_and_map</c>.
    /// </summary>
    public CertificateFiles Client { get; }

    /// <summary>A client's from the other CA.</summary>
    public CertificateFiles OtherClient { get; }

    /// <summary>Makes a new set; some milliseconds, since the keys are ECDSA.</summary>
    public static TestCertificates Create() => new(Directory.CreateTempSubdirectory("nas-certs-").FullName);

    /// <summary>
    /// A nats-server configuration block that serves <paramref name="certificate"/>. It waits longer for the handshake
    /// than the server's own 2 s: a client's first on a loaded machine takes that.
    /// </summary>
    public string TlsConfig(CertificateFiles certificate, bool verifyClients = false, string more = "") =>
        $$"""
            tls {
              cert_file: "{{certificate.CertificateFile.Replace('\\', '/')}}"
              key_file: "{{certificate.KeyFile.Replace('\\', '/')}}"
              ca_file: "{{CaFile.Replace('\\', '/')}}"
              verify: {{(verifyClients ? "true" : "false")}}
              timeout: 15
              {{more}}
            }
            """;

    /// <inheritdoc/>
    public void Dispose() => Directory.Delete(Folder, recursive: true);

    private static X509Certificate2 NewAuthority(string name, X509Certificate2? issuer = null)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
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
        return issued.CopyWithPrivateKey(key);
    }

    private CertificateFiles Issue(
        X509Certificate2 ca,
        string file,
        string host,
        Oid usage,
        DateTimeOffset until,
        bool numbers = true
    )
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={host}", key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(false, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.DigitalSignature, true));
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([usage], false));
        request.CertificateExtensions.Add(X509AuthorityKeyIdentifierExtension.CreateFromCertificate(ca, true, false));
        request.CertificateExtensions.Add(Names(host, numbers));
        using var issued = request.Create(
            ca,
            DateTimeOffset.UtcNow.AddDays(-5),
            until,
            RandomNumberGenerator.GetBytes(8)
        );
        using var whole = issued.CopyWithPrivateKey(key);
        var path = Path.Combine(Folder, file);
        var files = new CertificateFiles(Save(file, whole), path + ".key", path + ".encrypted.key", path + ".pfx");
        File.WriteAllText(files.KeyFile, key.ExportPkcs8PrivateKeyPem());
        File.WriteAllText(
            files.EncryptedKeyFile,
            key.ExportEncryptedPkcs8PrivateKeyPem(
                PfxPassword,
                new PbeParameters(PbeEncryptionAlgorithm.Aes256Cbc, HashAlgorithmName.SHA256, 2000)
            )
        );
        using var issuer = X509CertificateLoader.LoadCertificate(ca.RawData);
        var isChained = ca.Subject != ca.Issuer;
        if (isChained)
        {
            File.AppendAllText(files.CertificateFile, "\n" + issuer.ExportCertificatePem());
        }

        X509Certificate2Collection bundle = isChained ? [whole, issuer] : [whole];
        File.WriteAllBytes(files.PfxFile, bundle.Export(X509ContentType.Pfx, PfxPassword)!);
        return files;
    }

    private static X509Extension Names(string host, bool numbers)
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
        }

        return names.Build();
    }

    private string Save(string name, X509Certificate2 certificate)
    {
        var path = Path.Combine(Folder, name + ".pem");
        File.WriteAllText(path, certificate.ExportCertificatePem());
        return path;
    }
}

/// <summary>
/// One certificate and its key: both as PEM, the key encrypted too, and both together as PFX; the password is
/// <see cref="TestCertificates.PfxPassword"/>.
/// </summary>
public sealed record CertificateFiles(string CertificateFile, string KeyFile, string EncryptedKeyFile, string PfxFile)
{
    /// <summary>The certificate with its key, in memory.</summary>
    public X509Certificate2 Load() => X509CertificateLoader.LoadPkcs12FromFile(PfxFile, TestCertificates.PfxPassword);
}

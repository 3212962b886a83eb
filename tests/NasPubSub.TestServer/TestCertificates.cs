using System.Security.Cryptography.X509Certificates;

namespace NasPubSub.TestServer;

/// <summary>A set of certificates made at run time, as files in a folder of its own.</summary>
public sealed class TestCertificates : IDisposable
{
    /// <summary>The password of every PFX file and of every encrypted key.</summary>
    public const string PfxPassword = CertificateIssuer.Password;

    private TestCertificates(string folder)
    {
        Folder = folder;
        CaFile = Path.Combine(folder, "ca.pem");
        OtherCaFile = Path.Combine(folder, "other-ca.pem");
        IntermediateCaFile = Path.Combine(folder, "intermediate.pem");
        Server = new CertificateFiles(folder, "server");
        Expired = new CertificateFiles(folder, "expired");
        ByName = new CertificateFiles(folder, "by-name");
        NotAServer = new CertificateFiles(folder, "not-a-server");
        ChainedServer = new CertificateFiles(folder, "chained-server");
        ChainedClient = new CertificateFiles(folder, "chained-client");
        Forged = new CertificateFiles(folder, "forged");
        ForgedExpired = new CertificateFiles(folder, "forged-expired");
        WrongHost = new CertificateFiles(folder, "wrong-host");
        Client = new CertificateFiles(folder, "client");
        OtherClient = new CertificateFiles(folder, "other-client");
        FutureClient = new CertificateFiles(folder, "future-client");
    }

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

    /// <summary>As <see cref="ChainedServer"/>, by an authority that only claims to be the intermediate.</summary>
    public CertificateFiles Forged { get; }

    /// <summary>As <see cref="Forged"/>, valid until yesterday.</summary>
    public CertificateFiles ForgedExpired { get; }

    /// <summary>For the host elsewhere.test only.</summary>
    public CertificateFiles WrongHost { get; }

    /// <summary>
    /// A client's, with the common name and mail name <c>client@nas.test</c> for <c>verify_and_map</c>.
    /// </summary>
    public CertificateFiles Client { get; }

    /// <summary>A client's from the other CA, valid for longer than <see cref="Client"/>.</summary>
    public CertificateFiles OtherClient { get; }

    /// <summary>As <see cref="Client"/>, valid from tomorrow on, for longer than <see cref="OtherClient"/>.</summary>
    public CertificateFiles FutureClient { get; }

    /// <summary>Makes a new set; some milliseconds, since the keys are ECDSA.</summary>
    public static TestCertificates Create()
    {
        var folder = Directory.CreateTempSubdirectory("nas-certs-").FullName;
        if (HostBridge.IsHere)
        {
            HostBridge.IssueCertificates(folder);
        }
        else
        {
            CertificateIssuer.Issue(folder);
        }

        return new TestCertificates(folder);
    }

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
}

/// <summary>
/// One certificate and its key: both as PEM, the key encrypted too, and both together as PFX; the password is
/// <see cref="TestCertificates.PfxPassword"/>.
/// </summary>
public sealed record CertificateFiles(string CertificateFile, string KeyFile, string EncryptedKeyFile, string PfxFile)
{
    internal CertificateFiles(string folder, string name)
        : this(
            Path.Combine(folder, name + ".pem"),
            Path.Combine(folder, name + ".key"),
            Path.Combine(folder, name + ".encrypted.key"),
            Path.Combine(folder, name + ".pfx")
        )
    { }

    /// <summary>The certificate with its key, in memory.</summary>
    public X509Certificate2 Load() => X509CertificateLoader.LoadPkcs12FromFile(PfxFile, TestCertificates.PfxPassword);
}

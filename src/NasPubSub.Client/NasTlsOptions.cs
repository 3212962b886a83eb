using System.Security.Cryptography.X509Certificates;

namespace NasPubSub;

/// <summary>When TLS is used.</summary>
public enum NasTlsMode
{
    /// <summary>
    /// When the server requires it. Always, so that a server without TLS is refused, if any server's address begins
    /// with tls:// or wss://, if any other TLS option is set, or if the session has used TLS before.
    /// </summary>
    Auto,

    /// <summary>Always; a server without TLS is refused.</summary>
    Require,

    /// <summary>Always, before the server says anything (<c>handshake_first</c>).</summary>
    First,

    /// <summary>Never; a server that requires it is refused.</summary>
    Off,
}

/// <summary>TLS settings. TLS 1.2 and 1.3 are supported. The password is never shown. Immutable, thread-safe.</summary>
public sealed record NasTlsOptions
{
    /// <summary>When TLS is used.</summary>
    public NasTlsMode Mode { get; init; }

    /// <summary>A PEM file of certificate authorities to trust instead of the system's.</summary>
    public string? CaFile { get; init; }

    /// <summary>
    /// The client's certificate: PEM (with <see cref="KeyFile"/>, or the key in the same file) or PFX.
    /// </summary>
    public string? CertificateFile { get; init; }

    /// <summary>The private key of a PEM certificate.</summary>
    public string? KeyFile { get; init; }

    /// <summary>The password of an encrypted key or PFX file. It can be set, not read.</summary>
    public string? CertificatePassword { internal get; init; }

    /// <summary>The client's certificate with its private key, such as one from the Windows store.</summary>
    public X509Certificate2? Certificate { get; init; }

    /// <summary>The name that the server's certificate must have. Default: the host of its address.</summary>
    public string? ServerName { get; init; }

    /// <summary>Trusts every certificate. For tests only. Default: no.</summary>
    public bool InsecureSkipCertificateCheck { get; init; }

    /// <summary>Asks the certificate authority whether a certificate was revoked. Default: no.</summary>
    public bool CheckRevocation { get; init; }

    /// <summary>Is a client certificate set, as a file or as an object?</summary>
    public bool HasCertificate => Certificate is not null || CertificateFile is not null;

    /// <summary>Is a server without TLS refused?</summary>
    internal bool IsRequired =>
        Mode switch
        {
            NasTlsMode.Off => false,
            NasTlsMode.Auto => this != new NasTlsOptions(),
            _ => true,
        };

    /// <inheritdoc/>
    public override string ToString() =>
        $"{nameof(NasTlsOptions)} {{ Mode = {Mode}, CaFile = {CaFile}, CertificateFile = {CertificateFile}, ServerName = {ServerName} }}";
}

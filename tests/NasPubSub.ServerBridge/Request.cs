namespace NasPubSub.ServerBridge;

/// <summary>
/// The first line on a connection to the bridge, in JSON: a server to start, a signal for one, or certificates to make.
/// </summary>
/// <param name="Id">The Windows process that stands for the server.</param>
/// <param name="Server">The name of the server to start, such as <c>nats-server-2.9</c>.</param>
/// <param name="Arguments">Its command line, with paths of Windows.</param>
/// <param name="Signal">The signal to send, such as <c>STOP</c>.</param>
/// <param name="CertificateFolder">Where to write the certificates of the tests.</param>
/// <param name="TlsPfxFile">The certificate that a fake server shows: see <see cref="TlsEnd"/>.</param>
/// <param name="TlsVersions">The versions of TLS that it takes; 0 for those of the system.</param>
internal sealed record Request(
    int Id,
    string? Server = null,
    string[]? Arguments = null,
    string? Signal = null,
    string? CertificateFolder = null,
    string? TlsPfxFile = null,
    int TlsVersions = 0
)
{
    /// <summary>The environment variable with the bridge's port on 127.0.0.1.</summary>
    public const string PortVariable = "NAS_SERVER_BRIDGE";
}

/// <summary>What comes back for a server: a kind, a length and bytes.</summary>
internal enum FrameKind : byte
{
    ExitCode,
    Output,
    Error,
}

using NasPubSub.JetStream;

namespace NasPubSub.Sessions;

/// <summary>The server and the credentials of the environment, as defaults for a call.</summary>
/// <param name="fullPath">Makes a path full, seen from the shell's location.</param>
internal sealed class DefaultOptions(Func<string, string> fullPath)
{
    /// <summary>The namespace where the call gives none: NATS_NAMESPACE, else <c>default</c>.</summary>
    public static string Namespace => Get("NATS_NAMESPACE") ?? "default";

    /// <summary>Where the last context that was used says that JetStream is.</summary>
    public NasJetStreamOptions JetStream { get; private set; } = new();

    /// <summary>As <see cref="JetStream"/>, unless the call says otherwise.</summary>
    /// <param name="domain">The domain; null for that of the context.</param>
    /// <param name="apiPrefix">The prefix of the API; null for that of the context.</param>
    /// <param name="timeout">How long a call may take; null for the default.</param>
    /// <exception cref="NasException">InvalidSubject: a domain or prefix that begins no subject.</exception>
    public NasJetStreamOptions WithJetStream(string? domain, string? apiPrefix, TimeSpan? timeout)
    {
        var options =
            domain is null && apiPrefix is null
                ? JetStream
                : new NasJetStreamOptions { Domain = domain, ApiPrefix = apiPrefix };
        NasSubject.CheckPublish(options.Prefix);
        return options with { Timeout = timeout ?? options.Timeout };
    }

    /// <summary>NATS_CONTEXT, else NATS_URL, else the selected context, else the options' own servers.</summary>
    /// <exception cref="NasException">InvalidOption: the context cannot be used.</exception>
    public NasOptions WithServers(NasOptions options) =>
        Get("NATS_CONTEXT") is { } context ? WithContext(options, context)
        : Get("NATS_URL") is { } url ? options with { Servers = [url] }
        : NasContext.SelectedName is { } selected ? WithContext(options, selected)
        : options;

    /// <summary>
    /// The options for this address, or for the default server; namespace, credentials and TLS of the environment.
    /// </summary>
    /// <exception cref="NasException">InvalidOption: the context or address cannot be used.</exception>
    public NasOptions ForServer(NasOptions options, string? address = null) =>
        WithSecurity(
            (address is null ? WithServers(options) : options with { Servers = [address] }).TakeAddressCredentials(
                preferOwn: false
            ) with
            {
                Namespace = Namespace,
            }
        );

    /// <summary>A context; where it names no server, NATS_URL does.</summary>
    /// <exception cref="NasException">InvalidOption: the context cannot be used.</exception>
    public NasOptions WithContext(NasOptions options, string name)
    {
        var context = NasContext.Load(name, fullPath);
        JetStream = new NasJetStreamOptions
        {
            Domain = OrNull(context.JetStreamDomain),
            ApiPrefix = OrNull(context.JetStreamApiPrefix),
        };
        return context.ToOptions(Get("NATS_URL") is { } url ? options with { Servers = [url] } : options, fullPath);
    }

    /// <summary>
    /// Credentials and TLS files from NATS_USER, NATS_CREDS, NATS_CA and so on, as defaults for the options.
    /// </summary>
    public NasOptions WithSecurity(NasOptions options) =>
        options with
        {
            Credentials = options.Credentials ?? Credentials(),
            Tls = options.Tls with
            {
                CaFile = options.Tls.CaFile ?? Path("NATS_CA"),
                CertificateFile =
                    options.Tls.CertificateFile ?? (options.Tls.Certificate is null ? Path("NATS_CERT") : null),
                KeyFile =
                    options.Tls.KeyFile
                    ?? (options.Tls.HasCertificate || Path("NATS_CERT") is null ? null : Path("NATS_KEY")),
            },
        };

    private NasCredentials? Credentials()
    {
        var token = Get("NATS_TOKEN");
        var login = Login();
        return token is null ? login
            : login is null ? NasCredentials.Token(token)
            : login.WithToken(token);
    }

    private NasCredentials? Login()
    {
        if (Path("NATS_CREDS") is { } file)
        {
            return NasCredentials.File(file);
        }
        // The nats command takes a file here; a seed of its own is taken too.
        if (Get("NATS_NKEY") is { } nkey)
        {
            return File.Exists(fullPath(nkey)) ? NasCredentials.NKeyFile(fullPath(nkey)) : NasCredentials.NKey(nkey);
        }

        if (Get("NATS_USER") is { } user)
        {
            return Get("NATS_PASSWORD") is { } password
                ? NasCredentials.UserPassword(user, password)
                : NasCredentials.Token(user);
        }

        return null;
    }

    private string? Path(string name) => Get(name) is { } path ? fullPath(path) : null;

    private static string? Get(string name) => OrNull(Environment.GetEnvironmentVariable(name));

    private static string? OrNull(string? text) => text is { Length: > 0 } ? text : null;
}

using System.Management.Automation;
using System.Security;
using System.Security.Cryptography.X509Certificates;
using NasPubSub.Completion;
using NasPubSub.JetStream;
using NasPubSub.Payloads;
using NasPubSub.Sessions;

namespace NasPubSub.Commands;

/// <summary>Connect-NasPubSub: opens a session and makes it the default of the runspace.</summary>
[Cmdlet(VerbsCommunications.Connect, "NasPubSub", DefaultParameterSetName = "Server")]
[OutputType(typeof(NasConnection))]
public sealed class ConnectNasPubSubCommand : NasCmdlet
{
    /// <summary>Servers to try: host, host:port, nats://, tls://, ws://, wss://.</summary>
    [Parameter(Position = 0, ParameterSetName = "Server", ValueFromPipelineByPropertyName = true)]
    [Alias("Url", "Uri", "Servers")]
    [ValidateNotNullOrEmpty]
    [TypedTextTransformation]
    public string[]? Server { get; set; }

    /// <summary>The server's host.</summary>
    [Parameter(ParameterSetName = "Host", Mandatory = true)]
    [ValidateNotNullOrEmpty]
    [TypedTextTransformation]
    public string HostName { get; set; } = "localhost";

    /// <summary>The server's port.</summary>
    [Parameter(ParameterSetName = "Host")]
    [ValidateRange(1, 65535)]
    public int Port { get; set; } = 4222;

    /// <summary>A context of the nats command: servers, credentials, TLS. Other parameters override it.</summary>
    [Parameter(ParameterSetName = "Context", Mandatory = true)]
    [ArgumentCompleter(typeof(ContextCompleter))]
    [ValidateNotNullOrEmpty]
    [TypedTextTransformation]
    public string Context { get; set; } = "";

    /// <summary>The namespace before every subject; else $env:NATS_NAMESPACE, else <c>default</c>.</summary>
    [Parameter]
    [TypedTextTransformation]
    public string? Namespace { get; set; }

    /// <summary>No namespace.</summary>
    [Parameter]
    public SwitchParameter NoNamespace { get; set; }

    /// <summary>The session's name; servers show it too.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [TypedTextTransformation]
    public string? Name { get; set; }

    /// <summary>How long each server may take to answer.</summary>
    [Parameter]
    [DurationTransformation]
    public NasDuration? Timeout { get; set; }

    /// <summary>Returns at once and goes on connecting in the background.</summary>
    [Parameter]
    public SwitchParameter NoWait { get; set; }

    /// <summary>User name and password.</summary>
    [Parameter]
    [Credential]
    public PSCredential? Credential { get; set; }

    /// <summary>A token.</summary>
    [Parameter]
    [SecretTransformation]
    public SecureString? Token { get; set; }

    /// <summary>A .creds file; read again at every connect.</summary>
    [Parameter]
    [Alias("Creds")]
    [ValidateNotNullOrEmpty]
    public string? CredentialsFile { get; set; }

    /// <summary>An NKey's seed.</summary>
    [Parameter]
    [SecretTransformation]
    public SecureString? NKeySeed { get; set; }

    /// <summary>A file with an NKey's seed; read again at every connect.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? NKeyFile { get; set; }

    /// <summary>A user's JWT; -NKeySeed gives its seed.</summary>
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

    /// <summary>Time between pings to the server.</summary>
    [Parameter]
    [DurationTransformation]
    public NasDuration? PingInterval { get; set; }

    /// <summary>Pings without answer after which the connection counts as broken.</summary>
    [Parameter]
    [ValidateRange(1, 100)]
    public int? MaxPingsOut { get; set; }

    /// <summary>Attempts in a row on one server before it is given up; -1, the default, for no limit.</summary>
    [Parameter]
    [ValidateRange(-1, int.MaxValue)]
    public int? MaxReconnects { get; set; }

    /// <summary>Stays disconnected when the connection breaks.</summary>
    [Parameter]
    public SwitchParameter NoReconnect { get; set; }

    /// <summary>Delay after the first round of failed attempts; it doubles each round.</summary>
    [Parameter]
    [DurationTransformation]
    public NasDuration? ReconnectWait { get; set; }

    /// <summary>The longest delay between rounds.</summary>
    [Parameter]
    [DurationTransformation]
    public NasDuration? ReconnectMaxWait { get; set; }

    /// <summary>The delay after each round of failed attempts, in order; the last one repeats.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [DurationTransformation]
    public NasDuration[]? ReconnectDelay { get; set; }

    /// <summary>Tries servers in the order given.</summary>
    [Parameter]
    public SwitchParameter KeepServerOrder { get; set; }

    /// <summary>Ignores servers that the cluster announces.</summary>
    [Parameter]
    public SwitchParameter IgnoreDiscoveredServers { get; set; }

    /// <summary>Bytes kept for sending while disconnected; 0 turns it off.</summary>
    [Parameter]
    [ValidateRange(0, int.MaxValue)]
    public int? ReconnectBufferBytes { get; set; }

    /// <summary>How long a request waits that gives no time of its own.</summary>
    [Parameter]
    [DurationTransformation]
    public NasDuration? RequestTimeout { get; set; }

    /// <summary>The limit of flushes, confirmations and drains that give none of their own.</summary>
    [Parameter]
    [DurationTransformation]
    public NasDuration? OperationTimeout { get; set; }

    /// <summary>How long publishing waits for room in a full buffer.</summary>
    [Parameter]
    [DurationTransformation]
    public NasDuration? SendTimeout { get; set; }

    /// <summary>The prefix of inboxes.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [TypedTextTransformation]
    public string? InboxPrefix { get; set; }

    /// <summary>The server does not send this session's own messages back to it.</summary>
    [Parameter]
    public SwitchParameter NoEcho { get; set; }

    /// <summary>The JetStream domain that the session's cmdlets use.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [TypedTextTransformation]
    public string? JetStreamDomain { get; set; }

    /// <summary>What JetStream's API subjects begin with, where an import of the account maps them.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [TypedTextTransformation]
    public string? JetStreamApiPrefix { get; set; }

    /// <summary>Recorded while it runs, and kept where something other than an error ends it.</summary>
    private static readonly NasException Stopped = new(
        NasError.ConnectFailed,
        "It was stopped, or its arguments were not valid."
    );

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        NasConnection? connection = null;
        var done = false;
        SessionStore.Current.FailedConnect = Stopped;
        try
        {
            var (options, jetStream) = ReadOptions();
            connection = new NasConnection(options);
            Session.Of(connection).JetStream = jetStream;
            Use(connection);
            WriteVerbose($"Connecting to {string.Join(", ", connection.Servers)}.");
            Await(connection.ConnectAsync(Cancellation));
            var replaced = AddSession(connection);
            WriteVerbose(
                connection.IsConnected
                    ? $"Connected to {connection.Server}, nats-server {connection.ServerInfo?.Version}."
                    : "Connecting in the background."
            );
            done = true;
            WriteObject(connection);
            if (replaced is not null)
            {
                ReportDenials(replaced);
            }
        }
        catch (NasException e)
        {
            SessionStore.Current.FailedConnect = e;
            Fail(e, Server is null ? null : string.Join(",", new NasOptions { Servers = Server }.Servers));
        }
        finally
        {
            if (!done && connection is not null)
            {
                _ = connection.DisconnectAsync(drain: false);
            }
        }
    }

    /// <summary>Adds the session; one of the same name is closed first.</summary>
    /// <returns>The connection that was closed, or null.</returns>
    private NasConnection? AddSession(NasConnection connection)
    {
        var store = SessionStore.Current;
        var replaced = Name is null ? null : store.Find(Name)?.Connection;
        if (replaced is not null)
        {
            store.Forget(replaced);
            Await(replaced.DisconnectAsync(cancel: Cancellation));
        }
        store.Add(connection);
        return replaced;
    }

    private (NasOptions Options, NasJetStreamOptions JetStream) ReadOptions()
    {
        var defaults = new DefaultOptions(FullPath);
        var options = new NasOptions { Name = Name ?? SessionStore.NextName() };
        options = ParameterSetName switch
        {
            "Host" => options with
            {
                Servers =
                [
                    $"nats://{(HostName.Contains(':') && !HostName.StartsWith('[') ? $"[{HostName}]" : HostName)}:{Port}",
                ],
            },
            "Context" => defaults.WithContext(options, Context),
            _ when Server is not null => options with { Servers = Server },
            _ => defaults.WithServers(options),
        };
        options = options with
        {
            Namespace = NoNamespace ? null : Namespace ?? DefaultOptions.Namespace,
            RetryOnFailedConnect = NoWait,
            ConnectTimeout = Timeout ?? options.ConnectTimeout,
        };
        var own = GivenCredentials();
        options = (options with { Credentials = own ?? options.Credentials }).TakeAddressCredentials(
            preferOwn: own is not null
        );
        options = defaults.WithSecurity(WithLimits(WithTls(options)));
        return (options, defaults.WithJetStream(JetStreamDomain, JetStreamApiPrefix, RequestTimeout));
    }

    private NasCredentials? GivenCredentials() =>
        CredentialsChoice.Of(
            [
                Credential is { } login && login != PSCredential.Empty
                    ? NasCredentials.UserPassword(login.UserName, login.Password.Reveal())
                    : null,
                CredentialsFile is null ? null : NasCredentials.File(FullPath(CredentialsFile)),
                NKeyFile is null ? null : NasCredentials.NKeyFile(FullPath(NKeyFile)),
                Jwt is null ? null : NasCredentials.Jwt(Jwt.Reveal(), NKeySeed?.Reveal()),
                Jwt is null && NKeySeed is not null ? NasCredentials.NKey(NKeySeed.Reveal()) : null,
                Secret is null ? null : new VaultSecret(this, Secret, SecretVault).ToCredentials(),
            ],
            Token?.Reveal()
        );

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
                        TlsCertificateThumbprint is null
                            ? options.Tls.Certificate
                            : CertificateStore.Find(TlsCertificateThumbprint)
                    ),
                ServerName = TlsServerName ?? options.Tls.ServerName,
                InsecureSkipCertificateCheck = SkipCertificateCheck || options.Tls.InsecureSkipCertificateCheck,
            },
        };

    private NasOptions WithLimits(NasOptions options)
    {
        var delays = ReconnectDelay;
        return options with
        {
            PingInterval = PingInterval ?? options.PingInterval,
            MaxPingsOut = MaxPingsOut ?? options.MaxPingsOut,
            MaxReconnects = MaxReconnects ?? -1,
            Reconnect = !NoReconnect,
            ReconnectWait = ReconnectWait ?? options.ReconnectWait,
            ReconnectMaxWait = ReconnectMaxWait ?? options.ReconnectMaxWait,
            ReconnectDelay = delays is null ? null : round => delays[Math.Min(round, delays.Length) - 1],
            KeepServerOrder = KeepServerOrder,
            IgnoreDiscoveredServers = IgnoreDiscoveredServers,
            ReconnectBufferBytes = ReconnectBufferBytes ?? options.ReconnectBufferBytes,
            RequestTimeout = RequestTimeout ?? options.RequestTimeout,
            OperationTimeout = OperationTimeout ?? options.OperationTimeout,
            SendTimeout = SendTimeout ?? options.SendTimeout,
            InboxPrefix = InboxPrefix ?? options.InboxPrefix,
            Echo = !NoEcho,
        };
    }

    private bool Has(string parameter) => MyInvocation.BoundParameters.ContainsKey(parameter);
}

using System.Management.Automation;
using NasPubSub.Completion;
using NasPubSub.Payloads;
using NasPubSub.Sessions;

namespace NasPubSub.Commands;

/// <summary>Connect-NasPubSub: opens a session and makes it the default of the runspace.</summary>
[Cmdlet(VerbsCommunications.Connect, "NasPubSub", DefaultParameterSetName = "Server")]
[OutputType(typeof(NasConnection))]
public sealed partial class ConnectNasPubSubCommand : NasCmdlet
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

    /// <summary>A context of the nats command: servers, credentials, TLS. Other parameters go before it.</summary>
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

    /// <summary>Until it is done, and where something else ends it.</summary>
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
            var options = ReadOptions();
            connection = new NasConnection(options);
            Use(connection);
            WriteVerbose($"Connecting to {string.Join(", ", connection.Servers)}.");
            Await(connection.ConnectAsync(Cancellation));
            var replaced = TakeUp(connection);
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

    /// <summary>A session of the same name makes way.</summary>
    /// <returns>The connection of that one, which is closed.</returns>
    private NasConnection? TakeUp(NasConnection connection)
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

    private NasOptions ReadOptions()
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
        return defaults.WithSecurity(WithLimits(WithTls(options)));
    }

    private bool Has(string parameter) => MyInvocation.BoundParameters.ContainsKey(parameter);
}

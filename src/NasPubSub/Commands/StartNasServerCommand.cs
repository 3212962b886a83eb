using System.Management.Automation;
using NasPubSub.Errors;
using NasPubSub.Sessions;

namespace NasPubSub.Commands;

/// <summary>
/// Start-NasServer: a nats-server on 127.0.0.1 for scripts and tests. It ends with the runspace at the latest.
/// </summary>
[Cmdlet(VerbsLifecycle.Start, "NasServer")]
[OutputType(typeof(NasServerProcess))]
public sealed class StartNasServerCommand : NasCmdlet
{
    /// <summary>How long the end in order may take when nobody called Stop-NasServer.</summary>
    private static readonly TimeSpan LastGrace = TimeSpan.FromSeconds(2);

    /// <summary>
    /// The program; else $env:NATS_SERVER, PATH, the user's own folder NasPubSub, and .tools in a checkout.
    /// </summary>
    [Parameter(Position = 0)]
    [ValidateNotNullOrEmpty]
    public string? Path { get; set; }

    /// <summary>The port; 0 takes a free one.</summary>
    [Parameter]
    [ValidateRange(0, 65535)]
    public int Port { get; set; }

    /// <summary>Turns JetStream on.</summary>
    [Parameter]
    public SwitchParameter JetStream { get; set; }

    /// <summary>A configuration file; address and port come from here all the same.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? ConfigFile { get; set; }

    /// <summary>Further arguments of nats-server.</summary>
    [Parameter]
    [ValidateNotNull]
    public string[] ArgumentList { get; set; } = [];

    /// <summary>Where JetStream keeps its data; without it, a folder that goes with the server.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    public string? StoreDirectory { get; set; }

    /// <summary>How long it may take until it answers.</summary>
    [Parameter]
    [DurationTransformation]
    public NasDuration Timeout { get; set; } = new(TimeSpan.FromSeconds(10));

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        var path = Path is null ? ServerBinary.Find() : FullPath(Path);
        if (path is null || !File.Exists(path))
        {
            ThrowTerminatingError(NasErrorRecord.ServerNotFound(path));
            return;
        }
        var launch = new ServerLaunch
        {
            Path = path,
            Port = Port,
            JetStream = JetStream,
            ConfigFile = ConfigFile is null ? null : FullPath(ConfigFile),
            StoreDirectory = StoreDirectory is null ? null : FullPath(StoreDirectory),
            Arguments = ArgumentList,
            Timeout = Timeout,
        };
        try
        {
            WriteVerbose($"Starting {path}.");
            var starting = launch.StartAsync(Cancellation);
            var store = SessionStore.Current;
            // Also when Ctrl+C comes at the moment it is ready.
            _ = starting.ContinueWith(
                t => store.Closed += () => t.Result.Stop(LastGrace),
                CancellationToken.None,
                TaskContinuationOptions.OnlyOnRanToCompletion | TaskContinuationOptions.ExecuteSynchronously,
                TaskScheduler.Default
            );
            WriteObject(Await(starting));
        }
        catch (ServerLaunchException e)
        {
            ThrowTerminatingError(NasErrorRecord.ServerFailed(path, e.Message));
        }
    }
}

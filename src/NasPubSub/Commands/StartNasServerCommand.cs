using System.Management.Automation;
using NasPubSub.Completion;
using NasPubSub.Errors;
using NasPubSub.Payloads;
using NasPubSub.Sessions;

namespace NasPubSub.Commands;

/// <summary>
/// Start-NasServer: a nats-server on 127.0.0.1 for scripts and tests. It ends with the runspace, unless it is detached.
/// </summary>
[Cmdlet(VerbsLifecycle.Start, "NasServer", DefaultParameterSetName = "Path")]
[OutputType(typeof(NasServerProcess))]
public sealed class StartNasServerCommand : NasCmdlet
{
    /// <summary>How long the end in order may take when nobody called Stop-NasServer.</summary>
    private static readonly TimeSpan LastGrace = TimeSpan.FromSeconds(2);

    /// <summary>
    /// The program; else $env:NATS_SERVER, PATH, the user's own folder NasPubSub, and .tools in a checkout.
    /// </summary>
    [Parameter(Position = 0, ParameterSetName = "Path")]
    [ValidateNotNullOrEmpty]
    public string? Path { get; set; }

    /// <summary>Runs an official release, downloaded unless it was before.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "Download")]
    public SwitchParameter Download { get; set; }

    /// <summary>The release, such as 2.15.1; without it, the one that this module is tested with.</summary>
    [Parameter(ParameterSetName = "Download")]
    [ArgumentCompleter(typeof(ServerVersionCompleter))]
    [ValidateNotNullOrEmpty]
    [TypedTextTransformation]
    public string? Version { get; set; }

    /// <summary>A mirror of the releases; else $env:NAS_SERVER_DOWNLOAD_URL, else GitHub.</summary>
    [Parameter(ParameterSetName = "Download")]
    [TypedTextTransformation]
    [ValidateNotNullOrEmpty]
    public string? DownloadUrl { get; set; }

    /// <summary>Leaves it running when this process ends.</summary>
    [Parameter]
    public SwitchParameter Detach { get; set; }

    /// <summary>The port; 0 takes a free one.</summary>
    [Parameter]
    [ValidateRange(0, 65535)]
    public int Port { get; set; }

    /// <summary>Turns JetStream on.</summary>
    [Parameter]
    public SwitchParameter JetStream { get; set; }

    /// <summary>A configuration file. The address and the port of this cmdlet take precedence.</summary>
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

    /// <summary>
    /// How long it may take until it answers, and how long the source of a download may send nothing.
    /// </summary>
    [Parameter]
    [DurationTransformation]
    public NasDuration Timeout { get; set; } = new(TimeSpan.FromSeconds(10));

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        var path =
            Download ? Fetch()
            : Path is null ? ServerBinary.Find()
            : FullPath(Path);
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
            Detach = Detach,
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
            if (Detach)
            {
                WriteObject(Await(starting));
                return;
            }

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

    private string Fetch()
    {
        try
        {
            var download = new ServerDownload(Version, DownloadUrl, Timeout);
            if (download.Find() is { } cached)
            {
                return cached;
            }

            WriteVerbose($"Downloading {download.Title}.");
            var fetching = download.FetchAsync(Cancellation);
            var progress = new ProgressRecord(0, $"Downloading {download.Title}", "Connecting");
            while (!Cancellation.IsCancellationRequested && Task.WaitAny([fetching], 200) < 0)
            {
                progress.StatusDescription = $"{download.Received / 1024 / 1024.0:0.0} MiB";
                progress.PercentComplete =
                    download.Total > 0 ? (int)Math.Min(100, 100 * download.Received / download.Total) : -1;
                WriteProgress(progress);
            }

            progress.RecordType = ProgressRecordType.Completed;
            WriteProgress(progress);
            return Await(fetching);
        }
        catch (ServerDownloadException e)
        {
            ThrowTerminatingError(NasErrorRecord.DownloadFailed(e, e.IsRefused));
            throw;
        }
    }
}

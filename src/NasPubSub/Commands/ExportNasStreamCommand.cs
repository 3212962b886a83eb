using System.Management.Automation;
using NasPubSub.Completion;
using NasPubSub.Errors;
using NasPubSub.JetStream;
using NasPubSub.Payloads;

namespace NasPubSub.Commands;

/// <summary>Export-NasStream: backs up a stream into a folder, as the nats command does.</summary>
[Cmdlet(VerbsData.Export, "NasStream", SupportsShouldProcess = true)]
[OutputType(typeof(NasBackup))]
public sealed class ExportNasStreamCommand : NasTransferCmdlet
{
    private readonly HashSet<string> _written = new(StringComparer.Ordinal);

    /// <summary>The stream.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipelineByPropertyName = true)]
    [Alias("Name")]
    [ArgumentCompleter(typeof(StreamCompleter))]
    [TypedTextTransformation]
    [ValidateNotNullOrEmpty]
    public string Stream { get; set; } = "";

    /// <summary>A stream from the pipeline: it is backed up where it was found.</summary>
    [Parameter(ValueFromPipeline = true, DontShow = true)]
    public NasStream? InputObject { get; set; }

    /// <summary>The folder of the backup; a script block gives each stream of the pipeline its own.</summary>
    [Parameter(Mandatory = true, Position = 1, ValueFromPipelineByPropertyName = true)]
    [Alias("LiteralPath", "FilePath", "PSPath")]
    [TypedTextTransformation]
    [ValidateNotNullOrEmpty]
    public string Path { get; set; } = "";

    /// <summary>Leaves out the consumers.</summary>
    [Parameter]
    [Alias("NoConsumers")]
    public SwitchParameter NoConsumer { get; set; }

    /// <summary>Lets the server check every message first.</summary>
    [Parameter]
    public SwitchParameter Check { get; set; }

    /// <summary>Replaces files that are read-only, too.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <summary>Leaves a backup alone that exists.</summary>
    [Parameter]
    [Alias("NoOverwrite")]
    public SwitchParameter NoClobber { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        var path = FullPath(Path);
        if (!_written.Add(path))
        {
            WriteError(TransferErrors.FolderTwice(path, Stream));
            return;
        }
        if (!ShouldProcess(path, $"Back up the stream {Stream}"))
        {
            return;
        }
        Guarded(path, Stream, () => Export(path));
    }

    private void Export(string path)
    {
        var options = new NasBackupOptions
        {
            Consumers = !NoConsumer,
            Check = Check,
            Replace = !NoClobber,
            ReplaceReadOnly = Force,
        };
        if (IdleTimeout is { } idle)
        {
            options = options with { IdleTimeout = idle };
        }
        var backups = JetStreamOf(InputObject).Backups;
        WriteObject(
            Transfer(
                $"Backing up {Stream} to {path}",
                (progress, cancel) => backups.ExportAsync(Stream, path, options, progress, cancel)
            )
        );
    }
}

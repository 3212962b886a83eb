using System.Management.Automation;
using NasPubSub.JetStream;
using NasPubSub.Payloads;

namespace NasPubSub.Commands;

/// <summary>Import-NasStream: restores streams from folders that Export-NasStream or the nats command wrote.</summary>
[Cmdlet(VerbsData.Import, "NasStream", SupportsShouldProcess = true)]
[OutputType(typeof(NasStream))]
public sealed class ImportNasStreamCommand : NasTransferCmdlet
{
    /// <summary>The folders of the backups.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("LiteralPath", "FilePath", "PSPath", "FullName")]
    [TypedTextTransformation]
    [ValidateNotNullOrEmpty]
    public string[] Path { get; set; } = [];

    /// <summary>Another name for the stream.</summary>
    [Parameter]
    [Alias("Name")]
    [TypedTextTransformation]
    [ValidateNotNullOrEmpty]
    public string? Stream { get; set; }

    /// <summary>Other subjects for the stream.</summary>
    [Parameter]
    [Alias("Subjects")]
    [TypedTextTransformation]
    [ValidateNotNullOrEmpty]
    public string[]? Subject { get; set; }

    /// <summary>The subjects as they stand, without the namespace.</summary>
    [Parameter]
    [Alias("NoNamespace")]
    public SwitchParameter Raw { get; set; }

    /// <summary>Another storage for the stream.</summary>
    [Parameter]
    public NasStorage? Storage { get; set; }

    /// <summary>Another number of servers that keep the stream.</summary>
    [Parameter]
    [ValidateRange(1, 5)]
    public int? Replicas { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (var path in Path.Select(FullPath))
        {
            Guarded(path, path, () => Import(path));
        }
    }

    private void Import(string path)
    {
        var backup = NasBackup.Open(path);
        var name = Stream ?? backup.Stream;
        if (!ShouldProcess(name, $"Restore the stream with {backup.Messages} messages from {path}"))
        {
            return;
        }
        var options = new NasRestoreOptions
        {
            Stream = Stream,
            Subjects = Subject,
            UseNamespace = !Raw,
            Storage = Storage,
            Replicas = Replicas,
        };
        if (IdleTimeout is { } idle)
        {
            options = options with { IdleTimeout = idle };
        }
        var backups = JetStream.Backups;
        WriteObject(
            Transfer(
                $"Restoring {name} from {path}",
                (progress, cancel) => backups.ImportAsync(path, options, progress, cancel)
            )
        );
    }
}

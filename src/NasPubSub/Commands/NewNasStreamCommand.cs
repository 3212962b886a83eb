using System.Management.Automation;
using NasPubSub.JetStream;
using NasPubSub.Payloads;

namespace NasPubSub.Commands;

/// <summary>New-NasStream: creates streams.</summary>
[Cmdlet(VerbsCommon.New, "NasStream", SupportsShouldProcess = true)]
[OutputType(typeof(NasStream))]
public sealed class NewNasStreamCommand : StreamSettingsCmdlet
{
    /// <summary>The name of the stream; else that of the configuration.</summary>
    [Parameter(Position = 0)]
    [Alias("Name")]
    [ValidateNotNullOrEmpty]
    [TypedTextTransformation]
    public string? Stream { get; set; }

    /// <summary>The subjects whose messages are stored.</summary>
    [Parameter(Position = 1)]
    [Alias("Subjects")]
    [ValidateNotNullOrEmpty]
    [TypedTextTransformation]
    public string[]? Subject { get; set; }

    /// <summary>A stream, a configuration, a hashtable, an object, JSON, or a file with JSON.</summary>
    [Parameter(ValueFromPipeline = true)]
    [ValidateNotNull]
    public object? Configuration { get; set; }

    /// <summary>The sequence of the first message.</summary>
    [Parameter]
    public ulong InitialSequence { get; set; }

    /// <summary>Subjects are counters.</summary>
    [Parameter]
    public SwitchParameter AllowMessageCounter { get; set; }

    /// <summary>When messages are acknowledged.</summary>
    [Parameter]
    public NasPersistMode? PersistMode { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        try
        {
            var jetStream = JetStream;
            var parameters = ReadParameters(jetStream);
            if (Stream is not null)
            {
                parameters.Name = Stream;
            }
            IReadOnlyList<NasStreamConfiguration> all = Configuration is { } given
                ? ReadConfigurations(jetStream, given)
                : [new() { IsRaw = true }];
            foreach (var settings in all)
            {
                settings.Apply(parameters);
                Create(jetStream, settings);
            }
        }
        catch (NasException e)
        {
            ReportOrFail(e, Stream);
        }
    }

    private void Create(NasJetStream jetStream, NasStreamConfiguration settings)
    {
        if (!ShouldProcess(settings.Name ?? "", "Create the stream"))
        {
            return;
        }
        try
        {
            WriteObject(Await(jetStream.Streams.CreateAsync(settings, !Raw, Cancellation)));
        }
        catch (NasException e)
        {
            ReportOrFail(e, settings.Name);
        }
    }

    private protected override bool IsSetting(string parameter) =>
        base.IsSetting(parameter)
        || parameter is nameof(InitialSequence) or nameof(AllowMessageCounter) or nameof(PersistMode);
}

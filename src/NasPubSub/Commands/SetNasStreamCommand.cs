using System.Management.Automation;
using NasPubSub.Completion;
using NasPubSub.Errors;
using NasPubSub.JetStream;
using NasPubSub.Payloads;

namespace NasPubSub.Commands;

/// <summary>Set-NasStream: changes settings of streams, and leaves all others as they are.</summary>
[Cmdlet(VerbsCommon.Set, "NasStream", SupportsShouldProcess = true)]
[OutputType(typeof(void), typeof(NasStream))]
public sealed class SetNasStreamCommand : StreamSettingsCmdlet
{
    /// <summary>Names of streams; else that of the configuration.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("Name")]
    [ArgumentCompleter(typeof(StreamCompleter))]
    [ValidateNotNullOrEmpty]
    [TypedTextTransformation]
    public string[]? Stream { get; set; }

    /// <summary>A stream from the pipeline: it is changed where it was found.</summary>
    [Parameter(ValueFromPipeline = true, DontShow = true)]
    public NasStream? InputObject { get; set; }

    /// <summary>The subjects whose messages are stored.</summary>
    [Parameter]
    [Alias("Subjects")]
    [AllowEmptyCollection]
    [TypedTextTransformation]
    public string[]? Subject { get; set; }

    /// <summary>A stream, a configuration, a hashtable, an object, JSON, or a file with JSON.</summary>
    [Parameter]
    [ValidateNotNull]
    public object? Configuration { get; set; }

    /// <summary>Nothing comes in or goes out any more.</summary>
    [Parameter]
    public SwitchParameter Sealed { get; set; }

    /// <summary>Returns the streams as they are now.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        try
        {
            var jetStream = JetStreamOf(InputObject);
            var parameters = ReadParameters(jetStream);
            if (Configuration is null)
            {
                foreach (var name in Stream ?? throw MissingName())
                {
                    Change(jetStream, name, parameters);
                }
                return;
            }
            foreach (var settings in ReadConfigurations(jetStream, Configuration))
            {
                settings.Apply(parameters);
                foreach (var name in Stream ?? [settings.Name ?? throw MissingName()])
                {
                    Change(jetStream, name, settings);
                }
            }
        }
        catch (NasException e)
        {
            ReportOrFail(e);
        }
    }

    private void Change(NasJetStream jetStream, string name, NasStreamConfiguration settings)
    {
        try
        {
            if (!Raw && settings.Subjects.Length > 0 && LeavesNamespace(jetStream, name, settings))
            {
                return;
            }
            var update = Await(
                jetStream.Streams.PrepareUpdateAsync(name, settings, useNamespace: false, Cancellation)
            );
            if (
                update.Changes.Count > 0
                && !ShouldProcess(name, $"Change the stream: {string.Join("; ", update.Changes)}")
            )
            {
                return;
            }
            var stream = Await(update.ApplyAsync(Cancellation));
            if (PassThru)
            {
                WriteObject(stream);
            }
        }
        catch (NasException e)
        {
            ReportOrFail(e, name);
        }
    }

    /// <summary>
    /// The publishers of a stream that was made in another namespace would be left without it, in silence.
    /// </summary>
    private bool LeavesNamespace(NasJetStream jetStream, string name, NasStreamConfiguration settings)
    {
        if (jetStream.Connection.Namespace is not { } ns || !settings.Subjects.All(IsInside))
        {
            return false;
        }
        var present = Await(jetStream.Streams.GetAsync(name, cancel: Cancellation)).ToConfiguration().Subjects;
        if (present.Length == 0 || present.Any(IsInside))
        {
            return false;
        }
        WriteError(
            NasErrorRecord.InvalidArgument(
                $"The stream '{name}' has the subjects '{string.Join("', '", present)}', none of them in the namespace '{ns}' of this session.",
                name,
                "Use a session with the namespace of the stream, or give the subjects as they are on the wire, with -Raw."
            )
        );
        return true;

        bool IsInside(string subject) => subject.StartsWith(ns + ".", StringComparison.Ordinal);
    }

    private static NasException MissingName() =>
        new(NasError.InvalidOption, "There is no name of a stream, neither in -Stream nor in the configuration.")
        {
            Code = "InvalidName",
        };

    private protected override bool IsSetting(string parameter) =>
        base.IsSetting(parameter) || parameter == nameof(Sealed);
}

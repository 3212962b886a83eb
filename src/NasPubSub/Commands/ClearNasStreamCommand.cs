using System.Management.Automation;
using NasPubSub.Completion;
using NasPubSub.JetStream;
using NasPubSub.Payloads;

namespace NasPubSub.Commands;

/// <summary>Clear-NasStream: removes messages from streams.</summary>
[Cmdlet(VerbsCommon.Clear, "NasStream", SupportsShouldProcess = true, DefaultParameterSetName = "All")]
[OutputType(typeof(void), typeof(NasStream))]
public sealed class ClearNasStreamCommand : NamedStreamCmdlet
{
    /// <summary>Only messages with these subjects.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(StreamSubjectCompleter))]
    [ValidateNotNullOrEmpty]
    [TypedTextTransformation]
    public string? Subject { get; set; }

    /// <summary>Only messages before this sequence.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "BeforeSequence")]
    public ulong BeforeSequence { get; set; }

    /// <summary>Keeps the last messages.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "Keep")]
    public ulong Keep { get; set; }

    /// <summary>Takes the subject as it is, without the namespace.</summary>
    [Parameter]
    [Alias("NoNamespace")]
    public SwitchParameter Raw { get; set; }

    /// <summary>Returns the streams as they are now.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    private protected override void Process(NasJetStream jetStream, NasStream stream)
    {
        var (name, set) = (stream.Stream, ParameterSetName);
        var what =
            (set == "All" && Subject is null ? $"all {stream.Messages} messages" : "messages")
            + (Subject is null ? "" : $" with the subject '{jetStream.Connection.ToWireSubject(Subject, !Raw)}'")
            + (set == "BeforeSequence" ? $" before sequence {BeforeSequence}" : "")
            + (set == "Keep" ? $" except for the last {Keep}" : "");
        if (!ShouldProcess(name, $"Remove {what}"))
        {
            return;
        }
        var removed = Await(
            jetStream.Streams.PurgeAsync(
                name,
                Subject,
                set == "BeforeSequence" ? BeforeSequence : null,
                set == "Keep" ? Keep : null,
                !Raw,
                Cancellation
            )
        );
        WriteVerbose($"Removed {removed} messages from the stream '{name}'.");
        if (PassThru)
        {
            WriteObject(Await(jetStream.Streams.GetAsync(name, cancel: Cancellation)));
        }
    }
}

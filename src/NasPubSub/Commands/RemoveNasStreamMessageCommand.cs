using System.Management.Automation;
using NasPubSub.Completion;
using NasPubSub.Payloads;

namespace NasPubSub.Commands;

/// <summary>Remove-NasStreamMessage: removes messages from a stream for good, one by one.</summary>
[Cmdlet(VerbsCommon.Remove, "NasStreamMessage", SupportsShouldProcess = true)]
[OutputType(typeof(void))]
public sealed class RemoveNasStreamMessageCommand : NasJetStreamCmdlet
{
    /// <summary>The stream.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipelineByPropertyName = true)]
    [Alias("Name")]
    [ArgumentCompleter(typeof(StreamCompleter))]
    [TypedTextTransformation]
    [ValidateNotNullOrEmpty]
    public string Stream { get; set; } = "";

    /// <summary>The sequences of the messages.</summary>
    [Parameter(Mandatory = true, Position = 1, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    public ulong[] Sequence { get; set; } = [];

    /// <summary>Overwrites the bytes of the messages in the storage.</summary>
    [Parameter]
    public SwitchParameter Secure { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (var sequence in Sequence)
        {
            var action = Secure ? "Remove the message and overwrite its bytes" : "Remove the message";
            if (!ShouldProcess($"{Stream}, sequence {sequence}", action))
            {
                continue;
            }
            try
            {
                Await(JetStream.Messages.RemoveAsync(Stream, sequence, Secure, Cancellation));
            }
            catch (Exception e) when (IsExpected(e))
            {
                ReportOrFail(e, e is NasException { Code: "MessageNotFound" } ? (object)sequence : Stream);
            }
        }
    }
}

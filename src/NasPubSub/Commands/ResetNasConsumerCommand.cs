using System.Management.Automation;
using NasPubSub.JetStream;
using NasPubSub.Payloads;

namespace NasPubSub.Commands;

/// <summary>
/// Reset-NasConsumer: lets consumers deliver again what they have delivered, or another client be pinned.
/// </summary>
[Cmdlet(VerbsCommon.Reset, "NasConsumer", SupportsShouldProcess = true, DefaultParameterSetName = "Sequence")]
[OutputType(typeof(void), typeof(NasConsumer))]
public sealed class ResetNasConsumerCommand : NamedConsumerCmdlet
{
    /// <summary>The sequence to go on with; without it what is not acknowledged yet.</summary>
    [Parameter(ParameterSetName = "Sequence")]
    public ulong? Sequence { get; set; }

    /// <summary>Priority groups whose pinned client is unpinned.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "Unpin")]
    [ValidateNotNullOrEmpty]
    [TypedTextTransformation]
    public string[] Unpin { get; set; } = [];

    /// <summary>Returns the consumers as they are now.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    private protected override void Process(NasJetStream jetStream, string stream, string consumer)
    {
        var target = $"{stream}/{consumer}";
        if (ParameterSetName == "Unpin")
        {
            foreach (var group in Unpin)
            {
                if (ShouldProcess(target, $"Unpin the client of the priority group '{group}'"))
                {
                    Await(jetStream.Consumers.UnpinAsync(stream, consumer, group, Cancellation));
                }
            }
            if (PassThru)
            {
                WriteObject(Await(jetStream.Consumers.GetAsync(stream, consumer, Cancellation)));
            }
            return;
        }
        var from = Sequence is { } sequence ? $"message {sequence}" : "what is not acknowledged yet";
        if (!ShouldProcess(target, $"Reset the consumer to {from}"))
        {
            return;
        }
        var reset = Await(jetStream.Consumers.ResetAsync(stream, consumer, Sequence, Cancellation));
        if (PassThru)
        {
            WriteObject(reset);
        }
    }
}

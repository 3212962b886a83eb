using System.Management.Automation;
using NasPubSub.JetStream;

namespace NasPubSub.Commands;

/// <summary>Remove-NasConsumer: removes consumers. The messages of the stream stay.</summary>
[Cmdlet(VerbsCommon.Remove, "NasConsumer", SupportsShouldProcess = true)]
[OutputType(typeof(void))]
public sealed class RemoveNasConsumerCommand : NamedConsumerCmdlet
{
    private protected override void Process(NasJetStream jetStream, string stream, string consumer)
    {
        if (ShouldProcess($"{stream}/{consumer}", "Remove the consumer"))
        {
            Await(jetStream.Consumers.DeleteAsync(stream, consumer, Cancellation));
        }
    }
}

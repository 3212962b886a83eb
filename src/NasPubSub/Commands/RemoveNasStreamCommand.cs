using System.Management.Automation;
using NasPubSub.JetStream;

namespace NasPubSub.Commands;

/// <summary>Remove-NasStream: removes streams with their messages and consumers.</summary>
[Cmdlet(VerbsCommon.Remove, "NasStream", SupportsShouldProcess = true, ConfirmImpact = ConfirmImpact.High)]
[OutputType(typeof(void))]
public sealed class RemoveNasStreamCommand : NamedStreamCmdlet
{
    private protected override void Process(NasJetStream jetStream, NasStream stream)
    {
        var name = stream.Stream;
        if (ShouldProcess(name, $"Remove the stream with {stream.Messages} messages and {stream.ConsumerCount} consumers"))
        {
            Await(jetStream.Streams.DeleteAsync(name, Cancellation));
        }
    }
}

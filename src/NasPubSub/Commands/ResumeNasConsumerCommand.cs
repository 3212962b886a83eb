using System.Management.Automation;
using NasPubSub.JetStream;

namespace NasPubSub.Commands;

/// <summary>Resume-NasConsumer: lets suspended consumers deliver again.</summary>
[Cmdlet(VerbsLifecycle.Resume, "NasConsumer", SupportsShouldProcess = true)]
[OutputType(typeof(void), typeof(NasConsumer))]
public sealed class ResumeNasConsumerCommand : NamedConsumerCmdlet
{
    /// <summary>Returns the consumers as they are now.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    private protected override void Process(NasJetStream jetStream, string stream, string consumer)
    {
        if (!ShouldProcess($"{stream}/{consumer}", "Resume the consumer"))
        {
            return;
        }
        var resumed = Await(jetStream.Consumers.ResumeAsync(stream, consumer, Cancellation));
        if (PassThru)
        {
            WriteObject(resumed);
        }
    }
}

using System.Management.Automation;
using NasPubSub.Errors;
using NasPubSub.JetStream;

namespace NasPubSub.Commands;

/// <summary>Suspend-NasConsumer: lets consumers deliver nothing for a while.</summary>
[Cmdlet(VerbsLifecycle.Suspend, "NasConsumer", SupportsShouldProcess = true, DefaultParameterSetName = "For")]
[OutputType(typeof(void), typeof(NasConsumer))]
public sealed class SuspendNasConsumerCommand : NamedConsumerCmdlet
{
    /// <summary>Stands for without end: the server needs a time.</summary>
    private const int Years = 100;

    /// <summary>For how long; without it until Resume-NasConsumer.</summary>
    [Parameter(ParameterSetName = "For")]
    [DurationTransformation]
    public NasDuration? For { get; set; }

    /// <summary>Until when.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "Until")]
    public DateTimeOffset Until { get; set; }

    /// <summary>Returns the consumers as they are now.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        base.BeginProcessing();
        var wrong =
            ParameterSetName != "Until" ? (For?.Whole == TimeSpan.Zero ? "-For is zero." : null)
            : Until <= new DateTimeOffset(WallClock.Now) ? $"-Until is in the past: {Until:yyyy-MM-dd HH:mm:ss zzz}."
            : null;
        if (wrong is not null)
        {
            ThrowTerminatingError(NasErrorRecord.InvalidArgument(wrong, null, "Resume-NasConsumer ends a pause."));
        }
    }

    private protected override void Process(NasJetStream jetStream, string stream, string consumer)
    {
        var now = new DateTimeOffset(WallClock.Now);
        var until =
            ParameterSetName == "Until" ? Until
            : For is { } time ? now + time.Whole
            : now.AddYears(Years);
        if (!ShouldProcess($"{stream}/{consumer}", "Suspend the consumer"))
        {
            return;
        }
        var paused = Await(jetStream.Consumers.PauseAsync(stream, consumer, until, Cancellation));
        if (PassThru)
        {
            WriteObject(paused);
        }
    }
}

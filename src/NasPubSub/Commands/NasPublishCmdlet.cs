using System.Management.Automation;

namespace NasPubSub.Commands;

/// <summary>A cmdlet that sends the objects of the pipeline to a subject.</summary>
public abstract class NasPublishCmdlet : NasPayloadCmdlet
{
    /// <summary>The payload: bytes are sent unchanged, text in the encoding, and any other object as JSON.</summary>
    [Parameter(Position = 1, ValueFromPipeline = true)]
    [Alias("InputObject", "Message")]
    [AllowNull]
    public object? Payload { get; set; }

    /// <summary>Uses the subject unchanged, without the namespace.</summary>
    [Parameter]
    [Alias("NoNamespace")]
    public SwitchParameter Raw { get; set; }
}

using System.Management.Automation;

namespace NasPubSub.Commands;

/// <summary>A cmdlet that sends the objects of the pipeline to a subject.</summary>
public abstract class NasPublishCmdlet : NasPayloadCmdlet
{
    /// <summary>What to send: bytes as they are, text in the encoding, everything else as JSON.</summary>
    [Parameter(Position = 1, ValueFromPipeline = true)]
    [Alias("InputObject", "Message")]
    [AllowNull]
    public object? Payload { get; set; }

    /// <summary>The subject as it stands, without the namespace.</summary>
    [Parameter]
    [Alias("NoNamespace")]
    public SwitchParameter Raw { get; set; }
}

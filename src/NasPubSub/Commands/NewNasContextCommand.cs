using System.Management.Automation;
using NasPubSub.Errors;
using NasPubSub.Payloads;

namespace NasPubSub.Commands;

/// <summary>New-NasContext: writes a context that the nats command reads too.</summary>
[Cmdlet(VerbsCommon.New, "NasContext", SupportsShouldProcess = true)]
[OutputType(typeof(NasContext))]
public sealed class NewNasContextCommand : ContextSettingsCmdlet
{
    /// <summary>The name.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipelineByPropertyName = true)]
    [ValidateNotNullOrEmpty]
    [TypedTextTransformation]
    public string Name { get; set; } = "";

    /// <summary>Replaces a context of this name.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        var exists = NasContext.Names.Contains(Name);
        if (exists && !Force)
        {
            WriteError(NasErrorRecord.ContextExists(Name));
            return;
        }

        try
        {
            if (ShouldProcess(Name, exists ? "Replace the context" : "Create a context"))
            {
                WriteObject(Write(Name, replace: true));
            }
        }
        catch (NasException e)
        {
            Report(e, Name);
        }
    }
}

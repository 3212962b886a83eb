using System.Management.Automation;
using NasPubSub.Completion;
using NasPubSub.Errors;
using NasPubSub.Payloads;

namespace NasPubSub.Commands;

/// <summary>Set-NasContext: changes settings of a context, or selects it.</summary>
[Cmdlet(VerbsCommon.Set, "NasContext", SupportsShouldProcess = true)]
[OutputType(typeof(void), typeof(NasContext))]
public sealed class SetNasContextCommand : ContextSettingsCmdlet
{
    /// <summary>The name.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(ContextCompleter))]
    [ValidateNotNullOrEmpty]
    [TypedTextTransformation]
    public string Name { get; set; } = "";

    /// <summary>Emits the context.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (!NasContext.Names.Contains(Name))
        {
            WriteError(NasErrorRecord.ContextNotFound(Name));
            return;
        }

        try
        {
            // The names of the settings, never their values.
            var settings = Settings().Keys;
            var action = settings.Count > 0 ? $"Set {string.Join(", ", settings)}" : "Set nothing";
            if (!ShouldProcess(Name, Select ? settings.Count > 0 ? $"{action} and select" : "Select" : action))
            {
                return;
            }

            var context = Write(Name);
            if (PassThru)
            {
                WriteObject(context);
            }
        }
        catch (NasException e)
        {
            Report(e, Name);
        }
    }
}

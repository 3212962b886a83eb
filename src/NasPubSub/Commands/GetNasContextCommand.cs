using System.Management.Automation;
using NasPubSub.Completion;
using NasPubSub.Errors;
using NasPubSub.Payloads;

namespace NasPubSub.Commands;

/// <summary>Get-NasContext: the contexts of the nats command on this machine.</summary>
[Cmdlet(VerbsCommon.Get, "NasContext", DefaultParameterSetName = "Name")]
[OutputType(typeof(NasContext))]
public sealed class GetNasContextCommand : NasCmdlet
{
    /// <summary>Names, with wildcards where wanted.</summary>
    [Parameter(Position = 0, ParameterSetName = "Name", ValueFromPipeline = true)]
    [ArgumentCompleter(typeof(ContextCompleter))]
    [SupportsWildcards]
    [TypedTextTransformation]
    public string[] Name { get; set; } = ["*"];

    /// <summary>The selected context, which the nats command uses by default.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "Selected")]
    public SwitchParameter Selected { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (ParameterSetName == "Selected")
        {
            if (NasContext.SelectedName is { } selected)
            {
                Give(selected);
            }

            return;
        }
        foreach (var wanted in Name)
        {
            var names = NamePattern.Select(NasContext.Names, n => n, wanted);
            if (names.Count == 0 && !WildcardPattern.ContainsWildcardCharacters(wanted))
            {
                WriteError(NasErrorRecord.ContextNotFound(wanted));
            }

            foreach (var name in names)
            {
                Give(name);
            }
        }
    }

    private void Give(string name)
    {
        try
        {
            WriteObject(NasContext.Load(name));
        }
        catch (NasException e)
        {
            Report(e, name);
        }
    }
}

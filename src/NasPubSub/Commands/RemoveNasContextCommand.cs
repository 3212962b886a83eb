using System.Management.Automation;
using NasPubSub.Completion;
using NasPubSub.Errors;
using NasPubSub.Payloads;

namespace NasPubSub.Commands;

/// <summary>Remove-NasContext: deletes contexts of the nats command.</summary>
[Cmdlet(VerbsCommon.Remove, "NasContext", SupportsShouldProcess = true)]
[OutputType(typeof(void))]
public sealed class RemoveNasContextCommand : NasCmdlet
{
    /// <summary>Names, with wildcards where wanted.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(ContextCompleter))]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [TypedTextTransformation]
    public string[] Name { get; set; } = [];

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (var wanted in Name)
        {
            var names = NamePattern.Select(NasContext.Names, n => n, wanted);
            if (names.Count == 0 && !WildcardPattern.ContainsWildcardCharacters(wanted))
            {
                WriteError(NasErrorRecord.ContextNotFound(wanted));
            }

            foreach (var name in names)
            {
                Remove(name);
            }
        }
    }

    private void Remove(string name)
    {
        try
        {
            var isSelected = NasContext.SelectedName == name;
            if (ShouldProcess(name, isSelected ? "Remove the selected context" : "Remove the context"))
            {
                NasContext.Remove(name);
            }
        }
        catch (NasException e)
        {
            Report(e, name);
        }
    }
}

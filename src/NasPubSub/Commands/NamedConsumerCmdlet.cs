using System.Management.Automation;
using NasPubSub.Completion;
using NasPubSub.JetStream;
using NasPubSub.Payloads;

namespace NasPubSub.Commands;

/// <summary>
/// A cmdlet that does something with consumers that exist, given by name, by pattern or from the pipeline.
/// </summary>
public abstract class NamedConsumerCmdlet : NasJetStreamCmdlet
{
    /// <summary>The stream, with wildcards where wanted.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(StreamCompleter))]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [TypedTextTransformation]
    public string Stream { get; set; } = "";

    /// <summary>Names of consumers, with wildcards where wanted.</summary>
    [Parameter(Mandatory = true, Position = 1, ValueFromPipelineByPropertyName = true)]
    [Alias("Name")]
    [ArgumentCompleter(typeof(ConsumerCompleter))]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [TypedTextTransformation]
    public string[] Consumer { get; set; } = [];

    /// <summary>A consumer from the pipeline: it is looked for where it was found.</summary>
    [Parameter(ValueFromPipeline = true, DontShow = true)]
    public NasConsumer? InputObject { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        var jetStream = JetStreamOf(InputObject?.GetJetStream());
        foreach (var (stream, consumer) in FindConsumers(jetStream, Stream, Consumer))
        {
            try
            {
                Process(jetStream, stream, consumer);
            }
            catch (NasException e)
            {
                ReportOrFail(e, $"{stream}/{consumer}");
            }
        }
    }

    private protected abstract void Process(NasJetStream jetStream, string stream, string consumer);
}

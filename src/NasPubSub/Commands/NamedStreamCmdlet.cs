using System.Management.Automation;
using NasPubSub.Completion;
using NasPubSub.JetStream;
using NasPubSub.Payloads;

namespace NasPubSub.Commands;

/// <summary>A cmdlet that changes streams that exist, given by name, by pattern or from the pipeline.</summary>
public abstract class NamedStreamCmdlet : NasJetStreamCmdlet
{
    /// <summary>Names, with wildcards where wanted.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("Name")]
    [ArgumentCompleter(typeof(StreamCompleter))]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [TypedTextTransformation]
    public string[] Stream { get; set; } = [];

    /// <summary>A stream from the pipeline: it is looked for where it was found.</summary>
    [Parameter(ValueFromPipeline = true, DontShow = true)]
    public NasStream? InputObject { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        var jetStream = JetStreamOf(InputObject);
        foreach (var name in Stream)
        {
            try
            {
                foreach (var stream in Find(jetStream, name))
                {
                    ProcessOne(jetStream, stream);
                }
            }
            catch (NasException e)
            {
                ReportOrFail(e, name);
            }
        }
    }

    private protected abstract void Process(NasJetStream jetStream, NasStream stream);

    private void ProcessOne(NasJetStream jetStream, NasStream stream)
    {
        try
        {
            Process(jetStream, stream);
        }
        catch (NasException e)
        {
            ReportOrFail(e, stream.Stream);
        }
    }

    /// <summary>The stream of a name, or those that match it as a pattern.</summary>
    private IReadOnlyList<NasStream> Find(NasJetStream jetStream, string name) =>
        WildcardPattern.ContainsWildcardCharacters(name)
            ? ListStreams(jetStream, name)
            : [Await(jetStream.Streams.GetAsync(name, cancel: Cancellation))];
}

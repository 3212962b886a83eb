using System.Management.Automation;
using NasPubSub.Completion;
using NasPubSub.JetStream;
using NasPubSub.Payloads;

namespace NasPubSub.Commands;

/// <summary>Get-NasConsumer: consumers with their settings and their state.</summary>
[Cmdlet(VerbsCommon.Get, "NasConsumer")]
[OutputType(typeof(NasConsumer))]
public sealed class GetNasConsumerCommand : NasJetStreamCmdlet
{
    /// <summary>Streams, with wildcards where wanted.</summary>
    [Parameter(Position = 0, ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(StreamCompleter))]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [TypedTextTransformation]
    public string[] Stream { get; set; } = ["*"];

    /// <summary>Names of consumers, with wildcards where wanted.</summary>
    [Parameter(Position = 1, ValueFromPipelineByPropertyName = true)]
    [Alias("Name")]
    [ArgumentCompleter(typeof(ConsumerCompleter))]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [TypedTextTransformation]
    public string[] Consumer { get; set; } = ["*"];

    /// <summary>A stream or a consumer from the pipeline: it is looked for where it was found.</summary>
    [Parameter(ValueFromPipeline = true, DontShow = true)]
    public object? InputObject { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        var jetStream = JetStreamOf(
            InputObject.Unwrap() switch
            {
                NasStream stream => stream.GetJetStream(),
                NasConsumer consumer => consumer.GetJetStream(),
                _ => null,
            }
        );
        foreach (var name in Stream)
        {
            try
            {
                foreach (var stream in FindStreams(jetStream, name))
                {
                    foreach (var wanted in Consumer)
                    {
                        Write(jetStream, stream, wanted);
                    }
                }
            }
            catch (NasException e)
            {
                ReportOrFail(e, name);
            }
        }
    }

    private void Write(NasJetStream jetStream, string stream, string wanted)
    {
        try
        {
            if (!WildcardPattern.ContainsWildcardCharacters(wanted))
            {
                WriteObject(Await(jetStream.Consumers.GetAsync(stream, wanted, Cancellation)));
                return;
            }
            var pattern = new WildcardPattern(wanted, WildcardOptions.IgnoreCase);
            var consumers = ListConsumers(jetStream, stream);
            WriteObject(
                consumers
                    .Where(c => pattern.IsMatch(c.Consumer))
                    .OrderBy(c => c.Consumer, StringComparer.OrdinalIgnoreCase),
                enumerateCollection: true
            );
        }
        catch (NasException e)
        {
            ReportOrFail(e, $"{stream}/{wanted}");
        }
    }

    /// <summary>Those that answer; the error about the others is written after them.</summary>
    private IReadOnlyList<NasConsumer> ListConsumers(NasJetStream jetStream, string stream)
    {
        var found = new List<NasConsumer>();
        try
        {
            Await(CollectAsync());
        }
        catch (NasException e) when (e.Code == "ConsumerUnavailable")
        {
            Report(e, stream);
        }
        return found;

        async Task CollectAsync()
        {
            await foreach (var item in jetStream.Consumers.ListAsync(stream, Cancellation).ConfigureAwait(false))
            {
                found.Add(item);
            }
        }
    }
}

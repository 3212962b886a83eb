using System.Management.Automation;
using NasPubSub.Completion;
using NasPubSub.JetStream;
using NasPubSub.Payloads;

namespace NasPubSub.Commands;

/// <summary>Set-NasConsumer: changes settings of consumers, and leaves all others as they are.</summary>
[Cmdlet(VerbsCommon.Set, "NasConsumer", SupportsShouldProcess = true)]
[OutputType(typeof(void), typeof(NasConsumer))]
public sealed class SetNasConsumerCommand : ConsumerSettingsCmdlet
{
    /// <summary>The stream, with wildcards where wanted.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(StreamCompleter))]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [TypedTextTransformation]
    public string Stream { get; set; } = "";

    /// <summary>Names of consumers, with wildcards where wanted; else that of the configuration.</summary>
    [Parameter(Position = 1, ValueFromPipelineByPropertyName = true)]
    [Alias("Name")]
    [ArgumentCompleter(typeof(ConsumerCompleter))]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [TypedTextTransformation]
    public string[]? Consumer { get; set; }

    /// <summary>A consumer from the pipeline: it is changed where it was found.</summary>
    [Parameter(ValueFromPipeline = true, DontShow = true)]
    public NasConsumer? InputObject { get; set; }

    /// <summary>A consumer, a configuration, a hashtable, an object, JSON, or a file with JSON.</summary>
    [Parameter]
    [ValidateNotNull]
    public object? Configuration { get; set; }

    /// <summary>Returns the consumers as they are now.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        try
        {
            var jetStream = JetStreamOf(InputObject?.GetJetStream());
            var parameters = ReadParameters(jetStream);
            IReadOnlyList<NasConsumerConfiguration> all = Configuration is { } given
                ? ReadConfigurations(jetStream, given)
                : [new NasConsumerConfiguration { IsRaw = true }];
            foreach (var settings in all)
            {
                settings.Apply(parameters);
                foreach (var (stream, name) in FindConsumers(jetStream, Stream, Consumer ?? [NameOf(settings)]))
                {
                    Change(jetStream, stream, name, settings);
                }
            }
        }
        catch (NasException e)
        {
            ReportOrFail(e, Stream);
        }
    }

    private void Change(NasJetStream jetStream, string stream, string name, NasConsumerConfiguration settings)
    {
        var target = $"{stream}/{name}";
        try
        {
            var update = Await(
                jetStream.Consumers.PrepareUpdateAsync(stream, name, settings, useNamespace: false, Cancellation)
            );
            if (
                (update.Changes.Count > 0 || TrackDeadLetter)
                && !ShouldProcess(target, $"Change the consumer: {Changes(update)}")
            )
            {
                return;
            }
            TrackDeadLetters(jetStream);
            var consumer = Await(update.ApplyAsync(Cancellation));
            if (PassThru)
            {
                WriteObject(consumer);
            }
        }
        catch (NasException e)
        {
            ReportOrFail(e, target);
        }
    }

    private string Changes(NasConsumerUpdate update) =>
        string.Join(
            "; ",
            update.Changes.Select(c => c.ToString()).Concat(TrackDeadLetter ? ["record dead letters"] : [])
        );

    private static string NameOf(NasConsumerConfiguration settings) =>
        settings.Name
        ?? throw new NasException(
            NasError.InvalidOption,
            "There is no name of a consumer, neither in -Consumer nor in the configuration."
        )
        {
            Code = "InvalidName",
        };
}

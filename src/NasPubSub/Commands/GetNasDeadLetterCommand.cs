using System.Management.Automation;
using NasPubSub.Completion;
using NasPubSub.Errors;
using NasPubSub.JetStream;
using NasPubSub.Payloads;

namespace NasPubSub.Commands;

/// <summary>Get-NasDeadLetter: messages that consumers gave up.</summary>
[Cmdlet(VerbsCommon.Get, "NasDeadLetter", SupportsShouldProcess = true, DefaultParameterSetName = "Stream")]
[OutputType(typeof(NasDeadLetter))]
public sealed class GetNasDeadLetterCommand : NasJetStreamCmdlet
{
    /// <summary>The stream of the consumers, with wildcards where wanted.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = "Stream")]
    [ArgumentCompleter(typeof(StreamCompleter))]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [TypedTextTransformation]
    public string[] Stream { get; set; } = [];

    /// <summary>The consumers, with wildcards where wanted.</summary>
    [Parameter(Position = 1, ParameterSetName = "Stream")]
    [ArgumentCompleter(typeof(ConsumerCompleter))]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [TypedTextTransformation]
    public string[]? Consumer { get; set; }

    /// <summary>The subject that an action with -DeadLetter published them to.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "Subject")]
    [ArgumentCompleter(typeof(SubjectCompleter))]
    [ValidateNotNullOrEmpty]
    [TypedTextTransformation]
    public string[] Subject { get; set; } = [];

    /// <summary>Takes subjects as they are, without the namespace.</summary>
    [Parameter(ParameterSetName = "Subject")]
    [Alias("NoNamespace")]
    public SwitchParameter Raw { get; set; }

    /// <summary>Streams or consumers; with -Remove, dead letters that were listed before.</summary>
    /// <remarks>
    /// Not by the names of properties: a dead letter has a stream and a consumer, and is neither.
    /// </remarks>
    [Parameter(Mandatory = true, ValueFromPipeline = true, ParameterSetName = "InputObject")]
    [ValidateNotNull]
    public object InputObject { get; set; } = null!;

    /// <summary>Removes them.</summary>
    [Parameter]
    public SwitchParameter Remove { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        switch (ParameterSetName)
        {
            case "InputObject":
                ProcessPiped(InputObject.Unwrap());
                break;
            case "Subject":
                foreach (var subject in Subject)
                {
                    Write(JetStream.DeadLetters.ListStoredAsync(subject, !Raw, Cancellation), subject);
                }
                break;
            default:
                foreach (var stream in Stream)
                {
                    WriteOf(JetStream, stream, Consumer ?? []);
                }
                break;
        }
    }

    private void ProcessPiped(object? piped)
    {
        switch (piped)
        {
            case NasDeadLetter letter when Remove:
                RemoveOne(letter);
                break;
            case NasStream stream:
                WriteOf(JetStreamOf(stream), stream.Stream, []);
                break;
            case NasConsumer consumer:
                WriteOf(JetStreamOf(consumer.GetJetStream()), consumer.Stream, [consumer.Consumer]);
                break;
            case string name:
                WriteOf(JetStream, name, []);
                break;
            default:
                WriteError(
                    NasErrorRecord.InvalidArgument(
                        "-InputObject takes streams and consumers, and dead letters with -Remove.",
                        piped,
                        "Get-NasStream and Get-NasConsumer output what it takes."
                    )
                );
                break;
        }
    }

    private void WriteOf(NasJetStream jetStream, string wanted, string[] wantedConsumers)
    {
        try
        {
            foreach (var stream in FindStreams(jetStream, wanted))
            {
                foreach (var consumer in wantedConsumers.Length > 0 ? wantedConsumers : [null!])
                {
                    var isPattern = WildcardPattern.ContainsWildcardCharacters(consumer ?? "");
                    var one = isPattern ? null : consumer;
                    NasDeadLetterReason? unrecorded = null;
                    Write(
                        jetStream.DeadLetters.ListAsync(stream, one, r => unrecorded = r, Cancellation),
                        stream,
                        isPattern ? new WildcardPattern(consumer, WildcardOptions.IgnoreCase) : null
                    );
                    if (unrecorded is { } reason)
                    {
                        WriteWarning($"Dead letters of '{stream}' with the reason {reason} are not recorded.");
                    }
                }
            }
        }
        catch (NasException e)
        {
            ReportOrFail(e, wanted);
        }
    }

    private void Write(IAsyncEnumerable<NasDeadLetter> source, string target, WildcardPattern? consumers = null)
    {
        var letters = source.GetAsyncEnumerator(Cancellation);
        try
        {
            while (Await(letters.MoveNextAsync().AsTask()))
            {
                if (consumers?.IsMatch(letters.Current.Consumer) == false)
                {
                    continue;
                }
                WriteObject(letters.Current);
                if (Remove)
                {
                    RemoveOne(letters.Current);
                }
            }
        }
        catch (NasException e)
        {
            ReportOrFail(e, target);
        }
        finally
        {
            // A call under way ends by the token, and must not be disposed.
            if (!Cancellation.IsCancellationRequested)
            {
                Await(letters.DisposeAsync().AsTask());
            }
        }
    }

    private void RemoveOne(NasDeadLetter letter)
    {
        try
        {
            var jetStream = JetStreamOf(letter.GetJetStream());
            if (ShouldProcess($"{letter.Stream}/{letter.Consumer} {letter.Sequence}", "Remove the dead letter"))
            {
                Await(jetStream.DeadLetters.RemoveAsync(letter, Cancellation));
            }
        }
        catch (NasException e)
        {
            ReportOrFail(e, letter);
        }
    }
}

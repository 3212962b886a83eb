using System.Management.Automation;
using NasPubSub.Completion;
using NasPubSub.JetStream;
using NasPubSub.Payloads;

namespace NasPubSub.Commands;

/// <summary>Get-NasDeadLetter: messages that consumers gave up.</summary>
[Cmdlet(VerbsCommon.Get, "NasDeadLetter", SupportsShouldProcess = true, DefaultParameterSetName = "Stream")]
[OutputType(typeof(NasDeadLetter))]
public sealed class GetNasDeadLetterCommand : NasJetStreamCmdlet
{
    /// <summary>The stream of the consumers, with wildcards where wanted.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipelineByPropertyName = true, ParameterSetName = "Stream")]
    [ArgumentCompleter(typeof(StreamCompleter))]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [TypedTextTransformation]
    public string[] Stream { get; set; } = [];

    /// <summary>The consumers, with wildcards where wanted.</summary>
    [Parameter(Position = 1, ValueFromPipelineByPropertyName = true, ParameterSetName = "Stream")]
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

    /// <summary>Dead letters that were listed before.</summary>
    [Parameter(Mandatory = true, ValueFromPipeline = true, ParameterSetName = "InputObject")]
    public NasDeadLetter[] InputObject { get; set; } = [];

    /// <summary>Removes them.</summary>
    [Parameter(ParameterSetName = "Stream")]
    [Parameter(ParameterSetName = "Subject")]
    [Parameter(Mandatory = true, ParameterSetName = "InputObject")]
    public SwitchParameter Remove { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        switch (ParameterSetName)
        {
            case "InputObject":
                foreach (var letter in InputObject)
                {
                    RemoveOne(letter);
                }
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
                    WriteOf(stream);
                }
                break;
        }
    }

    private void WriteOf(string wanted)
    {
        try
        {
            foreach (var stream in FindStreams(JetStream, wanted))
            {
                foreach (var consumer in Consumer ?? [null!])
                {
                    var isPattern = WildcardPattern.ContainsWildcardCharacters(consumer ?? "");
                    var one = isPattern ? null : consumer;
                    NasDeadLetterReason? unrecorded = null;
                    Write(
                        JetStream.DeadLetters.ListAsync(stream, one, r => unrecorded = r, Cancellation),
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
        try
        {
            foreach (var letter in AwaitAll(source).Where(l => consumers?.IsMatch(l.Consumer) ?? true))
            {
                WriteObject(letter);
                if (Remove)
                {
                    RemoveOne(letter);
                }
            }
        }
        catch (NasException e)
        {
            ReportOrFail(e, target);
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

using System.Management.Automation;
using NasPubSub.Completion;
using NasPubSub.JetStream;
using NasPubSub.Payloads;

namespace NasPubSub.Commands;

/// <summary>Get-NasStream: streams with their settings and their state.</summary>
[Cmdlet(VerbsCommon.Get, "NasStream", DefaultParameterSetName = "Stream")]
[OutputType(typeof(NasStream), typeof(NasStreamSubject))]
public sealed class GetNasStreamCommand : NasJetStreamCmdlet
{
    /// <summary>Names, with wildcards where wanted.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("Name")]
    [ArgumentCompleter(typeof(StreamCompleter))]
    [ValidateNotNullOrEmpty]
    [SupportsWildcards]
    [TypedTextTransformation]
    public string[] Stream { get; set; } = ["*"];

    /// <summary>A stream from the pipeline: it is looked for where it was found.</summary>
    [Parameter(ValueFromPipeline = true, DontShow = true)]
    public NasStream? InputObject { get; set; }

    /// <summary>Only streams that store messages with this subject.</summary>
    [Parameter(ParameterSetName = "Stream")]
    [ArgumentCompleter(typeof(SubjectCompleter))]
    [ValidateNotNullOrEmpty]
    [TypedTextTransformation]
    public string? Subject { get; set; }

    /// <summary>Also the sequences of removed messages.</summary>
    [Parameter(ParameterSetName = "Stream")]
    public SwitchParameter DeletedSequences { get; set; }

    /// <summary>Returns the subjects of the messages instead, with the number of messages of each.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "CountBySubject")]
    [ArgumentCompleter(typeof(StreamSubjectCompleter))]
    [ValidateNotNullOrEmpty]
    [TypedTextTransformation]
    public string CountBySubject { get; set; } = "";

    /// <summary>Takes subjects as they are, without the namespace.</summary>
    [Parameter]
    [Alias("NoNamespace")]
    public SwitchParameter Raw { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        var jetStream = JetStreamOf(InputObject);
        foreach (var name in Stream)
        {
            try
            {
                if (WildcardPattern.ContainsWildcardCharacters(name) || Subject is not null)
                {
                    foreach (var stream in ListStreams(jetStream, name, Subject, !Raw))
                    {
                        Give(jetStream, stream.Stream, stream);
                    }
                }
                else
                {
                    Give(jetStream, name);
                }
            }
            catch (NasException e)
            {
                ReportOrFail(e, name);
            }
        }
    }

    private void Give(NasJetStream jetStream, string name, NasStream? known = null)
    {
        if (ParameterSetName == "CountBySubject")
        {
            var subjects = AwaitAll(
                jetStream.Streams.ListSubjectsAsync(name, CountBySubject, !Raw, Cancellation)
            );
            WriteObject(
                subjects.OrderByDescending(s => s.Messages).ThenBy(s => s.Subject, StringComparer.Ordinal),
                enumerateCollection: true
            );
        }
        else
        {
            WriteObject(
                known is null || DeletedSequences
                    ? Await(jetStream.Streams.GetAsync(name, DeletedSequences, Cancellation))
                    : known
            );
        }
    }
}

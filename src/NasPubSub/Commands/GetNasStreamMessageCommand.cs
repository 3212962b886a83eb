using System.Management.Automation;
using System.Text;
using NasPubSub.Completion;
using NasPubSub.Formatting;
using NasPubSub.JetStream;
using NasPubSub.Payloads;

namespace NasPubSub.Commands;

/// <summary>Get-NasStreamMessage: messages that a stream holds, without a consumer.</summary>
[Cmdlet(VerbsCommon.Get, "NasStreamMessage", DefaultParameterSetName = "Range")]
[OutputType(typeof(NasMessage), typeof(string), typeof(PSObject), typeof(byte[]))]
public sealed class GetNasStreamMessageCommand : NasJetStreamCmdlet
{
    /// <summary>The stream.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipelineByPropertyName = true)]
    [Alias("Name")]
    [ArgumentCompleter(typeof(StreamCompleter))]
    [TypedTextTransformation]
    [ValidateNotNullOrEmpty]
    public string Stream { get; set; } = "";

    /// <summary>Sequences of messages.</summary>
    [Parameter(
        Mandatory = true,
        Position = 1,
        ParameterSetName = "Sequence",
        ValueFromPipeline = true,
        ValueFromPipelineByPropertyName = true
    )]
    public ulong[] Sequence { get; set; } = [];

    /// <summary>The last messages, that many.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "Last")]
    [ValidateRange(1, int.MaxValue)]
    public int Last { get; set; }

    /// <summary>The last message of each of these subjects.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "LastFor")]
    [Alias("LastPerSubject")]
    [ArgumentCompleter(typeof(StreamSubjectCompleter))]
    [TypedTextTransformation]
    [ValidateNotNullOrEmpty]
    public string[] LastFor { get; set; } = [];

    /// <summary>Looks at messages up to this sequence only.</summary>
    [Parameter(ParameterSetName = "LastFor")]
    [Parameter(ParameterSetName = "Range")]
    public ulong ToSequence { get; set; }

    /// <summary>Looks at messages that were stored before this time only.</summary>
    [Parameter(ParameterSetName = "LastFor")]
    [PointInTimeTransformation]
    public DateTimeOffset? Before { get; set; }

    /// <summary>The next message of this subject.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "NextFor")]
    [ArgumentCompleter(typeof(StreamSubjectCompleter))]
    [TypedTextTransformation]
    [ValidateNotNullOrEmpty]
    public string NextFor { get; set; } = "";

    /// <summary>Only messages of this subject.</summary>
    [Parameter(ParameterSetName = "Range")]
    [Parameter(ParameterSetName = "Last")]
    [ArgumentCompleter(typeof(StreamSubjectCompleter))]
    [TypedTextTransformation]
    [ValidateNotNullOrEmpty]
    public string? Subject { get; set; }

    /// <summary>Begins with this sequence.</summary>
    [Parameter(ParameterSetName = "Range")]
    [Parameter(ParameterSetName = "NextFor")]
    public ulong FromSequence { get; set; } = 1;

    /// <summary>Begins with the first message that was stored then or later.</summary>
    [Parameter(ParameterSetName = "Range")]
    [PointInTimeTransformation]
    public DateTimeOffset? Since { get; set; }

    /// <summary>Ends after this number of messages.</summary>
    [Parameter(ParameterSetName = "Range")]
    [ValidateRange(1, long.MaxValue)]
    public long? Count { get; set; }

    /// <summary>Reads from the leader of the stream.</summary>
    [Parameter]
    public SwitchParameter Leader { get; set; }

    /// <summary>The subjects as they stand, without the namespace.</summary>
    [Parameter(ParameterSetName = "Range")]
    [Parameter(ParameterSetName = "Last")]
    [Parameter(ParameterSetName = "LastFor")]
    [Parameter(ParameterSetName = "NextFor")]
    [Alias("NoNamespace")]
    public SwitchParameter Raw { get; set; }

    /// <summary>The whole message, or its payload as text, JSON objects or bytes.</summary>
    [Parameter]
    public NasMessageForm As { get; set; }

    /// <summary>How bytes become text.</summary>
    [Parameter]
    [EncodingTransformation]
    [ArgumentCompleter(typeof(EncodingCompleter))]
    public Encoding Encoding { get; set; } = EncodingTransformationAttribute.Utf8;

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (ParameterSetName == "Sequence")
        {
            foreach (var sequence in Sequence)
            {
                WriteOne(sequence);
            }
            return;
        }
        try
        {
            WriteAll(JetStream.Messages);
        }
        catch (Exception e) when (IsExpected(e))
        {
            ReportOrFail(e, Stream);
        }
    }

    private void WriteOne(ulong sequence)
    {
        try
        {
            Write(Await(JetStream.Messages.GetAsync(Stream, sequence, Leader, Cancellation)));
        }
        catch (Exception e) when (IsExpected(e))
        {
            ReportOrFail(e, e is NasException { Code: "MessageNotFound" } ? (object)sequence : Stream);
        }
    }

    private void WriteAll(NasStoredMessages messages)
    {
        switch (ParameterSetName)
        {
            case "NextFor":
                Write(Await(messages.GetNextAsync(Stream, NextFor, FromSequence, !Raw, Leader, Cancellation)));
                break;
            case "Last":
                foreach (
                    var message in Await(
                        messages.GetLastMessagesAsync(Stream, Last, Subject, !Raw, Leader, Cancellation)
                    )
                )
                {
                    Write(message);
                }
                break;
            case "LastFor":
                WriteLast(messages);
                break;
            default:
                WriteEach(messages.GetRangeAsync(Stream, Range, Cancellation));
                break;
        }
    }

    private void WriteLast(NasStoredMessages messages)
    {
        var found = new HashSet<string>(StringComparer.Ordinal);
        WriteEach(
            messages.GetLastPerSubjectAsync(Stream, LastFor, ToSequence, Before, !Raw, Leader, Cancellation),
            message => found.Add(message.Topic)
        );
        // A subject without wildcards asks for one message; a pattern may match none.
        foreach (var subject in LastFor.Where(s => s.IndexOfAny(['*', '>']) < 0))
        {
            if (!found.Contains(Nas.ToWireSubject(subject, !Raw)))
            {
                Report(
                    new NasException(
                        NasError.ServerError,
                        $"The stream '{Stream}' has no message on '{Nas.ToWireSubject(subject, !Raw)}'."
                    )
                    {
                        Code = "MessageNotFound",
                    },
                    subject
                );
            }
        }
    }

    private NasMessageRange Range =>
        new()
        {
            Subject = Subject,
            FromSequence = FromSequence,
            ToSequence = ToSequence == 0 ? null : ToSequence,
            Since = Since,
            Count = Count,
            FromLeader = Leader,
            UseNamespace = !Raw,
        };

    private void WriteEach(IAsyncEnumerable<NasMessage> messages, Action<NasMessage>? seen = null)
    {
        foreach (var message in AwaitEach(messages))
        {
            seen?.Invoke(message);
            Write(message);
        }
    }

    private void Write(NasMessage message)
    {
        if (As == NasMessageForm.Message)
        {
            WriteObject(MessageFormat.AsStored(message));
        }
        else
        {
            WriteMessage(message, As, Encoding);
        }
    }
}

using System.Management.Automation;
using System.Text;
using NasPubSub.Completion;
using NasPubSub.Errors;
using NasPubSub.JetStream;
using NasPubSub.Payloads;
using NasPubSub.Receiving;
using NasPubSub.Sessions;

namespace NasPubSub.Commands;

/// <summary>
/// Receive-NasMessage: messages to the pipeline, from a subject, a subscription, a consumer or a stream, until a limit,
/// Ctrl+C, or a cmdlet behind it has enough.
/// </summary>
[Cmdlet(VerbsCommunications.Receive, "NasMessage", DefaultParameterSetName = "Subject")]
[OutputType(typeof(NasMessage), typeof(string), typeof(PSObject), typeof(byte[]))]
public sealed class ReceiveNasMessageCommand : NasJetStreamCmdlet
{
    private IMessageInput? _source;
    private long _received;
    private ReceiveClock _clock = null!;
    private string? _lastSubject;

    /// <summary>What to subscribe to while this cmdlet runs.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = "Subject")]
    [ArgumentCompleter(typeof(SubjectCompleter))]
    [TypedTextTransformation]
    public string Subject { get; set; } = "";

    /// <summary>The subscription to read: first its buffered messages, then new ones.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "Subscription", ValueFromPipeline = true)]
    public NasSubscription Subscription { get; set; } = null!;

    /// <summary>The stream to read, or the stream of the consumer.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "Stream", ValueFromPipelineByPropertyName = true)]
    [Parameter(Mandatory = true, ParameterSetName = "Consumer", ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(StreamCompleter))]
    [TypedTextTransformation]
    public string Stream { get; set; } = "";

    /// <summary>The consumer to read through.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "Consumer", ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(ConsumerCompleter))]
    [TypedTextTransformation]
    public string Consumer { get; set; } = "";

    /// <summary>One member of the group gets each message.</summary>
    [Parameter(ParameterSetName = "Subject")]
    [Alias("Queue")]
    [TypedTextTransformation]
    public string? QueueGroup { get; set; }

    /// <summary>Uses subject and filters unchanged, without the namespace.</summary>
    [Parameter(ParameterSetName = "Subject")]
    [Parameter(ParameterSetName = "Stream")]
    [Alias("NoNamespace")]
    public SwitchParameter Raw { get; set; }

    /// <summary>Acknowledges each message when the pipeline has taken it.</summary>
    [Parameter(ParameterSetName = "Consumer")]
    public SwitchParameter AutoConfirm { get; set; }

    /// <summary>When a message is delivered again whose pipeline failed; at once without it.</summary>
    [Parameter(ParameterSetName = "Consumer")]
    [DurationTransformation]
    public NasDuration? RetryDelay { get; set; }

    /// <summary>Messages to ask the consumer for before they are output.</summary>
    [Parameter(ParameterSetName = "Consumer")]
    [ValidateRange(1, int.MaxValue)]
    public int? Batch { get; set; }

    /// <summary>Bytes to ask the consumer for before they are output, instead of messages.</summary>
    [Parameter(ParameterSetName = "Consumer")]
    [ValidateRange(1, long.MaxValue)]
    public long? MaxBytes { get; set; }

    /// <summary>The priority group of the consumer to read with.</summary>
    [Parameter(ParameterSetName = "Consumer")]
    [TypedTextTransformation]
    public string? Group { get; set; }

    /// <summary>The priority within the group: 0 is served first.</summary>
    [Parameter(ParameterSetName = "Consumer")]
    [ValidateRange(0, 9)]
    public int? Priority { get; set; }

    /// <summary>Reads only if so many messages wait in the stream.</summary>
    [Parameter(ParameterSetName = "Consumer")]
    [ValidateRange(1, long.MaxValue)]
    public long? MinPending { get; set; }

    /// <summary>Reads only if so many messages are not acknowledged.</summary>
    [Parameter(ParameterSetName = "Consumer")]
    [ValidateRange(1, long.MaxValue)]
    public long? MinAckPending { get; set; }

    /// <summary>Begins with this sequence.</summary>
    [Parameter(ParameterSetName = "Stream")]
    public ulong? FromSequence { get; set; }

    /// <summary>Begins with the first message that was stored then or later.</summary>
    [Parameter(ParameterSetName = "Stream")]
    [PointInTimeTransformation]
    public DateTimeOffset? Since { get; set; }

    /// <summary>Begins with the last message.</summary>
    [Parameter(ParameterSetName = "Stream")]
    public SwitchParameter Last { get; set; }

    /// <summary>Begins with the next message to be stored.</summary>
    [Parameter(ParameterSetName = "Stream")]
    public SwitchParameter New { get; set; }

    /// <summary>Begins with the last message of each subject.</summary>
    [Parameter(ParameterSetName = "Stream")]
    public SwitchParameter LastPerSubject { get; set; }

    /// <summary>Only messages whose subject matches one of these.</summary>
    [Parameter(ParameterSetName = "Stream")]
    [ArgumentCompleter(typeof(StreamSubjectCompleter))]
    [ValidateNotNullOrEmpty]
    [TypedTextTransformation]
    public string[] Filter { get; set; } = [];

    /// <summary>Ends when there is nothing more for now.</summary>
    [Parameter(ParameterSetName = "Consumer")]
    [Parameter(ParameterSetName = "Stream")]
    public SwitchParameter NoWait { get; set; }

    /// <summary>Ends after this number of messages.</summary>
    [Parameter]
    [ValidateRange(1, long.MaxValue)]
    public long Count { get; set; }

    /// <summary>Ends after this time.</summary>
    [Parameter]
    [DurationTransformation]
    public NasDuration? Timeout { get; set; }

    /// <summary>Ends when no message has come for this time.</summary>
    [Parameter]
    [DurationTransformation]
    public NasDuration? IdleTimeout { get; set; }

    /// <summary>The whole message, or its payload as text, JSON objects or bytes.</summary>
    [Parameter]
    public NasMessageForm As { get; set; }

    /// <summary>How bytes become text.</summary>
    [Parameter]
    [EncodingTransformation]
    [ArgumentCompleter(typeof(EncodingCompleter))]
    public Encoding Encoding { get; set; } = EncodingTransformationAttribute.Utf8;

    /// <inheritdoc/>
    [Parameter(ParameterSetName = "Consumer")]
    [Parameter(ParameterSetName = "Stream")]
    [TypedTextTransformation]
    public override string? Domain { get; set; }

    private protected override TimeSpan? ConnectLimit => Timeout;

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        _clock = new ReceiveClock(Timeout, IdleTimeout);
        try
        {
            _source = ParameterSetName switch
            {
                "Subject" => Subscribe(),
                "Subscription" => Take(Subscription),
                "Consumer" => OpenConsumer(),
                _ => OpenStream(),
            };
            Read(_source);
            End();
            ReportDenials();
        }
        catch (Exception e) when (IsExpected(e))
        {
            FailOrReport(e);
        }
        finally
        {
            End();
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            End();
        }

        base.Dispose(disposing);
    }

    private SubscriptionInput Subscribe() =>
        new(
            Await(
                cancel => Nas.SubscribeAsync(Subject, null, QueueGroup, !Raw, null, Count, cancel),
                Timeout,
                $"The server did not confirm the subscription to '{Nas.ToWireSubject(Subject, !Raw)}'"
            ),
            isOwn: true
        );

    private SubscriptionInput Take(NasSubscription subscription)
    {
        Use(subscription.Connection);
        return new SubscriptionInput(subscription, isOwn: false);
    }

    private ConsumerInput OpenConsumer()
    {
        var jetStream = JetStream;
        var options = new NasReadOptions
        {
            Batch = Batch,
            MaxBytes = MaxBytes ?? 0,
            Count = Count,
            NoWait = NoWait,
            Group = Group,
            Priority = Priority,
            MinPending = MinPending ?? 0,
            MinAckPending = MinAckPending ?? 0,
        };
        var store = SessionStore.Current;
        return Await(
            cancel =>
                ConsumerInput.OpenAsync(
                    jetStream,
                    Stream,
                    Consumer,
                    options,
                    AutoConfirm,
                    RetryDelay?.Whole,
                    store,
                    Cancellation,
                    cancel
                ),
            Timeout,
            $"JetStream did not answer for the consumer '{Consumer}' of '{Stream}'"
        );
    }

    private StreamInput OpenStream()
    {
        var jetStream = JetStream;
        var options = new NasOrderedOptions
        {
            Filters = Filter,
            UseNamespace = !Raw,
            FromSequence = FromSequence,
            Since = Since,
            Last = Last,
            New = New,
            LastPerSubject = LastPerSubject,
            NoWait = NoWait,
            Count = Count,
        };
        return Await(
            cancel => StreamInput.OpenAsync(jetStream, Stream, options, cancel),
            Timeout,
            $"JetStream did not answer for the stream '{Stream}'"
        );
    }

    private void Read(IMessageInput source)
    {
        var progress = new ReceiveProgress($"Receiving {source.Title}", Count);
        _received = 0;
        _clock.Begin();
        var batch = new NasMessage[source.Batch];
        while (Count == 0 || _received < Count)
        {
            var taken = source.Read(batch, _clock.NextWait, Cancellation);
            WriteWarnings(source);
            for (var i = 0; i < taken && (Count == 0 || _received < Count); i++)
            {
                if (source.ReturnsRest && _clock.IsPast)
                {
                    break;
                }

                LastAtHand.IsOutput = i == taken - 1 && source.IsDrained(taken);
                Write(source, batch[i]);
            }

            if (Count > 0 && progress.TryShow(_clock.Elapsed, _received, out var shown))
            {
                WriteProgress(shown);
            }

            if (taken == 0 && source.IsCompleted)
            {
                ReportEnd(source);
                break;
            }
            if (_clock.IsOver(taken))
            {
                if (_received < Count)
                {
                    WriteError(
                        NasErrorRecord.TimedOut(
                            $"{_received} of {Count} messages {source.Name} came in time.",
                            source.Target,
                            "Increase -Timeout or -IdleTimeout."
                        )
                    );
                }

                break;
            }
        }
        if (progress.TryEnd(out var last))
        {
            WriteProgress(last);
        }
    }

    private void Write(IMessageInput source, NasMessage message)
    {
        _received++;
        if (!ReferenceEquals(message.Subject, _lastSubject))
        {
            SeenSubjects.Add(source.Connection, _lastSubject = message.Subject);
        }

        bool isWritten;
        var outer = source.Held?.Begin(message);
        try
        {
            isWritten = WriteMessage(message, As, Encoding);
        }
        catch (Exception e)
        {
            source.OnEnded(message, PipelineEnd.HasTaken(e, CommandRuntime));
            throw;
        }
        finally
        {
            source.Held?.End(outer);
            LastAtHand.IsOutput = false;
        }
        if (isWritten)
        {
            source.OnTaken(message);
        }
        else
        {
            source.OnRefused(message);
        }
    }

    private void WriteWarnings(IMessageInput source)
    {
        WriteWarnings();
        while (source.TryTakeWarning(out var warning))
        {
            WriteWarning(warning);
        }
    }

    private void ReportEnd(IMessageInput source)
    {
        if (source.Error is { } error)
        {
            Report(error, source.Target);
        }
        else if (Count > 0 && !source.MayEndEarly && source.Target is NasSubscription subscription)
        {
            WriteError(NasErrorRecord.EndedEarly(subscription, _received, Count));
        }
    }

    /// <summary>The pipeline may name other consumers and streams that are there.</summary>
    private void FailOrReport(Exception error)
    {
        if (Stream.Length == 0)
        {
            Fail(error, ParameterSetName == "Subject" ? Subject : Subscription);
        }
        ReportOrFail(error, ParameterSetName == "Consumer" ? $"{Stream}/{Consumer}" : Stream);
    }

    private void End()
    {
        var source = _source;
        _source = null;
        source?.Dispose();
    }
}

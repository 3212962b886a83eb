using System.Management.Automation;
using System.Text;
using NasPubSub.Completion;
using NasPubSub.Errors;
using NasPubSub.Payloads;

namespace NasPubSub.Commands;

/// <summary>
/// Receive-NasMessage: messages to the pipeline, until a limit, Ctrl+C, or a cmdlet behind it has enough.
/// </summary>
[Cmdlet(VerbsCommunications.Receive, "NasMessage", DefaultParameterSetName = "Subject")]
[OutputType(typeof(NasMessage), typeof(string), typeof(PSObject), typeof(byte[]))]
public sealed class ReceiveNasMessageCommand : NasSessionCmdlet
{
    private const int Batch = 256;
    private static readonly TimeSpan FirstShown = TimeSpan.FromSeconds(1);

    private NasSubscription? _own,
        _claimed;
    private long _received;
    private ReceiveClock _clock = null!;
    private string? _lastSubject;
    private ProgressRecord? _progress;
    private TimeSpan _shown;

    /// <summary>What to subscribe to while this cmdlet runs.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = "Subject")]
    [ArgumentCompleter(typeof(SubjectCompleter))]
    [TypedTextTransformation]
    public string Subject { get; set; } = "";

    /// <summary>The subscription to read: first its buffered messages, then new ones.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "Subscription", ValueFromPipeline = true)]
    public NasSubscription Subscription { get; set; } = null!;

    /// <summary>One member of the group gets each message.</summary>
    [Parameter(ParameterSetName = "Subject")]
    [Alias("Queue")]
    [TypedTextTransformation]
    public string? QueueGroup { get; set; }

    /// <summary>Uses the subject unchanged, without the namespace.</summary>
    [Parameter(ParameterSetName = "Subject")]
    [Alias("NoNamespace")]
    public SwitchParameter Raw { get; set; }

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

    private protected override TimeSpan? ConnectLimit => Timeout;

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        _clock = new ReceiveClock(Timeout, IdleTimeout);
        try
        {
            if (ParameterSetName == "Subject")
            {
                Subscription = _own = Await(
                    cancel => Nas.SubscribeAsync(Subject, null, QueueGroup, !Raw, null, Count, cancel),
                    Timeout,
                    $"The server did not confirm the subscription to '{Nas.ToWireSubject(Subject, !Raw)}'"
                );
            }
            else
            {
                Use(Subscription.Connection);
            }
            _claimed = Subscription;
            Subscription.Connection.Denials.Claiming += Claims;
            Read(Subscription);
        }
        catch (Exception e) when (IsExpected(e))
        {
            Fail(e, ParameterSetName == "Subject" ? Subject : Subscription);
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

    private void Read(NasSubscription subscription)
    {
        // Nothing is shown in the first second.
        _shown = FirstShown - ReceiveClock.Slice;
        _received = 0;
        _clock.Begin();
        // Messages are taken one at a time: a message taken from another owner's subscription is always returned.
        var batch = new NasMessage[_own is null ? 1 : Batch];
        while (Count == 0 || _received < Count)
        {
            var taken = subscription.Read(batch, _clock.NextWait, Cancellation);
            WriteWarnings();
            for (var i = 0; i < taken && (Count == 0 || _received < Count); i++)
            {
                Write(batch[i]);
            }

            if (Count > 0)
            {
                ShowProgress();
            }

            if (taken == 0 && subscription.IsCompleted)
            {
                if (subscription.Error is { } error)
                {
                    Report(error, subscription);
                }
                else if (Count > 0)
                {
                    WriteError(NasErrorRecord.EndedEarly(subscription, _received, Count));
                }

                break;
            }
            if (_clock.IsOver(taken))
            {
                if (_received < Count)
                {
                    WriteError(
                        NasErrorRecord.TimedOut(
                            $"{_received} of {Count} messages on '{subscription.Topic}' came in time.",
                            subscription,
                            "Increase -Timeout or -IdleTimeout."
                        )
                    );
                }

                break;
            }
        }
        EndProgress();
    }

    private void Write(NasMessage message)
    {
        _received++;
        if (!ReferenceEquals(message.Subject, _lastSubject))
        {
            SeenSubjects.Add(Subscription.Connection, _lastSubject = message.Subject);
        }

        WriteMessage(message, As, Encoding);
    }

    private void ShowProgress()
    {
        if (_clock.Elapsed - _shown < ReceiveClock.Slice)
        {
            return;
        }

        _shown = _clock.Elapsed;
        _progress ??= new ProgressRecord(1, $"Receiving {Subscription.Subject}", " ");
        _progress.StatusDescription = $"{_received:N0} of {Count:N0} messages";
        _progress.PercentComplete = (int)(100.0 * _received / Count);
        WriteProgress(_progress);
    }

    private void EndProgress()
    {
        if (_progress is null)
        {
            return;
        }

        _progress.RecordType = ProgressRecordType.Completed;
        WriteProgress(_progress);
        _progress = null;
    }

    /// <summary>The end of the subscription is an error of this cmdlet.</summary>
    private bool Claims(NasException error, NasSubscription? subscription) =>
        subscription is not null && subscription == _claimed;

    private void End()
    {
        if (_claimed is not null)
        {
            _claimed.Connection.Denials.Claiming -= Claims;
        }

        _claimed = null;
        if (_own is null)
        {
            return;
        }

        _own.Unsubscribe();
        _own = null;
    }
}

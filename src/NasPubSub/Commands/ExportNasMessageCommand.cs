using System.Diagnostics;
using System.Management.Automation;
using NasPubSub.Completion;
using NasPubSub.Daemon;
using NasPubSub.Errors;
using NasPubSub.JetStream;
using NasPubSub.Payloads;
using NasPubSub.Receiving;
using NasPubSub.Recording;

namespace NasPubSub.Commands;

/// <summary>
/// Export-NasMessage: records what subjects carry, the messages of a stream, or those of the pipeline. However it ends,
/// what it received is in the file, and the file is whole.
/// </summary>
[Cmdlet(VerbsData.Export, "NasMessage", DefaultParameterSetName = "Subject", SupportsShouldProcess = true)]
[OutputType(typeof(NasMessage))]
public sealed class ExportNasMessageCommand : NasRecordingCmdlet
{
    private const int Batch = 256;

    /// <summary>How long the end may take: a stopped cmdlet is over within a second.</summary>
    private static readonly TimeSpan EndLimit = TimeSpan.FromMilliseconds(500);

    private readonly SubjectFeed _feed = new();
    private readonly CustomObjectMembers _members = new();

    /// <summary>What to subscribe to while this cmdlet runs.</summary>
    [Parameter(Mandatory = true, Position = 1, ParameterSetName = "Subject")]
    [ArgumentCompleter(typeof(SubjectCompleter))]
    [TypedTextTransformation]
    [ValidateNotNullOrEmpty]
    public string[] Subject { get; set; } = [];

    /// <summary>The stream whose messages to record.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "Stream")]
    [ArgumentCompleter(typeof(StreamCompleter))]
    [TypedTextTransformation]
    [ValidateNotNullOrEmpty]
    public string Stream { get; set; } = "";

    /// <summary>Only messages of the stream with this subject.</summary>
    [Parameter(ParameterSetName = "Stream")]
    [ArgumentCompleter(typeof(StreamSubjectCompleter))]
    [TypedTextTransformation]
    [ValidateNotNullOrEmpty]
    public string? Filter { get; set; }

    /// <summary>Begins with this sequence.</summary>
    [Parameter(ParameterSetName = "Stream")]
    public ulong FromSequence { get; set; } = 1;

    /// <summary>Begins with the first message that was stored then or later.</summary>
    [Parameter(ParameterSetName = "Stream")]
    [PointInTimeTransformation]
    public DateTimeOffset? Since { get; set; }

    /// <summary>Messages to record.</summary>
    [Parameter(Mandatory = true, ValueFromPipeline = true, ParameterSetName = "Message")]
    [Alias("Message")]
    [ValidateNotNull]
    public object InputObject { get; set; } = null!;

    /// <summary>Ends after this number of messages.</summary>
    [Parameter(ParameterSetName = "Subject")]
    [Parameter(ParameterSetName = "Stream")]
    [ValidateRange(1, long.MaxValue)]
    public long Count { get; set; }

    /// <summary>Ends after this time.</summary>
    [Parameter(ParameterSetName = "Subject")]
    [DurationTransformation]
    public NasDuration? Timeout { get; set; }

    /// <summary>Ends when no message has come for this time.</summary>
    [Parameter(ParameterSetName = "Subject")]
    [DurationTransformation]
    public NasDuration? IdleTimeout { get; set; }

    /// <summary>Messages that wait to be written.</summary>
    [Parameter(ParameterSetName = "Subject")]
    [ValidateRange(1, int.MaxValue)]
    public int? MaxPendingMessages { get; set; }

    /// <summary>Bytes that wait to be written.</summary>
    [Parameter(ParameterSetName = "Subject")]
    [ValidateRange(1, long.MaxValue)]
    public long? MaxPendingBytes { get; set; }

    private protected override TimeSpan? ConnectLimit => Timeout;

    private protected override object? Target =>
        ParameterSetName switch
        {
            "Subject" => Subject,
            "Stream" => Stream,
            _ => InputObject,
        };

    private protected override void Record()
    {
        switch (ParameterSetName)
        {
            case "Subject":
                RecordSubjects();
                break;
            case "Stream":
                RecordStream();
                break;
            default:
                RecordInput();
                break;
        }
    }

    private void RecordInput()
    {
        try
        {
            if (MessageRecord.ToMessage(InputObject, _members) is not { } message)
            {
                WriteError(NasErrorRecord.InvalidMessage(InputObject));
                return;
            }
            var writer = Open();
            writer.Write(message);
            if (LastAtHand.IsOutput)
            {
                writer.Flush();
            }
        }
        catch (NasException e)
        {
            Report(e, new FailedPayload(InputObject));
            return;
        }
        ShowProgress(0);
        if (PassThru)
        {
            WriteObject(InputObject);
        }
    }

    /// <summary>Up to the message that is the last one now.</summary>
    private void RecordStream()
    {
        var range = new NasMessageRange
        {
            Subject = Filter,
            UseNamespace = !Raw,
            FromSequence = FromSequence,
            Since = Since,
            Count = Count == 0 ? null : Count,
        };
        foreach (var message in AwaitEach(JetStream.Messages.GetRangeAsync(Stream, range, Cancellation)))
        {
            // Only now: a recording that cannot begin replaces no other.
            Open().Write(message);
            ShowProgress(Count);
            if (PassThru)
            {
                WriteObject(message);
            }
        }
    }

    private void RecordSubjects()
    {
        var clock = new ReceiveClock(Timeout, IdleTimeout);
        var defaults = Nas.Options.Subscriptions;
        var limits = defaults with
        {
            MaxPendingMessages = MaxPendingMessages ?? defaults.MaxPendingMessages,
            MaxPendingBytes = MaxPendingBytes ?? defaults.MaxPendingBytes,
        };
        foreach (var subject in Subject.Distinct(StringComparer.Ordinal))
        {
            _feed.Add(
                Await(
                    cancel => Nas.SubscribeAsync(subject, null, null, !Raw, limits, cancel: cancel),
                    Timeout,
                    $"The server did not confirm the subscription to '{Nas.ToWireSubject(subject, !Raw)}'"
                )
            );
        }
        var reader = _feed.Begin();
        // Only now: a recording that cannot begin replaces no other.
        var writer = Open();
        bool isEnded;
        using (var stop = new StopRequest(takesInterrupt: false, EndLimit))
        {
            isEnded = Read(reader, writer, clock, stop.Made);
            End();
        }

        ReportEnd(isEnded);
    }

    /// <param name="reader">What the subscriptions receive.</param>
    /// <param name="writer">The file.</param>
    /// <param name="clock">When it ends by time.</param>
    /// <param name="stop">Completes when the process is asked to stop.</param>
    /// <returns>Did it end before its limits?</returns>
    private bool Read(MergedReader reader, RecordingWriter writer, ReceiveClock clock, Task stop)
    {
        var batch = new NasMessage[Batch];
        clock.Begin();
        while (Count == 0 || writer.Count < Count)
        {
            var taken = reader.Read(batch, clock.NextWait, Cancellation);
            var written = WriteAll(writer, batch, taken);
            WriteWarnings();
            ShowProgress(Count);
            for (var i = 0; PassThru && i < written; i++)
            {
                WriteObject(batch[i]);
            }

            if (taken == 0)
            {
                writer.Flush();
            }

            if (stop.IsCompleted || (taken == 0 && reader.IsCompleted))
            {
                return true;
            }

            if (clock.IsOver(taken))
            {
                return false;
            }
        }
        return false;
    }

    /// <summary>All of them before anything else can end the cmdlet.</summary>
    private int WriteAll(RecordingWriter writer, NasMessage[] batch, int count)
    {
        var written = 0;
        while (written < count && (Count == 0 || writer.Count < Count))
        {
            writer.Write(batch[written++]);
        }

        return written;
    }

    private void ReportEnd(bool isEnded)
    {
        var failed = _feed.Failed;
        foreach (var subscription in failed)
        {
            Report(subscription.Error!, subscription);
        }

        var subjects = _feed.Topics;
        if (_feed.Dropped is var dropped and > 0)
        {
            var text = $"{dropped} messages on '{subjects}' came faster than they could be recorded, and were dropped.";
            Report(new NasException(NasError.SlowConsumer, text), FilePath);
        }

        if (Recorded >= Count || failed.Count > 0)
        {
            return;
        }

        WriteError(
            isEnded
                ? NasErrorRecord.EndedEarly(_feed.First, Recorded, Count)
                : NasErrorRecord.TimedOut(
                    $"{Recorded} of {Count} messages on '{subjects}' came in time.",
                    _feed.First,
                    "Increase -Timeout or -IdleTimeout."
                )
        );
    }

    /// <summary>Ends the subscriptions.</summary>
    private protected override void Ending() => _feed.Unsubscribe();

    /// <summary>Records the messages that have arrived.</summary>
    private protected override void RecordRest(RecordingWriter writer)
    {
        if (_feed.Reader is not { } reader)
        {
            return;
        }

        var batch = new NasMessage[Batch];
        var limit = Stopwatch.StartNew();
        while ((Count == 0 || writer.Count < Count) && !reader.IsCompleted && limit.Elapsed < EndLimit)
        {
            WriteAll(writer, batch, reader.Read(batch, EndLimit, CancellationToken.None));
        }
    }
}

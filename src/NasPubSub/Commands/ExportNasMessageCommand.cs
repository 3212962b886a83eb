using System.Diagnostics;
using System.Management.Automation;
using NasPubSub.Completion;
using NasPubSub.Daemon;
using NasPubSub.Errors;
using NasPubSub.Payloads;
using NasPubSub.Recording;

namespace NasPubSub.Commands;

/// <summary>
/// Export-NasMessage: records what subjects carry, or the messages of the pipeline. However it ends, what it received
/// is in the file, and the file is whole.
/// </summary>
[Cmdlet(VerbsData.Export, "NasMessage", DefaultParameterSetName = "Subject", SupportsShouldProcess = true)]
[OutputType(typeof(NasMessage))]
public sealed class ExportNasMessageCommand : NasSessionCmdlet
{
    private const int Batch = 256;

    /// <summary>How long the end may take: a stopped cmdlet is over within a second.</summary>
    private static readonly TimeSpan EndLimit = TimeSpan.FromMilliseconds(500);

    private readonly List<NasSubscription> _subscriptions = [];
    private readonly CustomObjectMembers _members = new();
    private MergedReader? _reader;
    private RecordingWriter? _writer;
    private CountProgress? _progress;
    private string _path = "";
    private bool _isDeclined,
        _isOpened;
    private long _recorded;

    /// <summary>The file.</summary>
    [Parameter(Mandatory = true, Position = 0)]
    [Alias("LiteralPath", "FilePath", "PSPath")]
    [TypedTextTransformation]
    [ValidateNotNullOrEmpty]
    public string Path { get; set; } = "";

    /// <summary>What to subscribe to while this cmdlet runs.</summary>
    [Parameter(Mandatory = true, Position = 1, ParameterSetName = "Subject")]
    [ArgumentCompleter(typeof(SubjectCompleter))]
    [TypedTextTransformation]
    [ValidateNotNullOrEmpty]
    public string[] Subject { get; set; } = [];

    /// <summary>Messages to record.</summary>
    [Parameter(Mandatory = true, ValueFromPipeline = true, ParameterSetName = "Message")]
    [Alias("Message")]
    [ValidateNotNull]
    public object InputObject { get; set; } = null!;

    /// <summary>Ends after this number of messages.</summary>
    [Parameter(ParameterSetName = "Subject")]
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

    /// <summary>The subjects as they stand, without the namespace, and recorded so.</summary>
    [Parameter]
    [Alias("NoNamespace")]
    public SwitchParameter Raw { get; set; }

    /// <summary>Appends to the file.</summary>
    [Parameter]
    public SwitchParameter Append { get; set; }

    /// <summary>Writes to a read-only file, too.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <summary>Leaves a file alone that exists.</summary>
    [Parameter]
    [Alias("NoOverwrite")]
    public SwitchParameter NoClobber { get; set; }

    /// <summary>Passes on the messages that were recorded.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    private protected override TimeSpan? ConnectLimit => Timeout;

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        _path = FullPath(Path);
        if (NoClobber && !Append && File.Exists(_path))
        {
            ThrowTerminatingError(NasErrorRecord.RecordingExists(_path));
        }

        _isDeclined = !ShouldProcess(_path, "Record messages");
    }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (_isDeclined)
        {
            return;
        }

        Guarded(() =>
        {
            if (ParameterSetName == "Subject")
            {
                RecordSubjects();
            }
            else
            {
                RecordInput();
            }
        });
    }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        if (_isDeclined)
        {
            return;
        }

        Guarded(() =>
        {
            // An empty pipeline makes an empty recording.
            Open();
            End();
            WriteVerbose($"{_recorded} messages were recorded in {_path}.");
        });
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            try
            {
                End();
            }
            catch (Exception e) when (IsFileError(e))
            {
                // The pipeline has ended, so the error cannot be reported.
            }
        }

        base.Dispose(disposing);
    }

    private void Guarded(Action work)
    {
        try
        {
            work();
        }
        catch (Exception e) when (IsExpected(e))
        {
            Fail(e, ParameterSetName == "Subject" ? Subject : InputObject);
        }
        catch (Exception e) when (IsFileError(e))
        {
            ThrowTerminatingError(NasErrorRecord.RecordingFailed(_path, e));
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
            Open();
            _writer!.Write(message);
        }
        catch (NasException e)
        {
            Report(e, new FailedPayload(InputObject));
            return;
        }
        if (_progress?.Update(_writer.Count, -1) is { } progress)
        {
            WriteProgress(progress);
        }

        if (PassThru)
        {
            WriteObject(InputObject);
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
            _subscriptions.Add(
                Await(
                    cancel => Nas.SubscribeAsync(subject, null, null, !Raw, limits, cancel: cancel),
                    Timeout,
                    $"The server did not confirm the subscription to '{Nas.ToWireSubject(subject, !Raw)}'"
                )
            );
        }
        Nas.Denials.Claiming += Claims;
        // Only now: a recording that cannot begin replaces no other.
        Open();
        _reader = new MergedReader(_subscriptions);
        bool isEnded;
        using (var stop = new StopRequest(takesInterrupt: false, EndLimit))
        {
            isEnded = Read(_reader, clock, stop.Made);
            End();
        }

        ReportEnd(isEnded);
    }

    /// <param name="reader">What the subscriptions receive.</param>
    /// <param name="clock">When it ends by time.</param>
    /// <param name="stop">Completes when the process is asked to stop.</param>
    /// <returns>Did it end before its limits?</returns>
    private bool Read(MergedReader reader, ReceiveClock clock, Task stop)
    {
        var batch = new NasMessage[Batch];
        clock.Begin();
        while (Count == 0 || _writer!.Count < Count)
        {
            var taken = reader.Read(batch, clock.NextWait, Cancellation);
            var written = WriteAll(batch, taken);
            WriteWarnings();
            var percent = Count > 0 ? (int)(100.0 * _writer!.Count / Count) : -1;
            if (_progress!.Update(_writer!.Count, percent) is { } progress)
            {
                WriteProgress(progress);
            }

            for (var i = 0; PassThru && i < written; i++)
            {
                WriteObject(batch[i]);
            }

            if (taken == 0)
            {
                _writer.Flush();
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
    private int WriteAll(NasMessage[] batch, int count)
    {
        var written = 0;
        while (written < count && (Count == 0 || _writer!.Count < Count))
        {
            _writer!.Write(batch[written++]);
        }

        return written;
    }

    private void ReportEnd(bool isEnded)
    {
        foreach (var failed in _subscriptions.Where(s => s.Error is not null))
        {
            Report(failed.Error!, failed);
        }

        var subjects = string.Join("', '", _subscriptions.Select(s => s.Topic));
        var dropped = _subscriptions.Sum(s => s.Dropped);
        if (dropped > 0)
        {
            var text = $"{dropped} messages on '{subjects}' came faster than they could be recorded, and were dropped.";
            Report(new NasException(NasError.SlowConsumer, text), _path);
        }

        if (_recorded >= Count || _subscriptions.Any(s => s.Error is not null))
        {
            return;
        }

        WriteError(
            isEnded
                ? NasErrorRecord.EndedEarly(_subscriptions[0], _recorded, Count)
                : NasErrorRecord.TimedOut(
                    $"{_recorded} of {Count} messages on '{subjects}' came in time.",
                    _subscriptions[0],
                    "Increase -Timeout or -IdleTimeout."
                )
        );
    }

    private void Open()
    {
        if (_isOpened)
        {
            return;
        }
        _isOpened = true;
        _writer = new RecordingWriter(_path, Append, Force, Raw);
        _progress = new CountProgress($"Recording to {_path}");
    }

    /// <summary>Ends the subscriptions, records the messages that have arrived, and closes the file.</summary>
    private void End()
    {
        Unsubscribe();
        if (_writer is null)
        {
            return;
        }

        try
        {
            RecordRest();
        }
        finally
        {
            _recorded = _writer.Count;
            var writer = _writer;
            _writer = null;
            writer.Dispose();
        }
        if (!Cancellation.IsCancellationRequested && _progress?.End() is { } progress)
        {
            WriteProgress(progress);
        }
    }

    private void Unsubscribe()
    {
        foreach (var subscription in _subscriptions)
        {
            subscription.Unsubscribe();
            subscription.Connection.Denials.Claiming -= Claims;
        }
    }

    private void RecordRest()
    {
        if (_reader is not { } reader)
        {
            return;
        }

        var batch = new NasMessage[Batch];
        var limit = Stopwatch.StartNew();
        while ((Count == 0 || _writer!.Count < Count) && !reader.IsCompleted && limit.Elapsed < EndLimit)
        {
            WriteAll(batch, reader.Read(batch, EndLimit, CancellationToken.None));
        }
    }

    /// <summary>The end of a recorded subscription is an error of this cmdlet.</summary>
    private bool Claims(NasException error, NasSubscription? subscription) =>
        subscription is not null && _subscriptions.Contains(subscription);

    private static bool IsFileError(Exception error) =>
        error is IOException or UnauthorizedAccessException or NotSupportedException or ArgumentException;
}

using System.Management.Automation;
using System.Text.RegularExpressions;
using NasPubSub.Completion;
using NasPubSub.Errors;
using NasPubSub.JetStream;
using NasPubSub.Payloads;
using NasPubSub.Recording;
using NasPubSub.Sessions;

namespace NasPubSub.Commands;

/// <summary>Copy-NasStream: copies the messages of a stream to another stream, here or on another server.</summary>
[Cmdlet(VerbsCommon.Copy, "NasStream", SupportsShouldProcess = true)]
[OutputType(typeof(NasCopyResult))]
public sealed class CopyNasStreamCommand : NasJetStreamCmdlet
{
    private SubjectMap _map = null!;
    private MessageScript? _script;

    /// <summary>The stream to copy.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipelineByPropertyName = true)]
    [Alias("Name")]
    [ArgumentCompleter(typeof(StreamCompleter))]
    [TypedTextTransformation]
    [ValidateNotNullOrEmpty]
    public string Stream { get; set; } = "";

    /// <summary>A stream from the pipeline: it is copied from where it was found.</summary>
    [Parameter(ValueFromPipeline = true, DontShow = true)]
    public NasStream? InputObject { get; set; }

    /// <summary>The name of the destination; without it that of the stream.</summary>
    [Parameter(Position = 1, ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(StreamCompleter))]
    [TypedTextTransformation]
    [ValidateNotNullOrEmpty]
    public string? Destination { get; set; }

    /// <summary>The session of the destination; without it that of the stream.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(SessionCompleter))]
    [ValidateNotNull]
    public object? DestinationConnection { get; set; }

    /// <summary>The JetStream domain of the destination.</summary>
    [Parameter]
    [TypedTextTransformation]
    public string? DestinationDomain { get; set; }

    /// <summary>Copies only messages of this subject.</summary>
    [Parameter]
    [ArgumentCompleter(typeof(StreamSubjectCompleter))]
    [TypedTextTransformation]
    [ValidateNotNullOrEmpty]
    public string? Filter { get; set; }

    /// <summary>New subjects: a hashtable, a regular expression and its replacement, or a script block.</summary>
    [Parameter]
    [ValidateNotNull]
    public object? MapSubject { get; set; }

    /// <summary>Returns what is copied instead of each message.</summary>
    [Parameter]
    [Alias("ScriptBlock")]
    [ValidateNotNull]
    public ScriptBlock? Process { get; set; }

    /// <summary>The subjects of a destination that is made.</summary>
    [Parameter]
    [Alias("Subjects")]
    [TypedTextTransformation]
    [ValidateNotNullOrEmpty]
    public string[]? Subject { get; set; }

    /// <summary>Filter and subjects as they stand, without the namespace.</summary>
    [Parameter]
    [Alias("NoNamespace")]
    public SwitchParameter Raw { get; set; }

    /// <summary>Messages that wait for their acknowledgement at most.</summary>
    [Parameter]
    [ValidateRange(1, 100_000)]
    public int Window { get; set; } = 1000;

    /// <summary>How long to try to store a message.</summary>
    [Parameter]
    [DurationTransformation]
    public NasDuration? Timeout { get; set; }

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        try
        {
            _map = new SubjectMap(MapSubject);
        }
        catch (PSArgumentException e)
        {
            ThrowTerminatingError(
                NasErrorRecord.InvalidArgument(
                    e.Message,
                    MapSubject,
                    "Such as -MapSubject @{ 'orders.>' = 'copy.orders.>' }, '^orders', 'copy', or { \"copy.$($_.Subject)\" }."
                )
            );
        }
        if (MapSubject is not null || Process is not null)
        {
            _script = new MessageScript(_map, Process, Cancellation);
        }
    }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        var name = Destination ?? Stream;
        try
        {
            var source = JetStreamOf(InputObject);
            var target = FindDestination(source);
            if (!ShouldProcess(Where(target, name), $"Copy the messages of the stream {Stream}"))
            {
                return;
            }
            Copy(source, target);
        }
        catch (Exception e) when (IsExpected(e))
        {
            ReportOrFail(e, Stream);
        }
        catch (Exception e)
            when (e is RuntimeException and not PipelineStoppedException or RegexMatchTimeoutException)
        {
            WriteError(TransferErrors.ScriptFailed(Stream, e, _script?.Current));
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _script?.Dispose();
        }
        base.Dispose(disposing);
    }

    private void Copy(NasJetStream source, NasJetStream target)
    {
        var options = new NasCopyOptions
        {
            Destination = Destination,
            Subjects = Subject ?? MappedSubjects(source),
            Filter = Filter,
            UseNamespace = !Raw,
            Transform = _script is null ? null : _script.CallAsync,
            MaxPending = Window,
        };
        if (Timeout is { } timeout)
        {
            options = options with { Timeout = timeout };
        }
        var shown = new CountProgress($"Copying {Stream}");
        var progress = new Latest();
        var task = source.CopyStreamAsync(Stream, target, options, progress, Cancellation);
        try
        {
            _script?.RunUntil(task, () => Show(shown, progress), WriteWarning);
            WriteObject(Await(task, () => Show(shown, progress)));
        }
        finally
        {
            if (!Cancellation.IsCancellationRequested && shown.End() is { } end)
            {
                WriteProgress(end);
            }
        }
    }

    private void Show(CountProgress shown, Latest latest)
    {
        var (read, total) = latest.Value;
        if (shown.Update(read, total > 0 ? (int)(100.0 * read / total) : -1) is { } record)
        {
            WriteProgress(record);
        }
        WriteWarnings();
    }

    /// <summary>
    /// The subjects of the stream, mapped as its messages are, for a destination that does not exist yet.
    /// </summary>
    private IReadOnlyList<string>? MappedSubjects(NasJetStream source) =>
        MapSubject is null || MapSubject.Unwrap() is ScriptBlock
            ? null
            : [.. Await(source.Streams.GetAsync(Stream, cancel: Cancellation)).Subjects.Select(_map.MapPattern)];

    private NasJetStream FindDestination(NasJetStream source)
    {
        if (DestinationConnection is null && DestinationDomain is null)
        {
            return source;
        }
        var connection = DestinationConnection is null ? source.Connection : FindConnection(DestinationConnection);
        var options = Session.Of(connection).JetStream;
        return new NasJetStream(
            connection,
            DestinationDomain is null ? options : options with { Domain = DestinationDomain, ApiPrefix = null }
        );
    }

    private NasConnection FindConnection(object given)
    {
        switch (TypedText.OrValue(given))
        {
            case NasConnection connection:
                return connection;
            case string name when SessionStore.Current.Find(name)?.Connection is { } found:
                return found;
            case string name:
                ThrowTerminatingError(NasErrorRecord.SessionNotFound(name, SessionStore.Current.IsElsewhere(name)));
                break;
            default:
                ThrowTerminatingError(
                    NasErrorRecord.InvalidArgument(
                        "-DestinationConnection takes a connection or a session's name.",
                        given,
                        "Get-NasConnection lists the sessions."
                    )
                );
                break;
        }
        throw new PipelineStoppedException();
    }

    private static string Where(NasJetStream target, string name) => $"{name} on {target.Connection.Server}";

    /// <summary>How far it is, told by another thread.</summary>
    private sealed class Latest : IProgress<NasCopyProgress>
    {
        private long _read,
            _total;

        public (long Read, long Total) Value => (Interlocked.Read(ref _read), Interlocked.Read(ref _total));

        public void Report(NasCopyProgress value)
        {
            Interlocked.Exchange(ref _read, value.Read);
            Interlocked.Exchange(ref _total, value.Total);
        }
    }
}

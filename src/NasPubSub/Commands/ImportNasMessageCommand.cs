using System.Management.Automation;
using System.Text;
using System.Text.RegularExpressions;
using NasPubSub.Completion;
using NasPubSub.Errors;
using NasPubSub.Payloads;
using NasPubSub.Recording;

namespace NasPubSub.Commands;

/// <summary>Import-NasMessage: sends recorded messages again, to streams where wanted, or outputs them.</summary>
[Cmdlet(VerbsData.Import, "NasMessage", DefaultParameterSetName = "Publish", SupportsShouldProcess = true)]
[OutputType(typeof(NasMessage))]
public sealed class ImportNasMessageCommand : NasJetStreamCmdlet
{
    private static readonly TimeSpan Slice = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan Shortest = TimeSpan.FromMilliseconds(1);

    private NasConnection? _connection;
    private SubjectMap _map = null!;
    private NasPublisher? _publisher;
    private StreamReplay? _replay;
    private CountProgress _progress = null!;
    private RecordingReader _reader = null!;
    private string _path = "";
    private long _count;

    /// <summary>The files.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true, ValueFromPipelineByPropertyName = true)]
    [Alias("LiteralPath", "FilePath", "PSPath", "FullName")]
    [TypedTextTransformation]
    [ValidateNotNullOrEmpty]
    public string[] Path { get; set; } = [];

    /// <summary>1 keeps the recorded pace, 10 is ten times as fast, Max waits for nothing.</summary>
    [Parameter(ParameterSetName = "Publish")]
    [ReplaySpeedTransformation]
    [ArgumentCompleter(typeof(ReplaySpeedCompleter))]
    public double Speed { get; set; } = 1;

    /// <summary>New subjects: a hashtable, a regular expression and its replacement, or a script block.</summary>
    [Parameter]
    [ValidateNotNull]
    public object? MapSubject { get; set; }

    /// <summary>The subjects as they stand, without the namespace.</summary>
    [Parameter(ParameterSetName = "Publish")]
    [Alias("NoNamespace")]
    public SwitchParameter Raw { get; set; }

    /// <summary>The stream that is to store the messages.</summary>
    [Parameter(ParameterSetName = "Publish")]
    [ArgumentCompleter(typeof(StreamCompleter))]
    [TypedTextTransformation]
    [ValidateNotNullOrEmpty]
    public string? Stream { get; set; }

    /// <summary>Waits until the streams of the subjects have stored the messages.</summary>
    [Parameter(ParameterSetName = "Publish")]
    public SwitchParameter Acknowledge { get; set; }

    /// <summary>Passes on the messages that were sent.</summary>
    [Parameter(ParameterSetName = "Publish")]
    public SwitchParameter PassThru { get; set; }

    /// <summary>Outputs the messages at once, and sends nothing.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "Read")]
    public SwitchParameter NoPublish { get; set; }

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
                    "Such as -MapSubject @{ 'orders.>' = 'test.orders.>' }, '^orders', 'test', or { \"test.$($_.Subject)\" }."
                )
            );
        }
    }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        foreach (var path in Path)
        {
            _path = FullPath(path);
            if (!File.Exists(_path))
            {
                WriteError(NasErrorRecord.RecordingNotFound(_path));
            }
            else if (NoPublish || ShouldProcess(_path, "Publish its messages"))
            {
                ReadFile();
            }
        }
    }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        if (_connection is null)
        {
            return;
        }

        _connection.SendBatched();
        if (_replay is null)
        {
            EndPublishing(flush: true);
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _replay?.Close();
        }
        base.Dispose(disposing);
    }

    private void ReadFile()
    {
        try
        {
            using var reader = _reader = new RecordingReader(_path);
            if (!NoPublish)
            {
                _connection ??= Nas;
                if (Stream is not null || Acknowledge)
                {
                    _replay ??= new StreamReplay(JetStream, Stream, !Raw, PassThru);
                }
            }

            _count = 0;
            _progress = new CountProgress($"Reading {_path}");
            var pace = new ReplayPace(Speed);
            while (NextLine() is { } line)
            {
                TakeLine(line, pace);
            }

            FlushReplay();
            WriteVerbose($"{_count} messages of {_path} were {(NoPublish ? "read" : "published")}.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            WriteError(NasErrorRecord.RecordingFailed(_path, e));
        }
        finally
        {
            if (!Cancellation.IsCancellationRequested && _progress?.End() is { } shown)
            {
                WriteProgress(shown);
            }
        }
    }

    /// <returns>Null at the end, and where a file that is damaged cannot be read on.</returns>
    private string? NextLine()
    {
        try
        {
            return _reader.Read();
        }
        catch (Exception e) when (e is InvalidDataException or DecoderFallbackException)
        {
            WriteError(NasErrorRecord.InvalidRecording(_path, _reader.LineNumber, e));
            return null;
        }
    }

    private void TakeLine(string line, ReplayPace pace)
    {
        NasMessage message;
        bool hasTime;
        try
        {
            message = RecordingLine.Read(line, out hasTime);
        }
        catch (FormatException e)
        {
            WriteError(NasErrorRecord.InvalidRecording(_path, _reader.LineNumber, e));
            return;
        }
        if (Map(message) is not { } mapped)
        {
            return;
        }

        if (NoPublish)
        {
            _count++;
            WriteObject(mapped);
        }
        else
        {
            if (hasTime)
            {
                pace.Next(message.Timestamp);
                WaitUntilDue(pace);
            }

            Publish(mapped);
        }
        ShowProgress();
    }

    private NasMessage? Map(NasMessage message)
    {
        try
        {
            var subject = _map.Map(message);
            return ReferenceEquals(subject, message.Subject)
                ? message
                : NasMessage.Create(
                    subject,
                    message.Payload,
                    message.Headers,
                    message.ReplyTo,
                    null,
                    message.Timestamp
                );
        }
        catch (Exception e)
            when (e is RuntimeException and not PipelineStoppedException or RegexMatchTimeoutException or NasException)
        {
            WriteError(NasErrorRecord.SubjectMapFailed(message, e));
            return null;
        }
    }

    private void WaitUntilDue(ReplayPace pace)
    {
        while (pace.Left is var left && left >= Shortest)
        {
            _connection!.SendBatched();
            ShowProgress();
            WriteWarnings();
            if (_replay is not null)
            {
                TakeResults(_replay);
            }
            if (Cancellation.WaitHandle.WaitOne(left < Slice ? left : Slice))
            {
                throw new PipelineStoppedException();
            }
        }
    }

    /// <summary>The end of a file: each of its messages has been stored, or has its error.</summary>
    private void FlushReplay()
    {
        if (_replay is null)
        {
            return;
        }
        try
        {
            Await(_replay.FlushAsync(Cancellation));
        }
        catch (Exception e) when (IsExpected(e))
        {
            ReportOrFail(e, _path);
        }
        TakeResults(_replay);
    }

    private void TakeResults(StreamReplay replay)
    {
        while (replay.TryTake(out var result))
        {
            if (result.Error is not null)
            {
                _count--;
                ReportOrFail(OfLine(result.Error, result.Line), result.Message);
            }
            else if (PassThru)
            {
                WriteObject(result.Message);
            }
        }
    }

    private void PublishToStream(StreamReplay replay, NasMessage message)
    {
        try
        {
            var taken = replay.PublishAsync(message, _reader.LineNumber, Cancellation);
            if (!taken.IsCompletedSuccessfully)
            {
                Await(taken.AsTask());
            }
            _count++;
            SeenSubjects.Add(_connection!, message.Subject);
        }
        catch (Exception e) when (IsExpected(e))
        {
            ReportOrFail(OfLine(e, _reader.LineNumber), message);
        }
        TakeResults(replay);
    }

    private void Publish(NasMessage message)
    {
        if (_replay is not null)
        {
            PublishToStream(_replay, message);
            return;
        }
        try
        {
            if (_publisher?.Subject != message.Subject)
            {
                _publisher = _connection!.CreatePublisher(message.Subject, !Raw, batch: true);
                SeenSubjects.Add(_connection, message.Subject);
            }

            _publisher.Publish(
                message.Payload,
                message.ReplyTo,
                message.HasHeaders ? CarriedHeaders.Of(message.Headers) : null,
                Cancellation
            );
            _count++;
            WriteWarnings();
        }
        catch (Exception e) when (IsExpected(e))
        {
            ReportOrFail(OfLine(e, _reader.LineNumber), message);
            return;
        }
        if (PassThru)
        {
            WriteObject(message);
        }
    }

    private Exception OfLine(Exception error, long line) =>
        error is NasException nas
            ? new NasException(nas.Error, $"Line {line} of '{_path}': {nas.Message}", nas)
            {
                Code = nas.Code,
                ApiErrorCode = nas.ApiErrorCode,
                ApiErrorDescription = nas.ApiErrorDescription,
            }
            : error;

    private void ShowProgress()
    {
        if (_progress.Update(_count, _reader.Percent) is { } progress)
        {
            WriteProgress(progress);
        }
    }
}

using System.Management.Automation;
using NasPubSub.Errors;
using NasPubSub.Payloads;
using NasPubSub.Recording;

namespace NasPubSub.Commands;

/// <summary>
/// A cmdlet that writes messages to a file. However it ends, what it received is in the file, and the file is whole.
/// </summary>
public abstract class NasRecordingCmdlet : NasJetStreamCmdlet
{
    private RecordingWriter? _writer;
    private CountProgress? _progress;
    private bool _isDeclined,
        _isOpened;

    /// <summary>The file.</summary>
    [Parameter(Mandatory = true, Position = 0)]
    [Alias("LiteralPath", "FilePath", "PSPath")]
    [TypedTextTransformation]
    [ValidateNotNullOrEmpty]
    public string Path { get; set; } = "";

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

    /// <summary>The full path of the file.</summary>
    private protected string FilePath { get; private set; } = "";

    /// <summary>The messages in the file, once it is closed.</summary>
    private protected long Recorded { get; private set; }

    /// <summary>What an error that ends the cmdlet is about.</summary>
    private protected abstract object? Target { get; }

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        FilePath = FullPath(Path);
        if (NoClobber && !Append && File.Exists(FilePath))
        {
            ThrowTerminatingError(NasErrorRecord.RecordingExists(FilePath));
        }

        _isDeclined = !ShouldProcess(FilePath, "Record messages");
    }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (!_isDeclined)
        {
            Guarded(Record);
        }
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
            // No messages make an empty recording.
            Open();
            End();
            WriteVerbose($"{Recorded} messages were recorded in {FilePath}.");
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

    /// <summary>Records what there is for one object of the pipeline.</summary>
    private protected abstract void Record();

    /// <summary>Nothing more is to be received.</summary>
    private protected virtual void Ending() { }

    /// <summary>Records what was received before <see cref="Ending"/>.</summary>
    private protected virtual void RecordRest(RecordingWriter writer) { }

    /// <summary>The file, which the first call opens.</summary>
    private protected RecordingWriter Open()
    {
        if (!_isOpened)
        {
            _isOpened = true;
            _writer = new RecordingWriter(FilePath, Append, Force, Raw);
            _progress = new CountProgress($"Recording to {FilePath}");
        }
        // It is closed only where nothing more is recorded.
        return _writer!;
    }

    /// <param name="count">How many messages there will be; 0 where that is not known.</param>
    private protected void ShowProgress(long count)
    {
        var written = _writer!.Count;
        if (_progress!.Update(written, count > 0 ? (int)(100.0 * written / count) : -1) is { } progress)
        {
            WriteProgress(progress);
        }
    }

    /// <summary>Records the messages that have arrived, and closes the file.</summary>
    private protected void End()
    {
        Ending();
        if (_writer is null)
        {
            return;
        }

        try
        {
            RecordRest(_writer);
        }
        finally
        {
            Recorded = _writer.Count;
            var writer = _writer;
            _writer = null;
            writer.Dispose();
        }
        if (!Cancellation.IsCancellationRequested && _progress?.End() is { } progress)
        {
            WriteProgress(progress);
        }
    }

    private void Guarded(Action work)
    {
        try
        {
            work();
        }
        catch (Exception e) when (IsExpected(e))
        {
            Fail(e, Target);
        }
        catch (Exception e) when (IsFileError(e))
        {
            ThrowTerminatingError(NasErrorRecord.RecordingFailed(FilePath, e));
        }
    }

    private static bool IsFileError(Exception error) =>
        error is IOException or UnauthorizedAccessException or NotSupportedException or ArgumentException;
}

using System.Management.Automation;
using NasPubSub.Errors;
using NasPubSub.JetStream;
using NasPubSub.Payloads;
using NasPubSub.Recording;

namespace NasPubSub.Commands;

/// <summary>
/// A cmdlet that transfers a whole stream to or from files: with progress, an idle time-out and no total one, and so
/// that what was begun is cleaned up when it is stopped.
/// </summary>
public abstract class NasTransferCmdlet : NasJetStreamCmdlet
{
    /// <summary>How long the end may take: a stopped cmdlet is over within a second.</summary>
    private static readonly TimeSpan EndLimit = TimeSpan.FromMilliseconds(700);

    /// <summary>How long the server may say nothing.</summary>
    [Parameter]
    [DurationTransformation]
    public NasDuration? IdleTimeout { get; set; }

    /// <summary>Runs a transfer, showing how far it is.</summary>
    /// <param name="activity">The activity to show.</param>
    /// <param name="start">Starts it.</param>
    private protected T Transfer<T>(
        string activity,
        Func<IProgress<NasTransferProgress>, CancellationToken, Task<T>> start
    )
    {
        var progress = new ByteProgress(activity);
        var task = start(progress, Cancellation);
        try
        {
            return Await(task, () => Show(progress.Update()));
        }
        catch (PipelineStoppedException)
        {
            // It removes what is not whole.
            _ = Task.WhenAny(task, Task.Delay(EndLimit)).Wait(EndLimit);
            throw;
        }
        finally
        {
            if (!Cancellation.IsCancellationRequested)
            {
                Show(progress.End());
            }
        }
    }

    /// <summary>Runs what may fail for one stream or folder; its error lets the next go on.</summary>
    private protected void Guarded(string path, object target, Action work)
    {
        try
        {
            work();
        }
        catch (Exception e) when (IsExpected(e))
        {
            ReportOrFail(e, target);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            WriteError(TransferErrors.FolderFailed(path, e));
        }
    }

    private void Show(ProgressRecord? record)
    {
        if (record is not null)
        {
            WriteProgress(record);
        }
    }
}

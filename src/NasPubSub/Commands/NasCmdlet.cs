using System.Diagnostics;
using System.Diagnostics.CodeAnalysis;
using System.Management.Automation;
using System.Text;
using NasPubSub.Diagnostics;
using NasPubSub.Errors;
using NasPubSub.Payloads;
using NasPubSub.Sessions;

namespace NasPubSub.Commands;

/// <summary>
/// The base of every cmdlet: it stops at Ctrl+C, waits within bounds, and makes each exception the same error.
/// </summary>
public abstract class NasCmdlet : PSCmdlet, IDisposable
{
    /// <summary>How often, in milliseconds, a waiting cmdlet looks for warnings to write.</summary>
    private const int Slice = 200;

    /// <summary>
    /// How often, in milliseconds, a cmdlet that waits for actions of its own runspace lets them run.
    /// </summary>
    private const int EventSlice = 10;

    /// <summary>How often a long-running cmdlet reports operations that the server denied.</summary>
    private static readonly TimeSpan DenialInterval = TimeSpan.FromSeconds(1);

    /// <summary>The engine looks for events at the start of a script and in its loops.</summary>
    private static readonly ScriptBlock RunEvents = ScriptBlock.Create("foreach ($i in 1) { }");

    private readonly CancellationTokenSource _stop = new();
    private readonly Stopwatch _sinceDenials = Stopwatch.StartNew();
    private Session? _session;

    /// <summary>Cancelled by Ctrl+C and whatever else stops the pipeline.</summary>
    private protected CancellationToken Cancellation => _stop.Token;

    /// <summary>The connection whose warnings and denials this cmdlet reports, once it is known.</summary>
    private protected NasConnection? ActiveConnection => _session?.Connection;

    /// <summary>
    /// Makes a connection the one this cmdlet reports for, and reports what has happened on it since the last cmdlet.
    /// </summary>
    private protected void Use(NasConnection? connection)
    {
        if (ActiveConnection != connection)
        {
            _session = connection is null ? null : Session.Of(connection);
        }

        WriteWarnings();
        ReportDenials();
    }

    /// <inheritdoc/>
    protected sealed override void StopProcessing()
    {
        try
        {
            _stop.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // It came to its end by itself at this very moment.
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        Dispose(true);
        GC.SuppressFinalize(this);
    }

    /// <summary>The engine calls this when the pipeline is over, however it ended.</summary>
    protected virtual void Dispose(bool disposing)
    {
        if (disposing)
        {
            _stop.Dispose();
        }
    }

    /// <summary>Waits on the pipeline thread, writing warnings meanwhile; Ctrl+C ends the wait at once.</summary>
    private protected T Await<T>(Task<T> task)
    {
        Await((Task)task);
        return task.Result;
    }

    /// <inheritdoc cref="Await{T}(Task{T})"/>
    private protected void Await(Task task) => Await(task, Slice, WriteWarnings);

    /// <summary>Waits for one item after the other.</summary>
    private protected IEnumerable<T> AwaitEach<T>(IAsyncEnumerable<T> source)
    {
        var items = source.GetAsyncEnumerator(Cancellation);
        try
        {
            while (IsThere(items.MoveNextAsync()))
            {
                yield return items.Current;
            }
        }
        finally
        {
            _ = items.DisposeAsync();
        }

        // Most are there already.
        bool IsThere(ValueTask<bool> next) => next.IsCompletedSuccessfully ? next.Result : Await(next.AsTask());
    }

    /// <summary>Waits as <see cref="Await{T}(Task{T})"/> does, and does something five times a second.</summary>
    private protected T Await<T>(Task<T> task, Action meanwhile)
    {
        Await(
            task,
            Slice,
            () =>
            {
                meanwhile();
                WriteWarnings();
            }
        );
        return task.Result;
    }

    private void Await(Task task, int slice, Action meanwhile)
    {
        try
        {
            while (!task.Wait(slice, Cancellation))
            {
                meanwhile();
            }
        }
        catch (OperationCanceledException) when (Cancellation.IsCancellationRequested)
        {
            _ = task.ContinueWith(static t => _ = t.Exception, TaskScheduler.Default);
            throw new PipelineStoppedException();
        }
        catch (AggregateException e)
        {
            if (Cancellation.IsCancellationRequested)
            {
                throw new PipelineStoppedException();
            }

            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Capture(e.InnerException!).Throw();
        }
        WriteWarnings();
    }

    /// <summary>
    /// Waits as <see cref="Await(Task)"/> does, and lets actions of this runspace run meanwhile (-InCallerRunspace).
    /// </summary>
    /// <remarks>
    /// The engine runs the handlers of events between the statements of a script, not while a cmdlet waits.
    /// </remarks>
    /// <param name="task">What to wait for.</param>
    /// <param name="isOften">False where no action of a subscription runs here, only those of other events.</param>
    private protected void AwaitActions(Task task, bool isOften = true) =>
        Await(
            task,
            isOften ? EventSlice : Slice,
            () =>
            {
                InvokeCommand.InvokeScript(false, RunEvents, null);
                WriteWarnings();
            }
        );

    /// <summary>Waits no longer than that.</summary>
    /// <param name="start">Starts the operation. Its token cancels it, on a timeout or on Ctrl+C.</param>
    /// <param name="timeout">Null leaves the limit to the operation.</param>
    /// <param name="failure">The message when the time is over, as in "The server did not answer".</param>
    /// <exception cref="NasException">Timeout, or the error of the task.</exception>
    private protected T Await<T>(Func<CancellationToken, Task<T>> start, TimeSpan? timeout, string failure)
    {
        Task<T> task = null!;
        Await((CancellationToken cancel) => (Task)(task = start(cancel)), timeout, failure);
        return task.Result;
    }

    /// <inheritdoc cref="Await{T}(Func{CancellationToken, Task{T}}, TimeSpan?, string)"/>
    private protected void Await(Func<CancellationToken, Task> start, TimeSpan? timeout, string failure)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Cancellation);
        if (timeout is { } time)
        {
            limit.CancelAfter(time);
        }

        try
        {
            Await(start(limit.Token));
        }
        catch (OperationCanceledException) when (!Cancellation.IsCancellationRequested)
        {
            throw new NasException(NasError.Timeout, $"{failure} within {timeout!.Value.TotalSeconds:0.###} s.");
        }
    }

    /// <summary>Writes the connection's warnings, and denials from time to time. Cheap where there are none.</summary>
    private protected void WriteWarnings()
    {
        if (ActiveConnection is { Denials.Any: true } && _sinceDenials.Elapsed >= DenialInterval)
        {
            ReportDenials();
        }

        if (_session is not { HasWarnings: true } session)
        {
            return;
        }

        while (session.TryTakeWarning(out var warning))
        {
            WriteWarning(warning);
        }
    }

    /// <summary>
    /// Reports what the server denied after a call had returned, this cmdlet's or an earlier one's: each once.
    /// </summary>
    /// <param name="connection">Null for the active one.</param>
    private protected void ReportDenials(NasConnection? connection = null)
    {
        _sinceDenials.Restart();
        connection ??= ActiveConnection;
        while (connection is not null && connection.Denials.TryTake(out var denial))
        {
            WriteError(NasErrorRecord.From(denial));
        }
    }

    /// <summary>
    /// The end of a cmdlet that publishes. Where the user asks for it, or has no session of his own, it waits for the
    /// server to have processed everything; what is denied by then is reported.
    /// </summary>
    private protected void EndPublishing(bool flush)
    {
        if (_session is not { Connection: var connection } session)
        {
            return;
        }

        try
        {
            if (flush || (session.IsAutomatic && connection.IsConnected))
            {
                Await(connection.PingAsync(cancel: Cancellation));
            }
        }
        catch (NasException e)
        {
            Report(e);
        }
        ReportDenials();
    }

    /// <summary>
    /// An error that a call may end with. Pass it to <see cref="Fail"/>, <see cref="Report"/> or
    /// <see cref="ReportOrFail"/>; any other exception is a defect.
    /// </summary>
    private protected static bool IsExpected(Exception error) => error is NasException or OperationCanceledException;

    /// <summary>An error in a script or a property that the user wrote. A stopped pipeline is not an error.</summary>
    private protected static bool IsScriptError(Exception error) =>
        error is RuntimeException and not PipelineStoppedException;

    /// <summary>Ends the cmdlet with an error: a bad call, or nothing left to do.</summary>
    [DoesNotReturn]
    private protected void Fail(Exception error, object? target = null)
    {
        ThrowTerminatingError(RecordOf(error, target));
        throw new PipelineStoppedException();
    }

    /// <summary>Reports the error of one record; the next may succeed.</summary>
    private protected void Report(Exception error, object? target = null) => WriteError(RecordOf(error, target));

    /// <summary>Reports the error of one record, and ends the cmdlet where no further record can succeed.</summary>
    private protected void ReportOrFail(Exception error, object? target = null)
    {
        if (error is NasException { Error: NasError.ConnectionClosed or NasError.NotConnected })
        {
            Fail(error, target);
        }

        Report(error, target);
    }

    private ErrorRecord RecordOf(Exception error, object? target)
    {
        if (error is OperationCanceledException)
        {
            throw new PipelineStoppedException();
        }

        _session?.MarkReported(error);
        return NasErrorRecord.From(error, target);
    }

    /// <summary>
    /// Writes a message in the form the user chose; JSON that cannot be read is the error of its message.
    /// </summary>
    /// <returns>False for such an error.</returns>
    private protected bool WriteMessage(NasMessage message, NasMessageForm form, Encoding encoding)
    {
        if (form == NasMessageForm.Message)
        {
            WriteObject(message);
        }
        else if (message.TryConvert(form, encoding, out var value, out var error))
        {
            WriteObject(value, enumerateCollection: false);
        }
        else
        {
            WriteError(error);
            return false;
        }
        return true;
    }

    /// <summary>
    /// Texts that a server or a peer may have chosen part of: all that a cmdlet writes goes through here.
    /// </summary>
    private protected new void WriteWarning(string? text) => base.WriteWarning(TerminalText.Lines(text ?? ""));

    /// <inheritdoc cref="WriteWarning"/>
    private protected new void WriteVerbose(string text) => base.WriteVerbose(TerminalText.Lines(text));

    /// <inheritdoc cref="WriteWarning"/>
    private protected new void WriteDebug(string text) => base.WriteDebug(TerminalText.Lines(text));

    /// <inheritdoc cref="WriteWarning"/>
    private protected new void WriteProgress(ProgressRecord progress)
    {
        progress.Activity = TerminalText.Line(progress.Activity);
        progress.StatusDescription = TerminalText.Line(progress.StatusDescription);
        base.WriteProgress(progress);
    }

    /// <inheritdoc cref="WriteWarning"/>
    private protected new bool ShouldProcess(string target, string action) =>
        base.ShouldProcess(TerminalText.Line(target), TerminalText.Line(action));

    /// <summary>$Error, the newest first.</summary>
    private protected System.Collections.ICollection SessionErrors =>
        SessionState.PSVariable.GetValue("global:Error") as System.Collections.ICollection ?? Array.Empty<object>();

    /// <summary>
    /// A path of the file system, seen from the shell's location. A relative path in Env: or HKCU: is none: it would
    /// name a file in the folder where the process was started.
    /// </summary>
    private protected string FullPath(string path)
    {
        ProviderInfo provider;
        string full;
        try
        {
            full = SessionState.Path.GetUnresolvedProviderPathFromPSPath(path, out provider, out _);
        }
        catch (PSInvalidOperationException e)
        {
            // '~' in a drive that has no home.
            ThrowTerminatingError(NasErrorRecord.NoFilePath(path, e.Message));
            throw;
        }
        if (provider.Name != "FileSystem")
        {
            ThrowTerminatingError(NasErrorRecord.NoFilePath(path, $"It is a path of {provider.Name}."));
        }

        return full;
    }
}

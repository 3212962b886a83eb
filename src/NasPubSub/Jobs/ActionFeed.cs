using System.Collections;
using System.Diagnostics;
using System.Management.Automation;
using NasPubSub.Errors;
using NasPubSub.Payloads;

namespace NasPubSub.Jobs;

/// <summary>
/// What passes between a subscription and one pipeline: messages in, output and errors out, replies back. It outlives
/// the pipeline, so that what the action ends (<c>throw</c>, <c>break</c>, <c>exit</c>) is started again with the next
/// message. Used by one thread at a time, but for the cancellation.
/// </summary>
internal sealed class ActionFeed(NasSubscriptionJob job, ActionOptions options, int batch, CancellationToken cancel)
    : IDisposable
{
    /// <summary>How long the caller's script waits for actions that have more to do.</summary>
    private static readonly TimeSpan MostTurn = TimeSpan.FromMilliseconds(200);

    private readonly Stopwatch _turn = new();
    private readonly NasMessage[] _batch = new NasMessage[batch];
    private readonly List<object?> _outputs = [];
    private readonly PayloadSource? _payload = options.Reply
        ? new PayloadSource(options.Encoding, options.Depth, false, null, cancel)
        : null;
    private NasMessage? _current;
    private ErrorRecord? _error;
    private NasSpan? _span;
    private bool _answersCurrent,
        _isAbandoned;
    private int _next,
        _taken,
        _runner;

    public ActionOptions Options => options;

    /// <summary>The subjects of the action's replies, to recognize denials.</summary>
    public ReplySubjects Replies { get; } = new();

    /// <summary>
    /// $Error of a runspace that only this action uses. The records hold messages: of those before the current one
    /// the newest stays.
    /// </summary>
    public ArrayList? ErrorVariable { private get; set; }

    /// <summary>How many messages it has read whose action is not done.</summary>
    public int Unhandled =>
        Math.Max(0, Volatile.Read(ref _taken) - Volatile.Read(ref _next))
        + (Volatile.Read(ref _current) is null ? 0 : 1);

    /// <summary>Whether the action runs on this very thread, further up the stack.</summary>
    public bool RunsHere
    {
        get => Volatile.Read(ref _runner) == Environment.CurrentManagedThreadId;
        set => Volatile.Write(ref _runner, value ? Environment.CurrentManagedThreadId : 0);
    }

    /// <summary>Waits for messages. False at the end, or when stopped.</summary>
    public bool Fill() => Fill(Timeout.InfiniteTimeSpan);

    /// <summary>Begins a turn in the caller's runspace.</summary>
    public void BeginTurn() => _turn.Restart();

    /// <summary>Is there another message for this turn? Then the caller's script goes on.</summary>
    public bool FillTurn() => HasNext || (_turn.Elapsed < MostTurn && Fill(job.Source.Gap));

    private bool Fill(TimeSpan wait)
    {
        if (HasNext)
        {
            return true;
        }

        try
        {
            _next = _taken = 0;
            _taken = job.Source.Read(_batch, wait, cancel);
        }
        catch (OperationCanceledException)
        {
            _taken = 0;
        }
        return _taken > 0;
    }

    /// <summary>Is there one that was read?</summary>
    public bool HasNext => _next < _taken;

    /// <summary>The next of those that were read.</summary>
    public NasMessage? Next()
    {
        if (cancel.IsCancellationRequested || _next == _taken)
        {
            return null;
        }

        _current = _batch[_next];
        _batch[_next++] = null!;
        _answersCurrent = options.Reply && _current.ReplyTopic is not null;
        _error = null;
        _isAbandoned = false;
        _span = NasDiagnostics.StartProcess(_current);
        return _current;
    }

    /// <summary>An output of the action.</summary>
    public void Collect(PSObject? output)
    {
        if (_answersCurrent)
        {
            _outputs.Add(output);
        }
        else
        {
            job.Write(output, _current?.Size ?? 0);
        }
    }

    /// <summary>
    /// An error of the action. What a native program writes to stderr is text, as anywhere in PowerShell.
    /// </summary>
    public void Report(ErrorRecord error)
    {
        error = NasErrorRecord.Shown(error);
        if (error.FullyQualifiedErrorId is not ("NativeCommandError" or "NativeCommandErrorMessage"))
        {
            _error = error;
        }

        job.Write(error, _current?.Size ?? 0);
    }

    /// <summary>
    /// Something ended the action before it was done: a request is answered with that, not with part of an answer, and
    /// a message of a consumer is not acknowledged.
    /// </summary>
    public void Abandon()
    {
        _isAbandoned = true;
        var isStopped = cancel.IsCancellationRequested;
        if (_answersCurrent || (_current is not null && job.Source.Acknowledges && !isStopped))
        {
            var reason = isStopped ? "it was stopped" : "it called exit";
            Report(NasErrorRecord.ActionEnded(_current!, reason, isRequest: _answersCurrent));
        }
    }

    /// <summary>The action is done with the message: now is the time to answer it.</summary>
    public void Finish()
    {
        if (_current is not { } message)
        {
            return;
        }

        try
        {
            if (_answersCurrent)
            {
                Answer(message);
            }
            else
            {
                var isStopped = (_isAbandoned || _error is not null) && cancel.IsCancellationRequested;
                job.Source.OnHandled(message, _error, isStopped);
            }
        }
        finally
        {
            if (_error is not null)
            {
                job.CountFailed();
                _span?.Fail(_error.Exception);
            }

            _span?.Dispose();
            _span = null;
            _current = null;
            _answersCurrent = false;
            _outputs.Clear();
            if (ErrorVariable is { Count: > 1 } errors)
            {
                errors.RemoveRange(1, errors.Count - 1);
            }
        }
    }

    public void Dispose() => _payload?.Dispose();

    private void Answer(NasMessage request)
    {
        if (_error is null)
        {
            try
            {
                _payload!.Take(
                    _outputs.Count switch
                    {
                        0 => null,
                        1 => _outputs[0],
                        _ => _outputs.ToArray(),
                    }
                );
                if (_payload.TakeCutWarning() is { } warning)
                {
                    job.Warning.Add(new WarningRecord(warning));
                }

                Send(request, _payload.Headers, _payload.Bytes, _payload.Text);
                return;
            }
            catch (Exception e) when (e is not (OperationCanceledException or OutOfMemoryException))
            {
                Report(
                    e is NasException ? NasErrorRecord.From(e, request) : NasErrorRecord.InvalidPayload(_outputs, e)
                );
                // No answer at all reaches such a reply subject.
                if (e is NasException { Error: NasError.InvalidSubject })
                {
                    return;
                }
            }
        }
        try
        {
            Send(request, ServiceError.Headers(_error!), new ArraySegment<byte>([]), null);
        }
        catch (NasException e)
        {
            job.Write(NasErrorRecord.From(e, request), request.Size);
        }
        catch (OperationCanceledException) when (cancel.IsCancellationRequested)
        {
            // The job is stopped, and there is no room in the buffer.
        }
    }

    private void Send(NasMessage request, NasHeaders? headers, ArraySegment<byte> bytes, string? text)
    {
        Replies.Add(request.ReplyTopic!);
        if (text is not null)
        {
            request.Reply(text, headers, cancel);
        }
        else
        {
            request.Reply(bytes, headers, cancel);
        }
    }
}

/// <summary>How messages are given to an action, and its output sent back.</summary>
/// <param name="Waits">Does the pipeline wait for more messages? In the caller's runspace it must not.</param>
internal sealed record ActionOptions(
    bool Reply,
    NasMessageForm As,
    System.Text.Encoding Encoding,
    int Depth,
    bool Waits
);

/// <summary>The headers of a reply that says that the service failed (ADR-32).</summary>
internal static class ServiceError
{
    public static NasHeaders Headers(ErrorRecord error)
    {
        var text = string.Join(" ", error.ToString().Split(['\r', '\n', '\0'], StringSplitOptions.RemoveEmptyEntries));
        // A server without headers gets the error as text.
        return new NasHeaders { CanBeOmitted = true }
            .Add("Nats-Service-Error", text.Length == 0 ? "error" : text)
            .Add("Nats-Service-Error-Code", "500");
    }
}

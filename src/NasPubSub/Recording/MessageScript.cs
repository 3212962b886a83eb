using System.Collections.Concurrent;
using System.Management.Automation;
using System.Text;
using NasPubSub.Payloads;

namespace NasPubSub.Recording;

/// <summary>
/// What a script block makes of messages. Another thread asks for each, and the pipeline thread, on which scripts run,
/// answers.
/// </summary>
/// <param name="map">The new subjects, which the script sees already.</param>
/// <param name="script">The script block; null where only subjects change.</param>
/// <param name="cancel">Ends the waits.</param>
internal sealed class MessageScript(SubjectMap map, ScriptBlock? script, CancellationToken cancel) : IDisposable
{
    private const int Slice = 200;

    private readonly BlockingCollection<Call> _calls = [];
    private readonly CustomObjectMembers _members = new();
    private readonly PayloadSource _payload = new(Encoding.UTF8, 10, false, null, cancel);

    /// <summary>The message that the script had last.</summary>
    public NasMessage? Current { get; private set; }

    /// <summary>Returns what is copied instead of a message. Called on any thread.</summary>
    public ValueTask<IReadOnlyList<NasMessage>> CallAsync(NasMessage message)
    {
        var call = new Call(message);
        _calls.Add(call, cancel);
        return new(call.Answer.Task);
    }

    /// <summary>Answers, on the pipeline thread, until an operation has ended.</summary>
    /// <param name="task">What asks.</param>
    /// <param name="meanwhile">Called several times a second.</param>
    /// <param name="warn">Takes a warning about what the script returned.</param>
    /// <exception cref="PipelineStoppedException">Ctrl+C.</exception>
    public void RunUntil(Task task, Action meanwhile, Action<string> warn)
    {
        using var end = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        _ = task.ContinueWith(_ => Cancel(end), TaskScheduler.Default);
        while (!task.IsCompleted)
        {
            try
            {
                if (_calls.TryTake(out var call, Slice, end.Token))
                {
                    Answer(call);
                    if (_payload.TakeCutWarning() is { } warning)
                    {
                        warn(warning);
                    }
                }
            }
            catch (OperationCanceledException) when (task.IsCompleted)
            {
                return;
            }
            catch (OperationCanceledException)
            {
                throw new PipelineStoppedException();
            }
            meanwhile();
        }
    }

    public void Dispose()
    {
        _calls.Dispose();
        _payload.Dispose();
    }

    private void Answer(Call call)
    {
        Current = call.Message;
        try
        {
            call.Answer.SetResult(Results(call.Message));
        }
        catch (PipelineStoppedException)
        {
            call.Answer.SetCanceled();
            throw;
        }
        catch (Exception e)
        {
            call.Answer.SetException(e);
        }
    }

    private IReadOnlyList<NasMessage> Results(NasMessage message)
    {
        var subject = map.Map(message);
        var mapped = ReferenceEquals(subject, message.Subject)
            ? message
            : NasMessage.Create(subject, message.Payload, message.HasHeaders ? message.Headers : null);
        if (script is null)
        {
            return [mapped];
        }
        var results = script.InvokeWithContext(null, [new PSVariable("_", mapped)]);
        return [.. results.Select(result => Result(result, mapped))];
    }

    /// <summary>A message, or a new payload for the one that the script had.</summary>
    private NasMessage Result(object? result, NasMessage message)
    {
        if (MessageRecord.ToMessage(result, _members) is { } other)
        {
            return other;
        }
        _payload.Take(result, message.HasHeaders ? message.Headers : null);
        var payload = _payload.Text is { } text ? Encoding.UTF8.GetBytes(text) : _payload.Bytes.ToArray();
        return NasMessage.Create(message.Subject, payload, _payload.Headers);
    }

    private static void Cancel(CancellationTokenSource end)
    {
        try
        {
            end.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // Nobody waits any more.
        }
    }

    private sealed class Call(NasMessage message)
    {
        public NasMessage Message { get; } = message;

        public TaskCompletionSource<IReadOnlyList<NasMessage>> Answer { get; } =
            new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}

using System.Management.Automation;
using NasPubSub.Diagnostics;
using NasPubSub.Errors;
using NasPubSub.JetStream;

namespace NasPubSub.Jobs;

/// <summary>
/// A pull consumer. A message is acknowledged after its action: positively when it succeeded, negatively when it
/// failed. What no action has begun goes back to the consumer when the job ends.
/// </summary>
internal sealed class ConsumerSource : ActionSource
{
    private static readonly TimeSpan MostGap = TimeSpan.FromMilliseconds(10),
        StopLimit = TimeSpan.FromMilliseconds(200),
        DrainLimit = TimeSpan.FromSeconds(1);

    private readonly NasConsumerReader _reader;
    private readonly RetryPolicy _retries;
    private readonly DeadLetterBox? _box;
    private readonly bool _givesUp;
    private readonly MessagesInWork? _work;
    private readonly SemaphoreSlim _turn = new(1, 1);
    private readonly object _gate = new();
    private NasSubscriptionJob? _job;
    private NasException? _failure;
    private Task? _givenBack;
    private long _delivered;

    private ConsumerSource(
        NasJetStream js,
        NasConsumerReader reader,
        RetryPolicy retries,
        DeadLetterBox? box,
        bool givesUp
    )
    {
        (Connection, _reader, _retries, _box, _givesUp) = (js.Connection, reader, retries, box, givesUp);
        _work = reader.NeedsAck ? new MessagesInWork(reader, js.Connection) : null;
    }

    /// <summary>Looks at the consumer, and begins to read.</summary>
    /// <exception cref="NasException">StreamNotFound, ConsumerNotFound, PushConsumer, InvalidOption, and those of an
    /// API call.</exception>
    public static async Task<ConsumerSource> OpenAsync(
        NasJetStream js,
        ConsumerSourceOptions options,
        CancellationToken cancel
    )
    {
        var (stream, name) = (options.Stream, options.Consumer);
        var consumer = await js.Consumers.GetAsync(stream, name, cancel).ConfigureAwait(false);
        var retries = new RetryPolicy(
            options.RetryDelays,
            options.MaxDeliver,
            consumer.Backoff,
            Math.Max(0, consumer.MaxDeliver ?? 0)
        );
        options.Check(consumer, retries);
        DeadLetterBox? box = null;
        if (options.DeadLetter is { } subject)
        {
            NasSubject.CheckPublish(subject);
            box = new DeadLetterBox(js, subject, options.UseNamespace);
            var streams = await box.FindStreamsAsync(cancel).ConfigureAwait(false);
            options.CheckDeadLetters(consumer, js.Connection.ToWireSubject(subject, options.UseNamespace), streams);
        }
        var givesUp = options.MaxDeliver > 0 || box is not null;
        ConsumerSource? source = null;
        var reading = new NasReadOptions
        {
            Count = options.Count,
            // A message that is given back was delivered, and that counts.
            SpareDeliveries = true,
            Batch = retries.MaxDeliver > 0 ? 1 : null,
            Group = options.Group,
            Priority = options.Priority,
            OnNotice = notice => Volatile.Read(ref source)?._job?.Warn(notice.Message),
        };
        var reader = await js.Consumers.OpenReaderAsync(stream, name, reading, cancel).ConfigureAwait(false);
        Volatile.Write(ref source, new ConsumerSource(js, reader, retries, box, givesUp));
        return source!;
    }

    public string Stream => _reader.Stream;

    public string Consumer => _reader.Consumer;

    public override NasConnection Connection { get; }

    public override string Subject => $"{Stream}/{Consumer}";

    public override long Delivered => Interlocked.Read(ref _delivered);

    /// <summary>What no worker has taken goes back.</summary>
    public override int PendingMessages => 0;

    public override Exception? Error => _failure ?? _reader.Error;

    public override TimeSpan Gap => MostGap;

    public override bool Acknowledges => _work is not null;

    /// <summary>What a worker took and did not begin could not be given back while its action runs.</summary>
    public override int BatchFor(int workers) => 1;

    public override void Begin(NasSubscriptionJob job) => _job = job;

    public override int Read(NasMessage[] batch, TimeSpan wait, CancellationToken cancel)
    {
        while (ReadOne(batch, wait, cancel))
        {
            _work?.Add(batch[0]);
            if (_work is null || !_givesUp || !_retries.IsSpent(batch[0]))
            {
                return 1;
            }
            GiveUp(batch[0], NasDeadLetterReason.MaxDeliveries, "the action did not come to its end the last time");
        }
        return 0;
    }

    public override void OnHandled(NasMessage message, ErrorRecord? error, bool isStopped)
    {
        switch (_work?.Find(message))
        {
            case null:
                break;
            case Confirmation.Rejected when _box is not null:
                GiveUp(message, NasDeadLetterReason.Rejected, error?.ToString());
                break;
            case not Confirmation.None:
                _work.Remove(message);
                break;
            case Confirmation.None when isStopped:
                Confirm(message, m => m.NakAsync(connection: Connection));
                break;
            case Confirmation.None when error is null:
                Confirm(message, m => m.AckAsync(connection: Connection));
                break;
            // Without a maximum of its own the job leaves the last failure to the consumer, which reports it.
            case Confirmation.None when _givesUp && _retries.IsLast(message):
                GiveUp(message, NasDeadLetterReason.MaxDeliveries, error.ToString());
                break;
            default:
                Retry(message);
                break;
        }
    }

    public override void Stop() => _ = GiveBackAsync(StopLimit);

    public override Task DrainAsync(TimeSpan limit, CancellationToken cancel) =>
        GiveBackAsync(limit < DrainLimit ? limit : DrainLimit);

    public override void Close()
    {
        GiveBackAsync(StopLimit).Wait(StopLimit + StopLimit);
        if (_work is not null)
        {
            Return(_work.TakeAll());
            _work.Dispose();
        }
    }

    /// <summary>
    /// A denied acknowledgement: the consumer would deliver every message again and again, so that is the end.
    /// </summary>
    public override bool Claims(NasException denial, NasSubscription? subscription)
    {
        if (
            subscription is not null
            || denial.Target?.StartsWith("$JS.ACK.", StringComparison.Ordinal) is not true
            || !denial.Target.Contains($".{Stream}.{Consumer}.")
        )
        {
            return false;
        }
        _failure ??= denial;
        ThreadPool.QueueUserWorkItem(static source => ((ConsumerSource)source!).Stop(), this);
        return true;
    }

    /// <summary>One worker waits for the next message; the others for their turn.</summary>
    private bool ReadOne(NasMessage[] batch, TimeSpan wait, CancellationToken cancel)
    {
        if (!_turn.Wait(wait, cancel))
        {
            return false;
        }
        try
        {
            if (_reader.Read(batch, wait, cancel) == 0)
            {
                return false;
            }
        }
        finally
        {
            _turn.Release();
        }
        Interlocked.Increment(ref _delivered);
        return true;
    }

    private void Retry(NasMessage message)
    {
        var delay = _retries.DelayAfter(message);
        Confirm(message, m => m.NakAsync(delay, connection: Connection));
    }

    /// <summary>The message is not delivered again. It stays in work until the dead letter is stored.</summary>
    private void GiveUp(NasMessage message, NasDeadLetterReason reason, string? detail)
    {
        try
        {
            if (_box is null)
            {
                _job!.Warn(
                    $"Message {message.Sequence} of '{Stream}' is given up after {message.Delivered} deliveries."
                );
            }
            else
            {
                _box.AddAsync(message, reason, detail, _job!.Cancellation).GetAwaiter().GetResult();
                _job.CountDeadLetter();
            }
        }
        catch (OperationCanceledException)
        {
            // The job is stopped, and gives the message back.
            return;
        }
        catch (NasException e)
        {
            _job!.Write(NasErrorRecord.DeadLetterFailed(message, _box!.Subject, e), message.Size);
            if (reason != NasDeadLetterReason.Rejected)
            {
                Retry(message);
                return;
            }
        }
        if (reason == NasDeadLetterReason.Rejected)
        {
            _work!.Remove(message);
        }
        else
        {
            Confirm(message, m => Reject(m, $"given up after {m.Delivered} deliveries: {detail}"));
        }
    }

    /// <summary>With the reason, where the server takes one.</summary>
    private ValueTask Reject(NasMessage message, string reason)
    {
        try
        {
            return message.TermAsync(TerminalText.Line(reason), connection: Connection);
        }
        catch (NasException e) when (e.Code == "UnsupportedByServer")
        {
            return message.TermAsync(connection: Connection);
        }
    }

    private void Confirm(NasMessage message, Func<NasMessage, ValueTask> confirm)
    {
        try
        {
            if (_work!.Remove(message) is not null && confirm(message) is { IsCompletedSuccessfully: false } sending)
            {
                sending.AsTask().GetAwaiter().GetResult();
            }
        }
        catch (NasException e)
        {
            _job!.Write(NasErrorRecord.From(e, message), message.Size);
        }
    }

    /// <summary>Reads no more, and gives back what came and was not read.</summary>
    private Task GiveBackAsync(TimeSpan limit)
    {
        lock (_gate)
        {
            return _givenBack ??= StopReadingAsync(limit);
        }
    }

    private async Task StopReadingAsync(TimeSpan limit)
    {
        try
        {
            var rest = await _reader.StopAsync(limit).ConfigureAwait(false);
            if (_work is not null)
            {
                Return(rest);
            }
        }
        catch (NasException)
        {
            // As below.
        }
    }

    private void Return(IEnumerable<NasMessage> messages)
    {
        try
        {
            foreach (var message in messages)
            {
                _ = message.NakAsync(connection: Connection);
            }
        }
        catch (NasException)
        {
            // Without a connection they are delivered again when the time to acknowledge them is over.
        }
    }
}

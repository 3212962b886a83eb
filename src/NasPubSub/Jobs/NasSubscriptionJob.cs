using System.Diagnostics;
using System.Management.Automation;
using NasPubSub.Diagnostics;
using NasPubSub.Errors;
using NasPubSub.Jobs;
using NasPubSub.Sessions;

namespace NasPubSub;

/// <summary>
/// The job of a subscription with an action. It runs until the subscription has ended and the action is done with every
/// message. Output, errors and the rest of the action's streams are the job's.
/// </summary>
public sealed class NasSubscriptionJob : Job
{
    private static readonly TimeSpan Grace = TimeSpan.FromMilliseconds(300);
    private static readonly TimeSpan ConfirmLimit = TimeSpan.FromSeconds(1);
    private static readonly HashSet<NasSubscriptionJob> Running = [];

    private readonly TaskCompletionSource<bool> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _cancel = new();
    private readonly SessionStore _store;
    private readonly List<ActionWorker> _workers = [];
    private int _running;
    private readonly List<Func<long>> _dropped = [];
    private long _failed,
        _deadLetters;
    private int _warned;
    private int _finished;
    private Exception? _failure;

    internal NasSubscriptionJob(string command, string? name, ActionSource source, SessionStore store)
        : base(command, name)
    {
        Source = source;
        _store = store;
        PSJobTypeName = "NasSubscription";
        Bound(Output, JobStreams.SizeOf);
        Bound(Error, JobStreams.SizeOf);
        Bound(Warning, JobStreams.SizeOf);
        Bound(Verbose, JobStreams.SizeOf);
        Bound(Debug, JobStreams.SizeOf);
        Bound(Information, JobStreams.SizeOf);
        Bound(Progress, static _ => JobStreams.RecordBytes);
        Output.EnumeratorNeverBlocks = true;
        Error.EnumeratorNeverBlocks = true;
        Warning.EnumeratorNeverBlocks = true;
        Verbose.EnumeratorNeverBlocks = true;
        Debug.EnumeratorNeverBlocks = true;
        Information.EnumeratorNeverBlocks = true;
        Progress.EnumeratorNeverBlocks = true;
    }

    /// <summary>The subscription whose messages it handles; null where a consumer delivers them.</summary>
    public NasSubscription? Subscription => (Source as SubscriptionSource)?.Subscription;

    /// <summary>The subject of its subscription, or the stream and the consumer.</summary>
    public string Subject => Source.Subject;

    /// <summary>The stream, where a consumer delivers the messages.</summary>
    public string? Stream => (Source as ConsumerSource)?.Stream;

    /// <summary>The consumer that delivers the messages; null for a subscription.</summary>
    public string? Consumer => (Source as ConsumerSource)?.Consumer;

    /// <summary>How many messages came.</summary>
    public long Delivered => Source.Delivered;

    /// <summary>The server.</summary>
    public override string Location => Source.Connection.Server ?? "";

    /// <summary>How many messages wait.</summary>
    public override string StatusMessage => Source.PendingMessages is var waiting and > 0 ? $"{waiting} waiting" : "";

    /// <summary>Is there anything Receive-Job would give?</summary>
    public override bool HasMoreData =>
        Output.Count > 0
        || Error.Count > 0
        || Warning.Count > 0
        || Verbose.Count > 0
        || Debug.Count > 0
        || Information.Count > 0
        || Progress.Count > 0;

    /// <summary>
    /// How many records nobody received and were dropped: each stream keeps the latest 20,000 records and 32 MiB.
    /// </summary>
    public long DroppedRecords => _dropped.Sum(dropped => dropped());

    /// <summary>How many messages the action failed for: those with an error.</summary>
    public long Failed => Interlocked.Read(ref _failed);

    /// <summary>Where its messages come from.</summary>
    internal ActionSource Source { get; }

    /// <summary>How many messages were published to the subject of -DeadLetter.</summary>
    public long DeadLetters => Interlocked.Read(ref _deadLetters);

    internal bool IsFinished => JobStateInfo.State is JobState.Completed or JobState.Failed or JobState.Stopped;

    internal CancellationToken Cancellation => _cancel.Token;

    /// <summary>
    /// Completes when the job has ended: after its subscription ends, once the action has handled every message.
    /// </summary>
    internal Task Ended => _ended.Task;

    /// <summary>Messages that arrived and whose action is not done, the running ones included.</summary>
    internal int UnhandledMessages =>
        IsFinished ? 0 : Source.PendingMessages + _workers.Sum(w => w.Feed.Unhandled);

    /// <summary>Whether the caller is this job's own action, which cannot wait for itself.</summary>
    internal bool IsOwnAction => _workers.Exists(w => w.Feed.RunsHere);

    /// <summary>Does the action run in the runspace that registered it, between its statements?</summary>
    internal bool IsInCallerRunspace => _workers.Exists(w => w is CallerWorker);

    /// <summary>The running jobs of a connection, from every runspace.</summary>
    internal static IReadOnlyList<NasSubscriptionJob> Of(NasConnection connection)
    {
        lock (Running)
        {
            return [.. Running.Where(j => j.Source.Connection == connection)];
        }
    }

    /// <summary>The running jobs of a connection that read consumers.</summary>
    /// <param name="connection">The connection.</param>
    /// <param name="stream">Null for those of all streams.</param>
    /// <param name="consumer">Null for those of all consumers.</param>
    internal static IReadOnlyList<NasSubscriptionJob> OfConsumer(
        NasConnection connection,
        string? stream,
        string? consumer
    ) =>
        [
            .. Of(connection)
                .Where(j => j.Consumer is not null)
                .Where(j => (stream ?? j.Stream) == j.Stream && (consumer ?? j.Consumer) == j.Consumer)
                .OrderBy(j => j.Id),
        ];

    /// <summary>
    /// Ends the jobs' subscriptions at the server; completes when their actions have handled what came, or the time is
    /// over.
    /// </summary>
    internal static async Task DrainAsync(
        IReadOnlyCollection<NasSubscriptionJob> jobs,
        TimeSpan limit,
        CancellationToken cancel
    )
    {
        var clock = Stopwatch.StartNew();
        try
        {
            await Task.WhenAll(jobs.Select(j => j.Source.DrainAsync(limit, cancel))).ConfigureAwait(false);
        }
        catch (NasException)
        {
            // The server does not answer, but the messages that arrived are still handled.
        }
        var left = limit - clock.Elapsed;
        await Task.WhenAny(
                Task.WhenAll(jobs.Select(j => j.Ended)),
                Task.Delay(left > TimeSpan.Zero ? left : TimeSpan.Zero, cancel)
            )
            .ConfigureAwait(false);
    }

    /// <summary>Unsubscribes and ends the action, also one that is running. Takes less than a second.</summary>
    public override void StopJob()
    {
        _cancel.Cancel();
        Source.Stop();
        foreach (var worker in _workers)
        {
            worker.BeginStop();
        }

        if (!HaveEnded())
        {
            foreach (var worker in _workers.Where(w => !w.HasEnded(TimeSpan.Zero)))
            {
                worker.Interrupt();
            }

            HaveEnded();
        }
        Finish();
    }

    internal void Start(IEnumerable<ActionWorker> workers)
    {
        _workers.AddRange(workers);
        _running = _workers.Count;
        PSBeginTime = WallClock.Now;
        SetJobState(JobState.Running);
        _store.Closing += StopJob;
        Source.Connection.Denials.Claiming += Claims;
        lock (Running)
        {
            Running.Add(this);
        }

        Source.Begin(this);
        foreach (var worker in _workers)
        {
            worker.Start();
        }
    }

    /// <summary>Writes output of the action.</summary>
    /// <param name="output">The object.</param>
    /// <param name="messageSize">The size of the message the action handles, by which the object's size is
    /// estimated.</param>
    internal void Write(PSObject? output, int messageSize)
    {
        JobStreams.MessageSize = messageSize;
        Add(Output, output!);
    }

    /// <inheritdoc cref="Write(PSObject?, int)"/>
    internal void Write(ErrorRecord error, int messageSize)
    {
        JobStreams.MessageSize = messageSize;
        Add(Error, error);
    }

    /// <summary>
    /// Adds a record, unless the job has ended: an action that stops late may still have something to say.
    /// </summary>
    internal static void Add<T>(PSDataCollection<T> stream, T record)
    {
        try
        {
            if (stream.IsOpen)
            {
                stream.Add(record);
            }
        }
        catch (InvalidOperationException) when (!stream.IsOpen)
        {
            // It ended just now.
        }
    }

    internal void Warn(string text) => Add(Warning, new WarningRecord(TerminalText.Line(text)));

    internal void CountDeadLetter() => Interlocked.Increment(ref _deadLetters);

    internal void CountFailed() => Interlocked.Increment(ref _failed);

    internal void OnEnded(ActionWorker worker, Exception? error)
    {
        if (error is not null)
        {
            _failure ??= error;
            // Nobody would read the messages.
            if (Volatile.Read(ref _running) == 1)
            {
                Source.Stop();
            }
        }
        if (Interlocked.Decrement(ref _running) != 0)
        {
            return;
        }

        ConfirmReplies();
        Finish();
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing && Volatile.Read(ref _finished) == 0)
        {
            StopJob();
        }

        base.Dispose(disposing);
    }

    /// <summary>Denied answers, and the end of its subscription, are errors of the job.</summary>
    private bool Claims(NasException error, NasSubscription? subscription)
    {
        if (subscription is not null || Source.Claims(error, null))
        {
            return Source.Claims(error, subscription);
        }

        if (error.Target is not { } topic || !_workers.Exists(w => w.Feed.Replies.Contains(topic)))
        {
            return false;
        }

        Add(Error, NasErrorRecord.From(error));
        return true;
    }

    /// <summary>The denial of a last answer still belongs to the job.</summary>
    private void ConfirmReplies()
    {
        if (!_workers.Exists(w => w.Feed.Replies.Any) || _cancel.IsCancellationRequested)
        {
            return;
        }

        try
        {
            Source.Connection.PingAsync(ConfirmLimit, _cancel.Token).GetAwaiter().GetResult();
        }
        catch (Exception e) when (e is NasException or OperationCanceledException)
        {
            // Without the server nothing more comes.
        }
    }

    private void Bound<T>(PSDataCollection<T> stream, Func<T, long> sizeOf)
    {
        var bound = new StreamBound<T>(stream, sizeOf, WarnOnce);
        _dropped.Add(() => bound.Dropped);
    }

    private void WarnOnce()
    {
        if (Interlocked.Exchange(ref _warned, 1) != 0)
        {
            return;
        }

        Add(
            Warning,
            new WarningRecord(
                "Nobody receives what the action writes: the oldest records are dropped. Each stream keeps at most 20,000 records and 32 MiB; "
                    + "DroppedRecords counts the others. Receive-Job takes the records, and an action without output needs none."
            )
        );
    }

    private bool HaveEnded()
    {
        var clock = Stopwatch.StartNew();
        return _workers.TrueForAll(w => w.HasEnded(clock.Elapsed < Grace ? Grace - clock.Elapsed : TimeSpan.Zero));
    }

    private void Finish()
    {
        if (Interlocked.Exchange(ref _finished, 1) != 0)
        {
            return;
        }

        _store.Closing -= StopJob;
        Source.Connection.Denials.Claiming -= Claims;
        lock (Running)
        {
            Running.Remove(this);
        }

        PSEndTime = WallClock.Now;
        Source.Close();
        var failure = _failure ?? Source.Error;
        if (failure is not null)
        {
            Add(Error, NasErrorRecord.From(failure, Subscription ?? (object)Subject));
        }

        SetJobState(
            _cancel.IsCancellationRequested ? JobState.Stopped
            : failure is not null ? JobState.Failed
            : JobState.Completed
        );
        _ended.TrySetResult(true);
    }
}

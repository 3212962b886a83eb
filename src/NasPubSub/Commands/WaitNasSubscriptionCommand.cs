using System.Diagnostics;
using System.Management.Automation;
using NasPubSub.Completion;
using NasPubSub.Daemon;
using NasPubSub.Errors;
using NasPubSub.Payloads;

namespace NasPubSub.Commands;

/// <summary>
/// Wait-NasSubscription: returns when subscriptions have ended. When the process is told to stop, it ends them in
/// order, so that a script which runs as a service comes to its end.
/// </summary>
[Cmdlet(VerbsLifecycle.Wait, "NasSubscription", DefaultParameterSetName = "All")]
[OutputType(typeof(void))]
public sealed class WaitNasSubscriptionCommand : NasSessionCmdlet
{
    /// <summary>How often it looks for subscriptions that are new or have ended.</summary>
    private static readonly TimeSpan Look = TimeSpan.FromMilliseconds(200);
    private static readonly TimeSpan ExitLimit = TimeSpan.FromSeconds(5);
    private static readonly TimeSpan LeastFlush = TimeSpan.FromMilliseconds(200);

    private readonly List<NasSubscription> _given = [];
    private readonly List<NasSubscriptionJob> _jobs = [];
    private readonly List<NasConnection> _sessions = [];
    private readonly HashSet<NasSubscription> _waitedFor = [];
    private readonly HashSet<NasSubscriptionJob> _waitedForJobs = [];
#if !NETSTANDARD2_0
    private bool _isWarned;
#endif

    /// <summary>The subscriptions.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = "Subscription", ValueFromPipeline = true)]
    [ValidateNotNull]
    public NasSubscription[] Subscription { get; set; } = [];

    /// <summary>The jobs of subscriptions.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = "Job", ValueFromPipeline = true)]
    [ValidateNotNull]
    public NasSubscriptionJob[] Job { get; set; } = [];

    /// <summary>All subscriptions to these subjects, as they were given to Register-NasSubscription.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = "Subject", ValueFromPipeline = true)]
    [ArgumentCompleter(typeof(SubjectCompleter))]
    [ValidateNotNullOrEmpty]
    [TypedTextTransformation]
    public string[] Subject { get; set; } = [];

    /// <summary>Sessions from the pipeline, as Get-NasConnection lists them.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "Session", ValueFromPipeline = true)]
    [ValidateNotNull]
    public NasConnection? InputObject { get; set; }

    /// <summary>Stops the wait after that time, as a signal does.</summary>
    [Parameter]
    [DurationTransformation]
    public NasDuration? Timeout { get; set; }

    /// <summary>How long the end in order may take.</summary>
    [Parameter]
    [DurationTransformation]
    public NasDuration StopTimeout { get; set; } = new(TimeSpan.FromSeconds(30));

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        switch (ParameterSetName)
        {
            case "Subscription":
                _given.AddRange(Subscription);
                break;
            case "Job":
                _jobs.AddRange(Job);
                break;
            case "Subject":
                foreach (var subject in Subject)
                {
                    Find(subject);
                }

                break;
            case "Session":
                _sessions.Add(InputObject!);
                break;
            // With a pipeline that is empty this never runs.
            default:
                _sessions.Add(Session());
                break;
        }
    }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        var connections = _sessions
            .Concat(_given.Select(s => s.Connection))
            .Concat(_jobs.Select(j => j.Source.Connection))
            .Distinct()
            .ToList();
        if (connections.Count == 0)
        {
            return;
        }

        Use(connections[0]);
        using var stop = new StopRequest(Prompt.IsAbsent(Host), StopTimeout);
#if NETSTANDARD2_0
        var reason = AwaitEnd(stop, static () => { });
#else
        using var notifier = ServiceNotifier.Start(connections);
        var reason = AwaitEnd(stop, () => WarnOnce(notifier));
        if (reason is not null)
        {
            notifier?.Stop($"Stopping: {reason}");
        }
#endif
        if (reason is not null)
        {
            WriteVerbose($"Stopping: {reason}.");
            End(connections);
        }

        foreach (var connection in connections)
        {
            ReportDenials(connection);
        }

        ReportFailures();
    }

    private NasConnection Session()
    {
        var session = NasOrNull;
        if (session is null)
        {
            Fail(
                FindFailedConnect()
                    ?? new NasException(NasError.NotConnected, "There is no session to wait for.")
            );
        }

        if (session.State == NasConnectionState.Closed)
        {
            Fail(session.LastError ?? new NasException(NasError.ConnectionClosed, "The session is closed."), session);
        }

        // Those of -MaxMessages may have ended already.
        if (session.Subscriptions.Count == 0 && !SessionJobs(session).Any())
        {
            WriteWarning("The session has no subscription to wait for.");
        }

        return session;
    }

    /// <summary>The jobs of a session, those that have ended included.</summary>
    private IEnumerable<NasSubscriptionJob> SessionJobs(NasConnection? session) =>
        JobRepository.Jobs.OfType<NasSubscriptionJob>().Where(j => j.Source.Connection == session);

    private void Find(string subject)
    {
        var found = (NasOrNull?.Subscriptions ?? []).Where(s => s.Subject == subject).ToList();
        _given.AddRange(found);
        if (found.Count > 0)
        {
            return;
        }
        // One of -MaxMessages may have ended already, with or without its last action.
        var jobs = SessionJobs(NasOrNull).Where(j => j.Source.Subject == subject).ToList();
        _jobs.AddRange(jobs);
        if (jobs.Count == 0)
        {
            WriteError(NasErrorRecord.SubscriptionNotFound($"subject '{subject}'", subject));
        }
    }

    /// <summary>Waits until they have ended, or something asks to stop.</summary>
    /// <returns>What asks to stop; null when they have ended by themselves.</returns>
    private string? AwaitEnd(StopRequest stop, Action meanwhile)
    {
        var clock = Stopwatch.StartNew();
        var limit = Timeout is { } time ? Task.Delay(time, Cancellation) : null;
        while (true)
        {
            // A session may get further subscriptions meanwhile.
            var (subscriptions, jobs) = Live();
            if (subscriptions.Count + jobs.Count == 0)
            {
                return null;
            }

            var look = Task.Delay(Look, Cancellation);
            var change = Task.WhenAny([stop.Made, limit ?? look, look, .. jobs.Select(j => j.Ended)]);
            AwaitActions(change, isOften: jobs.Exists(j => j.IsInCallerRunspace));
            meanwhile();
            if (stop.Made.IsCompleted)
            {
                return stop.Made.Result;
            }

            if (limit is { IsCompleted: true })
            {
                return $"-Timeout {Timeout!.Value.TotalSeconds:0.###} s";
            }
        }
    }

    /// <summary>What has not ended yet; jobs stand for their subscriptions.</summary>
    private (List<NasSubscription> Subscriptions, List<NasSubscriptionJob> Jobs) Live()
    {
        var subscriptions = _sessions.SelectMany(s => s.Subscriptions).Concat(_given).Distinct().ToList();
        var jobs = _sessions
            .SelectMany(NasSubscriptionJob.Of)
            .Concat(_given.SelectMany(s => NasSubscriptionJob.Of(s.Connection).Where(j => j.Subscription == s)))
            .Concat(_jobs)
            .Distinct()
            .ToList();
        _waitedFor.UnionWith(subscriptions);
        _waitedForJobs.UnionWith(jobs);
        // An action cannot wait for its own end.
        var own = jobs.FindAll(j => j.IsOwnAction);
        subscriptions.RemoveAll(s => !s.IsActive || own.Exists(j => j.Subscription == s));
        jobs.RemoveAll(j => j.Ended.IsCompleted || own.Contains(j));
        return (subscriptions, jobs);
    }

    /// <summary>
    /// Ends the subscriptions: no more messages arrive, those that arrived are handled, and published ones are sent.
    /// </summary>
    private void End(List<NasConnection> connections)
    {
        TimeSpan limit = StopTimeout;
        var clock = Stopwatch.StartNew();
        var (subscriptions, jobs) = Live();
        // Without an action, the buffered messages can still be read.
        subscriptions.RemoveAll(s => jobs.Exists(j => j.Subscription == s));
        AwaitActions(
            Task.WhenAll(
                subscriptions
                    .Select(s => UnsubscribeAsync(s, limit))
                    .Append(NasSubscriptionJob.DrainAsync(jobs, limit, Cancellation))
            )
        );
        if (StopRequest.IsRepeated)
        {
            // The process is ending, with an exit code that the end of the script would replace.
            Cancellation.WaitHandle.WaitOne(ExitLimit);
            throw new PipelineStoppedException();
        }

        var unhandled = jobs.Sum(j => (long)j.UnhandledMessages);
        if (unhandled > 0)
        {
            var late = jobs.Find(j => j.UnhandledMessages > 0) ?? jobs[0];
            WriteError(NasErrorRecord.StopTimedOut(late, limit, unhandled));
        }

        foreach (var connection in connections)
        {
            var left = limit - clock.Elapsed;
            Flush(connection, left > LeastFlush ? left : LeastFlush);
        }
    }

    private async Task UnsubscribeAsync(NasSubscription subscription, TimeSpan limit)
    {
        try
        {
            await subscription.DrainAsync(limit, Cancellation).ConfigureAwait(false);
        }
        catch (NasException)
        {
            // The server does not answer, but the subscription has ended.
        }
    }

    private void Flush(NasConnection connection, TimeSpan limit)
    {
        var clock = Stopwatch.StartNew();
        try
        {
            // What was published while the connection is broken goes out with the next.
            if (!connection.IsConnected && connection.PendingBytes > 0)
            {
                Await(connection.WaitConnectedAsync(limit, Cancellation));
            }

            if (connection.IsConnected || connection.PendingBytes > 0)
            {
                var left = limit - clock.Elapsed;
                Await(connection.PingAsync(left > TimeSpan.Zero ? left : TimeSpan.Zero, Cancellation));
            }
        }
        catch (NasException e)
        {
            // Without a publish there is nothing to lose.
            if (connection.Statistics.MessagesOut > 0)
            {
                Report(e, connection);
            }
        }
    }

    /// <summary>Why subscriptions or their session ended without a request.</summary>
    private void ReportFailures()
    {
        var failures = _waitedFor
            .Select(s => s.Error)
            .Concat(_waitedForJobs.Select(j => j.Source.Error))
            // Denied ones are reported with the session's other denials.
            .Where(e => e is not (null or NasException { Error: NasError.PermissionDenied }))
            .Distinct();
        foreach (var failure in failures)
        {
            Report(failure!);
        }
    }

#if !NETSTANDARD2_0
    /// <summary>The service manager would take the service for one that does not start.</summary>
    private void WarnOnce(ServiceNotifier? notifier)
    {
        if (notifier?.Failure is { } failure && !_isWarned)
        {
            _isWarned = true;
            WriteWarning($"The service manager at NOTIFY_SOCKET cannot be notified: {failure.Message}");
        }
    }
#endif
}

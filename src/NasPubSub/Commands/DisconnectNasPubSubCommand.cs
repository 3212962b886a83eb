using System.Diagnostics;
using System.Management.Automation;
using NasPubSub.Completion;
using NasPubSub.Errors;
using NasPubSub.Sessions;

namespace NasPubSub.Commands;

/// <summary>Disconnect-NasPubSub: drains a session and ends it. Without a session it does nothing.</summary>
[Cmdlet(VerbsCommunications.Disconnect, "NasPubSub", DefaultParameterSetName = "One", SupportsShouldProcess = true)]
[OutputType(typeof(void))]
public sealed class DisconnectNasPubSubCommand : NasSessionCmdlet
{
    private static readonly TimeSpan LeastDrain = TimeSpan.FromMilliseconds(200);

    /// <summary>
    /// How much too early a timer may end a drain that took all its time: the tick of Windows, and more.
    /// </summary>
    private static readonly TimeSpan TimerError = TimeSpan.FromMilliseconds(20);

    /// <summary>A connection or the name of a session; without it the default of this runspace.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true, ParameterSetName = "One")]
    [Alias("Name")]
    [ArgumentCompleter(typeof(SessionCompleter))]
    public override object? Connection { get; set; }

    /// <summary>Every session of this runspace.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "All")]
    public SwitchParameter All { get; set; }

    /// <summary>The time limit, including the actions that handle received messages.</summary>
    [Parameter]
    [DurationTransformation]
    public NasDuration? Timeout { get; set; }

    /// <summary>Closes immediately. Buffered messages are lost.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        var store = SessionStore.Current;
        if (!MyInvocation.BoundParameters.ContainsKey("WhatIf"))
        {
            store.FailedConnect = null;
            store.LastForgiven = SessionErrors.Cast<object>().FirstOrDefault();
        }
        if (All)
        {
            foreach (var session in store.Owned)
            {
                End(store, session.Connection);
            }

            return;
        }
        if (FindSession() is { } connection)
        {
            if (Connection is null && store.Owned.All(s => s.Connection != connection))
            {
                WriteVerbose($"The session '{connection.Name}' belongs to another runspace and stays open.");
                return;
            }

            End(store, connection);
        }
        else if (Connection is not null)
        {
            WriteError(SessionNotFound());
        }
    }

    private void End(SessionStore store, NasConnection connection)
    {
        if (!ShouldProcess(connection.ToString(), "Disconnect"))
        {
            return;
        }

        Use(connection);
        var limit = Force ? TimeSpan.Zero : Timeout ?? connection.Options.OperationTimeout;
        var clock = Stopwatch.StartNew();
        var jobs = NasSubscriptionJob.Of(connection).Where(j => !j.IsOwnAction).ToList();
        long unhandled = 0;
        var drained = false;
        try
        {
            if (!Force && jobs.Count > 0 && connection.State is not NasConnectionState.Closed)
            {
                unhandled = Await(jobs, limit);
            }

            var left = limit - clock.Elapsed;
            // Also if the actions used all of the time: their last replies are still to be sent.
            drained = Await(
                connection.DisconnectAsync(left > LeastDrain || Force ? left : LeastDrain, drain: !Force, Cancellation)
            );
        }
        finally
        {
            // Ctrl+C cuts the drain short, but the connection still closes.
            _ = connection.DisconnectAsync(drain: false);
            store.Forget(connection);
        }
        ReportDenials();
        if (Force || (drained && unhandled == 0))
        {
            return;
        }

        WriteError(
            unhandled > 0 || clock.Elapsed + TimerError >= limit
                ? NasErrorRecord.DisconnectTimedOut(connection, limit, unhandled)
                : NasErrorRecord.DisconnectedEarly(connection)
        );
    }

    /// <summary>
    /// Ends the jobs' subscriptions at the server and waits until their actions have handled the messages that arrived.
    /// </summary>
    /// <returns>How many messages are left unhandled when the time is over.</returns>
    private long Await(List<NasSubscriptionJob> jobs, TimeSpan limit)
    {
        AwaitActions(NasSubscriptionJob.DrainAsync(jobs, limit, Cancellation));
        return jobs.Sum(j => (long)j.UnhandledMessages);
    }
}

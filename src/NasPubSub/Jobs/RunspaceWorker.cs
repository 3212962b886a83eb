using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Runspaces;
using NasPubSub.Sessions;

namespace NasPubSub.Jobs;

/// <summary>Where an action's runspace comes from.</summary>
internal sealed record ActionOrigin(
    string? Module,
    string? Location,
    PSLanguageMode Language,
    ScriptBlock Action,
    IDictionary<string, object?> Usings
);

/// <summary>A background thread with a runspace of its own, which runs the action for message after message.</summary>
internal sealed class RunspaceWorker : ActionWorker
{
    private readonly NasSubscriptionJob _job;
    private readonly ActionOrigin _origin;
    private ActionPipeline? _pipeline;

    public RunspaceWorker(NasSubscriptionJob job, ActionOrigin origin, ActionFeed feed, CancellationToken cancel)
        : base(job, feed, cancel) => (_job, _origin) = (job, origin);

    protected override void Work()
    {
        using var feed = Feed;
        using var runspace = Open();
        Feed.ErrorVariable = runspace.SessionStateProxy.GetVariable("Error") as ArrayList;
        using var shell = PowerShell.Create();
        shell.Runspace = runspace;
        var (script, action) = ActionScript.Detach(_origin.Action);
        using var pipeline = new ActionPipeline(shell, _job, Feed, script, action, _origin.Usings, local: false);
        Volatile.Write(ref _pipeline, pipeline);
        Interruptible(() =>
        {
            while (!Cancel.IsCancellationRequested && Feed.Fill())
            {
                pipeline.Run();
            }
        });
    }

    protected override void StopWork() => Volatile.Read(ref _pipeline)?.Stop();

    private Runspace Open()
    {
        var state = InitialSessionState.CreateDefault2();
        // The action has the same restrictions as the caller.
        state.LanguageMode = _origin.Language;
        if (_origin.Module is { } module)
        {
            state.ImportPSModule([module]);
        }

        var runspace = RunspaceFactory.CreateRunspace(state);
        runspace.ThreadOptions = PSThreadOptions.UseCurrentThread;
        runspace.Name = _job.Name;
        runspace.Open();
        // The action publishes on the connection its messages come by; this runspace does not close it.
        SessionStore.Of(runspace).Add(_job.Source.Connection, owned: false);
        if (_origin.Location is { } location)
        {
            runspace.SessionStateProxy.Path.SetLocation(WildcardPattern.Escape(location));
        }

        return runspace;
    }
}

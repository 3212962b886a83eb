using System.Management.Automation;
using System.Management.Automation.Host;

namespace NasPubSub.Jobs;

/// <summary>
/// Runs the action in the caller's runspace, between its statements: a background thread waits for messages and wakes
/// the engine by one event, whose handler takes all there are, in order; only then comes the next event.
/// </summary>
internal sealed class CallerWorker : ActionWorker
{
    // The engine runs this between statements of the caller, or by itself while the caller is idle.
    private static readonly string Handler = "$Event.MessageData.Invoke()";

    private static readonly TimeSpan LastWait = TimeSpan.FromSeconds(1);

    private readonly ScriptBlock _call = ScriptBlock.Create("$args[0].Invoke()");
    private readonly NasSubscriptionJob _job;
    private readonly ActionOrigin _origin;
    private readonly SessionState? _state;
    private readonly PSEventManager _events;
    private readonly PSHostUserInterface _host;
    private readonly PSEventSubscriber _subscriber;
    private readonly string _id = "NasPubSub." + Guid.NewGuid().ToString("N");
    private readonly ManualResetEventSlim _handled = new();
    private ActionPipeline? _pipeline;

    public CallerWorker(
        NasSubscriptionJob job,
        ActionOrigin origin,
        ActionFeed feed,
        PSEventManager events,
        SessionState caller,
        PSHostUserInterface host,
        CancellationToken cancel
    )
        : base(job, feed, cancel)
    {
        (_job, _origin, _events, _host) = (job, origin, events, host);
        // A block sees the variables of its enclosing scopes, whoever registered it.
        _state =
            origin.Action.Module is { } module ? module.SessionState
            : caller.Module is null ? caller
            : null;
        _subscriber = events.SubscribeEvent(
            null,
            null,
            _id,
            null,
            ScriptBlock.Create(Handler),
            supportEvent: true,
            forwardEvent: false
        );
    }

    protected override void Work()
    {
        try
        {
            while (!Cancel.IsCancellationRequested && Feed.Fill())
            {
                _handled.Reset();
                _events.GenerateEvent(_id, null, [], PSObject.AsPSObject((Action)Handle));
                _handled.Wait(Cancel);
            }
        }
        finally
        {
            _events.UnsubscribeEvent(_subscriber);
            // Stopped: the action may still answer its request.
            if (Volatile.Read(ref _pipeline) is not null)
            {
                _handled.Wait(LastWait);
            }
        }
    }

    protected override void StopWork() => Volatile.Read(ref _pipeline)?.Stop();

    private void Handle()
    {
        // The engine runs an event's handler in a module of its own, which sees nothing of the script that waits
        // meanwhile.
        if (_state is null)
        {
            Run();
        }
        else
        {
            _state.InvokeCommand.InvokeScript(_state, _call, (Action)Run);
        }
    }

    private void Run()
    {
        try
        {
            var (script, action) = ActionScript.Detach(_origin.Action, "3>&1 4>&1 5>&1 6>&1");
            // The block of a module keeps the module's functions and variables.
            if (_origin.Action.Module is { } module)
            {
                action = module.NewBoundScriptBlock(action);
            }

            using var pipeline = new ActionPipeline(
                PowerShell.Create(RunspaceMode.CurrentRunspace),
                _job,
                Feed,
                script,
                action,
                _origin.Usings,
                local: true
            );
            Volatile.Write(ref _pipeline, pipeline);
            HostProgress.During(
                _host,
                pipeline.Shell,
                () =>
                {
                    Feed.BeginTurn();
                    while (!Cancel.IsCancellationRequested && Feed.FillTurn())
                    {
                        pipeline.Run();
                    }
                }
            );
        }
        finally
        {
            Volatile.Write(ref _pipeline, null);
            _handled.Set();
        }
    }
}

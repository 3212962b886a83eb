using System.Collections.ObjectModel;
using System.Management.Automation;
using NasPubSub.Daemon;
using NasPubSub.Errors;

namespace NasPubSub.Jobs;

/// <summary>An action's pipeline, started again for as long as there are messages.</summary>
internal sealed class ActionPipeline : IDisposable
{
    private static readonly PSInvocationSettings Settings = new() { ExposeFlowControlExceptions = true };

    private readonly PowerShell _shell;
    private readonly ActionFeed _feed;
    private readonly Output _output;

    public ActionPipeline(
        PowerShell shell,
        NasSubscriptionJob job,
        ActionFeed feed,
        string script,
        ScriptBlock action,
        IDictionary<string, object?> usings,
        bool local
    )
    {
        (_shell, _feed, _output) = (shell, feed, local ? new MergedOutput(feed, job) : new Output(feed));
        _shell
            .AddScript(script, useLocalScope: local)
            .AddArgument(ReadActionMessageCommand.Info)
            .AddArgument(action)
            .AddArgument(feed);
        if (usings.Count > 0)
        {
            _shell.AddParameter("--%", usings);
        }

        var errors = new PSDataCollection<ErrorRecord>();
        errors.DataAdded += (_, _) =>
        {
            foreach (var error in errors.ReadAll())
            {
                ActionScript.ShowPlace(error, action);
                feed.Report(error);
            }
        };
        _shell.Streams.Error = errors;
        _shell.Streams.Warning = job.Warning;
        _shell.Streams.Verbose = job.Verbose;
        _shell.Streams.Debug = job.Debug;
        _shell.Streams.Information = job.Information;
        _shell.Streams.Progress = job.Progress;
    }

    /// <summary>Runs until the feed has no more, or something in the action ends the pipeline.</summary>
    public void Run()
    {
        _feed.RunsHere = true;
        ActionThread.Enter();
        try
        {
            _shell.Invoke(null, _output, Settings);
            // In a nested pipeline the engine hides an exit, and a stop.
            _feed.Abandon();
        }
        catch (PipelineStoppedException)
        {
            _feed.Abandon();
        }
        catch (Exception e) when (e is ExitException or NotSupportedException or NotImplementedException)
        {
            // Of an exit in a nested pipeline the engine informs the host, and some hosts refuse that.
            _feed.Abandon();
        }
        catch (FlowControlException)
        {
            // A break or continue without a loop ends the action for this message.
        }
        catch (Exception e) when (e is RuntimeException or ThreadInterruptedException)
        {
            _feed.Report(NasErrorRecord.From(e));
        }
        finally
        {
            ActionThread.Leave();
            _feed.RunsHere = false;
        }
        _feed.Finish();
    }

    public void Stop()
    {
        try
        {
            _shell.BeginStop(null, null);
        }
        catch (ObjectDisposedException)
        {
            // It ended just now.
        }
    }

    public PowerShell Shell => _shell;

    public void Dispose() => _shell.Dispose();

    /// <summary>
    /// What the action puts out goes on as it comes, on the pipeline's thread: a last stage of its own would cost each
    /// object the binding of a parameter, 0.7 µs.
    /// </summary>
    private class Output(ActionFeed feed) : Collection<PSObject?>
    {
        protected override void InsertItem(int index, PSObject? item) => feed.Collect(item);
    }

    /// <summary>
    /// In a nested pipeline the engine writes warnings and the like to the host, not to the streams of the pipeline. So
    /// they are redirected into the output, and sorted out here.
    /// </summary>
    private sealed class MergedOutput(ActionFeed feed, NasSubscriptionJob job) : Output(feed)
    {
        protected override void InsertItem(int index, PSObject? item)
        {
            switch (item?.BaseObject)
            {
                case WarningRecord warning:
                    NasSubscriptionJob.Add(job.Warning, warning);
                    break;
                case VerboseRecord verbose:
                    NasSubscriptionJob.Add(job.Verbose, verbose);
                    break;
                case DebugRecord debug:
                    NasSubscriptionJob.Add(job.Debug, debug);
                    break;
                case InformationRecord information:
                    NasSubscriptionJob.Add(job.Information, information);
                    break;
                default:
                    base.InsertItem(index, item);
                    break;
            }
        }
    }
}

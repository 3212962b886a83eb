using System.Collections.ObjectModel;
using System.Management.Automation;
using NasPubSub.Errors;

namespace NasPubSub.Jobs;

/// <summary>An action's pipeline, started again for as long as there are messages.</summary>
internal sealed class ActionPipeline : IDisposable
{
    private readonly PowerShell _shell;
    private readonly ActionFeed _feed;
    private readonly Output _output;

    public ActionPipeline(PowerShell shell, NasSubscriptionJob job, ActionFeed feed, string script, ScriptBlock action, IDictionary<string, object?> usings, bool local)
    {
        (_shell, _feed, _output) = (shell, feed, new Output(feed));
        _shell.AddScript(script, useLocalScope: local)
            .AddArgument(ReadActionMessageCommand.Info).AddArgument(action).AddArgument(feed);
        if (usings.Count > 0) _shell.AddParameter("--%", usings);
        var errors = new PSDataCollection<ErrorRecord>();
        errors.DataAdded += (_, _) =>
        {
            foreach (var error in errors.ReadAll()) feed.Report(error);
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
        try
        {
            _shell.Invoke(null, _output);
        }
        catch (PipelineStoppedException)
        {
            // Stop-Job; the caller knows.
        }
        catch (Exception e) when (e is RuntimeException or ThreadInterruptedException)
        {
            _feed.Report(NasErrorRecord.From(e));
        }
        finally
        {
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

    public void Dispose() => _shell.Dispose();

    /// <summary>
    /// What the action puts out goes on as it comes, on the pipeline's thread: a last stage of its own would cost each object the
    /// binding of a parameter, 0.7 µs.
    /// </summary>
    private sealed class Output(ActionFeed feed) : Collection<PSObject?>
    {
        protected override void InsertItem(int index, PSObject? item) => feed.Collect(item);
    }
}

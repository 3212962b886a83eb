using System.Diagnostics;
using System.Management.Automation;
using System.Management.Automation.Runspaces;

namespace NasPubSub.Tests.Infrastructure;

/// <summary>A script that runs. Its streams can be read while it does.</summary>
internal sealed class ShellRun
{
    private readonly PowerShell _shell;
    private readonly Stopwatch _watch = Stopwatch.StartNew();
    private Task _stopping = Task.CompletedTask;

    internal ShellRun(Runspace runspace, string script, object?[] args)
    {
        _shell = PowerShell.Create(runspace);
        _shell.AddScript(script);
        foreach (var argument in args)
        {
            _shell.AddArgument(argument);
        }

        using var input = new PSDataCollection<PSObject>();
        input.Complete();
        Completed = FinishAsync(_shell.BeginInvoke(input, Output));
    }

    /// <summary>What it has emitted so far.</summary>
    public PSDataCollection<PSObject> Output { get; } = [];

    /// <summary>Errors, warnings and the rest so far.</summary>
    public PSDataStreams Streams => _shell.Streams;

    /// <summary>Done when the script has ended, in whatever way; never faulted.</summary>
    public Task<ShellResult> Completed { get; }

    /// <summary>Ctrl+C. Returns how long the pipeline took to end.</summary>
    public async Task<TimeSpan> StopAsync()
    {
        var watch = Stopwatch.StartNew();
        await (_stopping = Task.Run(_shell.Stop));
        await Completed;
        return watch.Elapsed;
    }

    private async Task<ShellResult> FinishAsync(IAsyncResult invocation)
    {
        RuntimeException? terminating = null;
        try
        {
            await Task.Factory.FromAsync(invocation, _shell.EndInvoke);
        }
        catch (RuntimeException e)
        {
            terminating = e;
        }

        // The engine's Stop looks at the shell until it returns, longer than the pipeline runs.
        await _stopping;
        using (_shell)
        {
            return new ShellResult(Output, _shell.Streams, terminating, _watch.Elapsed);
        }
    }
}

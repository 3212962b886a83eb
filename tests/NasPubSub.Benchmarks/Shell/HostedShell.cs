using System.Management.Automation;
using System.Management.Automation.Runspaces;

namespace NasPubSub.Benchmarks.Shell;

/// <summary>
/// A runspace of the hosted engine with the module under measurement and the cmdlets that do nothing.
/// </summary>
internal sealed class HostedShell : IDisposable
{
    private readonly Runspace _runspace;

    public HostedShell(bool withModule = true)
    {
        var state = InitialSessionState.CreateDefault2();
        if (withModule)
        {
            state.ImportPSModule([Path.Combine(ModuleBuild.Folder, "NasPubSub.dll")]);
            state.Commands.Add(new SessionStateCmdletEntry("Publish-Nothing", typeof(PublishNothingCommand), null));
            state.Commands.Add(new SessionStateCmdletEntry("Receive-Nothing", typeof(ReceiveNothingCommand), null));
        }
        _runspace = RunspaceFactory.CreateRunspace(state);
        _runspace.Open();
    }

    public object? this[string variable]
    {
        set => _runspace.SessionStateProxy.SetVariable(variable, value);
    }

    /// <summary>Runs a script; what goes wrong is thrown.</summary>
    public List<PSObject> Run(string script)
    {
        using var shell = PowerShell.Create(_runspace);
        var output = shell.AddScript(script).Invoke();
        if (shell.HadErrors && shell.Streams.Error.FirstOrDefault() is { } error)
        {
            throw new InvalidOperationException($"{script}: {error}", error.Exception);
        }

        return [.. output];
    }

    public T Get<T>(string script) => (T)Run(script).Single().BaseObject;

    public void Dispose() => _runspace.Dispose();
}

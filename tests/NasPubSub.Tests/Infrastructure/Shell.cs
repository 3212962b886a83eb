using System.Management.Automation;
using System.Management.Automation.Runspaces;
using Microsoft.PowerShell;
using NasPubSub.TestServer;

namespace NasPubSub.Tests.Infrastructure;

/// <summary>A fresh runspace with the module imported from its manifest, as in a new shell.</summary>
internal sealed class Shell : IDisposable
{
    private Shell(bool importModule)
    {
        var state = InitialSessionState.CreateDefault2();
        if (OperatingSystem.IsWindows())
        {
            // Windows allows no scripts unless a user says so, and types and formats are scripts.
            state.ExecutionPolicy = ExecutionPolicy.Bypass;
        }

        if (importModule)
        {
            state.ImportPSModule([ModuleUnderTest.Manifest]);
        }

        Runspace = RunspaceFactory.CreateRunspace(state);
        if (Wine.IsHere)
        {
            // A thread that ends during a garbage collection can end the process there.
            Runspace.ThreadOptions = PSThreadOptions.ReuseThread;
        }

        Runspace.Open();
        if (Wine.IsHere)
        {
            // PowerShell asks CIM for it, and Wine's never answers.
            const string Member = "-MemberName CommandLine -MemberType NoteProperty -Value none";
            Run($"Update-TypeData -TypeName System.Diagnostics.Process {Member} -Force");
        }

        if (importModule)
        {
            Run("if (-not (Get-Module NasPubSub)) { throw $Error[0] }");
        }
    }

    public Runspace Runspace { get; }

    /// <summary>Opens a shell with the module, or without it to time or test the import itself.</summary>
    public static Shell Open(bool importModule = true) => new(importModule);

    /// <summary>
    /// Runs a script to its end. What it emits and what goes wrong are in the result; nothing is thrown.
    /// </summary>
    public ShellResult Invoke(string script, params object?[] args) =>
        Start(script, args).Completed.GetAwaiter().GetResult();

    /// <summary>Runs a script that must not fail, and returns its output.</summary>
    public IReadOnlyList<PSObject> Run(string script, params object?[] args) =>
        Invoke(script, args).ThrowIfFailed().Output;

    /// <summary>Runs a script that must not fail and emit one value, and returns that.</summary>
    public T Get<T>(string script, params object?[] args) =>
        (T)LanguagePrimitives.ConvertTo(Assert.Single(Run(script, args)), typeof(T));

    /// <inheritdoc cref="Invoke"/>
    public Task<ShellResult> InvokeAsync(string script, params object?[] args) => Start(script, args).Completed;

    /// <summary>Starts a script, to look at it while it runs or to stop it. A runspace runs one at a time.</summary>
    public ShellRun Start(string script, params object?[] args) => new(Runspace, script, args);

    /// <summary>What a user sees of a script's output: formatted, errors and warnings included.</summary>
    public string Show(string script, params object?[] args)
    {
        using var shell = PowerShell.Create(Runspace);
        shell.AddScript(script);
        foreach (var argument in args)
        {
            shell.AddArgument(argument);
        }

        shell.Commands.Commands[^1].MergeMyResults(PipelineResultTypes.All, PipelineResultTypes.Output);
        return string.Concat(shell.AddCommand("Out-String").AddParameter("Width", 120).Invoke<string>());
    }

    public void Dispose() => Runspace.Dispose();
}

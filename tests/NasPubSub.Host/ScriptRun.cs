using System.Collections;
using System.Management.Automation;
using System.Management.Automation.Runspaces;

namespace NasPubSub.Host;

/// <summary>One script, from its start to an exit code.</summary>
internal sealed class ScriptRun(ConsoleHost host, Runspace runspace)
{
    private const int Interrupted = 130;

    public int Run(CommandLine line)
    {
        using var shell = PowerShell.Create(runspace);
        var stopped = false;
        ConsoleCancelEventHandler stop = (_, key) =>
        {
            key.Cancel = true;
            stopped = true;
            shell.BeginStop(null, null);
        };
        Console.CancelKeyPress += stop;
        try
        {
            AddScript(shell, line);
            // What a host does for each line it runs: all output and errors through the formatter, in their order.
            shell.Commands.Commands[^1].MergeMyResults(PipelineResultTypes.Error, PipelineResultTypes.Output);
            shell.AddCommand("Out-Default");
            shell.Invoke();
            return stopped ? Interrupted : host.ExitCode ?? LastExitCode() ?? 0;
        }
        catch (PipelineStoppedException)
        {
            return host.ExitCode ?? Interrupted;
        }
        catch (RuntimeException e)
        {
            Report(e);
            return host.ExitCode ?? 1;
        }
        finally
        {
            Console.CancelKeyPress -= stop;
        }
    }

    private static void AddScript(PowerShell shell, CommandLine line)
    {
        if (line.File is null)
        {
            // As in pwsh, the exit code of a command tells whether its last statement succeeded.
            shell.AddScript(line.Command + "\nif (-not $?) { exit 1 }", useLocalScope: false);
            return;
        }

        shell.AddCommand(Path.GetFullPath(line.File), useLocalScope: false);
        for (var i = 0; i < line.Arguments.Count; i++)
        {
            var argument = line.Arguments[i];
            if (argument.Length < 2 || argument[0] != '-' || !char.IsLetter(argument[1]))
            {
                shell.AddArgument(argument);
            }
            else if (argument.IndexOf(':') is > 0 and var colon)
            {
                shell.AddParameter(argument[1..colon], Value(argument[(colon + 1)..]));
            }
            else if (i + 1 < line.Arguments.Count && !line.Arguments[i + 1].StartsWith('-'))
            {
                shell.AddParameter(argument[1..], line.Arguments[++i]);
            }
            else
            {
                shell.AddParameter(argument[1..]);
            }
        }
    }

    private static object Value(string text) =>
        text.Equals("$true", StringComparison.OrdinalIgnoreCase) ? true
        : text.Equals("$false", StringComparison.OrdinalIgnoreCase) ? false : text;

    /// <summary>A script file's <c>exit n</c> ends the file only, and leaves n here.</summary>
    private int? LastExitCode() => runspace.SessionStateProxy.GetVariable("LASTEXITCODE") as int?;

    /// <summary>An error that ended the script, shown as the engine shows any other.</summary>
    private void Report(RuntimeException error)
    {
        using var shell = PowerShell.Create(runspace);
        // The formatter knows an error that went through an error pipe by this note.
        var record = new PSObject(error.ErrorRecord ?? new ErrorRecord(error, "Terminated", ErrorCategory.NotSpecified, null));
        record.Properties.Add(new PSNoteProperty("writeErrorStream", true));
        shell.AddCommand("Out-Default").Invoke(new ArrayList { record });
    }
}

using System.Management.Automation;
using System.Management.Automation.Runspaces;
using NasPubSub.Host;

// A PowerShell for machines that have none: the engine of the System.Management.Automation package and a plain console.
if (CommandLine.Parse(args) is not { } line)
{
    Console.Error.WriteLine(CommandLine.Usage);
    return 64;
}

if (line.File is { } file && !File.Exists(file))
{
    Console.Error.WriteLine($"nashost: there is no file {file}");
    return 64;
}

var host = new ConsoleHost(Console.Out, Console.Error);
using var runspace = RunspaceFactory.CreateRunspace(host, InitialSessionState.CreateDefault2());
runspace.Open();
return new ScriptRun(host, runspace).Run(line);

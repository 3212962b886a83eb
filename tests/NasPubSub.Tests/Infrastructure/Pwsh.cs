using System.Diagnostics;
using NasPubSub.TestServer;

namespace NasPubSub.Tests.Infrastructure;

/// <summary>
/// A real PowerShell in a process of its own: for what counts for all of a process, or happens at its end.
/// </summary>
internal static class Pwsh
{
    /// <summary>
    /// The one on PATH, else the one that tools/pwsh put into .tools, else this program if it is self-contained.
    /// <c>NAS_TEST_SHELL=powershell.exe</c> chooses Windows PowerShell, with the build for it.
    /// </summary>
    private static readonly string[] Executable =
        Folders().Select(folder => Path.Combine(folder, Name)).FirstOrDefault(File.Exists) is { } found ? [found]
        : File.Exists(Path.Combine(AppContext.BaseDirectory, "coreclr.dll"))
            ? [Environment.ProcessPath!, Program.AsPwsh, "-ExecutionPolicy", "Bypass"]
        : throw new FileNotFoundException("There is no pwsh. Run ./build.sh once, which fetches it.");

    private static string Name =>
        Environment.GetEnvironmentVariable("NAS_TEST_SHELL") is { Length: > 0 } chosen ? chosen
        : OperatingSystem.IsWindows() ? "pwsh.exe"
        : "pwsh";

    /// <summary>
    /// A process that imports the module and then runs a script. Its output and errors are to be read.
    /// </summary>
    /// <param name="script">What it runs.</param>
    /// <param name="manifest">The module; null for the one under test.</param>
    public static ProcessStartInfo WithModule(string script, string? manifest = null) =>
        new(
            Executable[0],
            [
                .. Executable[1..],
                "-NoProfile",
                "-NonInteractive",
                "-Command",
                $"Import-Module '{manifest ?? ModuleUnderTest.Manifest}'; {script}",
            ]
        )
        {
            RedirectStandardError = true,
            RedirectStandardOutput = true,
            // It may need a console, which this process may not have.
            CreateNoWindow = true,
        };

    private static IEnumerable<string> Folders() =>
        (Environment.GetEnvironmentVariable("PATH") ?? "")
            .Split(Path.PathSeparator)
            .Append(Path.Combine(NatsServerBinary.RepositoryRoot, ".tools", "pwsh"));
}

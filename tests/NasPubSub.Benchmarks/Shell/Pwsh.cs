using System.Diagnostics;

namespace NasPubSub.Benchmarks.Shell;

/// <summary>The real shell, where this machine has one.</summary>
internal static class Pwsh
{
    private static readonly string? Executable = (Environment.GetEnvironmentVariable("PATH") ?? "")
        .Split(Path.PathSeparator)
        .Select(folder => Path.Combine(folder, OperatingSystem.IsWindows() ? "pwsh.exe" : "pwsh"))
        .FirstOrDefault(File.Exists);

    public static bool IsThere => Executable is not null;

    /// <summary>A process that takes one line of script after the other.</summary>
    public static PwshSession Open() => new(Executable!);

    /// <summary>Runs a script in a fresh process and gives its output.</summary>
    public static async Task<string> RunAsync(string script)
    {
        using var process = Process.Start(
            new ProcessStartInfo(Executable!, ["-NoProfile", "-NonInteractive", "-Command", script])
            {
                RedirectStandardOutput = true,
            }
        )!;
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return process.ExitCode == 0
            ? output.Trim()
            : throw new InvalidOperationException($"pwsh ended with {process.ExitCode}: {output}");
    }
}

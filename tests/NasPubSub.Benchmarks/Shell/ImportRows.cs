using System.Diagnostics;
using System.Globalization;
using NasPubSub.Benchmarks.Measuring;
using NasPubSub.TestServer;

namespace NasPubSub.Benchmarks.Shell;

/// <summary>Import-Module of the manifest in a fresh process each time: an assembly is loaded once only.</summary>
internal static class ImportRows
{
    public const string Argument = "--import";

    private static string Manifest => Path.Combine(NatsServerBinary.RepositoryRoot, "NasPubSub.psd1");

    public static IEnumerable<Row> All =>
    [
        Import("hosted engine, over an empty module", HostedAsync, Goal.AtMost(40)),
        .. Pwsh.IsThere ? [Import("pwsh, over bare pwsh", PwshAsync, Goal.AtMost(40))] : Array.Empty<Row>(),
    ];

    /// <summary>What the fresh process does: imports an empty module, so that the engine is ready, then this one, and prints its milliseconds.</summary>
    public static void Measure()
    {
        using var shell = new HostedShell(withModule: false);
        var empty = Path.Combine(Directory.CreateTempSubdirectory("nas-bench-").FullName, "Empty.psd1");
        File.WriteAllText(empty, "@{ ModuleVersion = '1.0'; CmdletsToExport = @(); FunctionsToExport = @(); AliasesToExport = @() }");
        shell.Run($"Import-Module '{empty}'");
        var start = Stopwatch.GetTimestamp();
        shell.Run($"Import-Module '{Manifest}'");
        Console.WriteLine(Stopwatch.GetElapsedTime(start).TotalMilliseconds.ToString(CultureInfo.InvariantCulture));
        Directory.Delete(Path.GetDirectoryName(empty)!, recursive: true);
    }

    private static Row Import(string where, Func<Task<double>> milliseconds, Goal goal) =>
        new($"Import-Module, {where}", 1, [new Figure("ms", true, goal)],
            _ => Task.FromResult<IReadOnlyList<Contestant>>([new Contender(Role.Ours, Contestant.OursName, async _ => [await milliseconds()])]))
        { WarmUps = 1, BothBuilds = false };

    private static async Task<double> HostedAsync()
    {
        using var process = Process.Start(new ProcessStartInfo(Environment.ProcessPath!, [Argument]) { RedirectStandardOutput = true })!;
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return double.Parse(output, CultureInfo.InvariantCulture);
    }

    private static async Task<double> PwshAsync()
    {
        var bare = await TimeAsync("$null");
        return await TimeAsync($"Import-Module '{Manifest}'") - bare;

        static async Task<double> TimeAsync(string script)
        {
            var start = Stopwatch.GetTimestamp();
            await Pwsh.RunAsync(script);
            return Stopwatch.GetElapsedTime(start).TotalMilliseconds;
        }
    }
}

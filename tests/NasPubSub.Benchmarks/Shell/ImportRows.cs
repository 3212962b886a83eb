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

    /// <summary>
    /// What any module with a view and a type pays before its first line of code: the engine makes its tables anew.
    /// </summary>
    private const string EmptyName = "module of one view and one type";

    public static IEnumerable<Row> All =>
        [
            Import("hosted engine, over an empty module", HostedAsync),
            .. Pwsh.IsThere ? [Import("pwsh, over bare pwsh", PwshAsync)] : Array.Empty<Row>(),
        ];

    /// <summary>
    /// What the fresh process does: imports an empty module, so that the engine is ready, then this one, and prints its
    /// milliseconds.
    /// </summary>
    public static void Measure(string manifest)
    {
        using var shell = new HostedShell(withModule: false);
        using var empty = new EmptyModule(withView: false);
        shell.Run($"Import-Module '{empty.Manifest}'");
        var start = Stopwatch.GetTimestamp();
        shell.Run($"Import-Module '{manifest}'");
        Console.WriteLine(Stopwatch.GetElapsedTime(start).TotalMilliseconds.ToString(CultureInfo.InvariantCulture));
    }

    private static Row Import(string where, Func<string, Task<double>> milliseconds) =>
        new(
            $"Import-Module, {where}",
            1,
            [new Figure("ms", true, Goal.AtMost(40))],
            _ =>
            {
                var empty = new EmptyModule(withView: true);
                return Task.FromResult<IReadOnlyList<Contestant>>([
                    new Contender(Role.Ours, Contestant.OursName, async _ => [await milliseconds(Manifest)]),
                    new Contender(
                        Role.Limit,
                        EmptyName,
                        async _ => [await milliseconds(empty.Manifest)],
                        () =>
                        {
                            empty.Dispose();
                            return default;
                        }
                    ),
                ]);
            }
        )
        {
            WarmUps = 0,
            BothBuilds = false,
        };

    private static async Task<double> HostedAsync(string manifest)
    {
        using var process = Process.Start(
            new ProcessStartInfo(Environment.ProcessPath!, [Argument, manifest]) { RedirectStandardOutput = true }
        )!;
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        return double.Parse(output, CultureInfo.InvariantCulture);
    }

    private static async Task<double> PwshAsync(string manifest) =>
        double.Parse(
            await Pwsh.RunAsync(
                $"$watch = [Diagnostics.Stopwatch]::StartNew(); Import-Module '{manifest}'; $watch.Elapsed.TotalMilliseconds.ToString([cultureinfo]::InvariantCulture)"
            ),
            CultureInfo.InvariantCulture
        );
}

using System.Diagnostics;
using System.Runtime.InteropServices;
using NasPubSub.Benchmarks.Measuring;
using NasPubSub.Benchmarks.Micro;
using NasPubSub.Benchmarks.Rows;
using NasPubSub.Benchmarks.Shell;
using NasPubSub.TestServer;

namespace NasPubSub.Benchmarks;

internal static class Program
{
    private static IEnumerable<Row> AllRows =>
        [
            .. PublishRows.All,
            .. ReceiveRows.All,
            .. ConsumeRows.All,
            .. RequestRows.All,
            .. StreamPublishRows.All,
            .. PipelineRows.All,
            .. ImportRows.All,
            .. JsonRows.All,
            .. SessionRows.All,
            .. MemoryRows.All,
            .. GrowthRows.All,
        ];

    private static async Task<int> Main(string[] args)
    {
        if (args.Contains("--help"))
        {
            Console.WriteLine(Options.Usage);
            return 0;
        }
        if (args is [ImportRows.Argument, var manifest])
        {
            ImportRows.Measure(manifest);
            return 0;
        }
        if (args.Contains("--micro"))
        {
            MicroBenchmarks.Run(args.Contains("--quick"));
            return 0;
        }
        var options = Options.Parse(args);
        var rows = AllRows.Where(r => options.Wants(r.Name)).ToList();
        if (options.List)
        {
            foreach (var row in rows)
            {
                Console.WriteLine(row.Name);
            }

            return 0;
        }
        if (options.Build is { } build && build != ModuleBuild.Name)
        {
            return await AgainAsync(args, build);
        }

        await MeasureAsync(rows, options);
        // The other build has the same assembly names: a process of its own measures it.
        return options.Build is null
            ? await AgainAsync([.. args, "--build", ModuleBuild.Classic], ModuleBuild.Classic)
            : 0;
    }

    private static async Task MeasureAsync(List<Row> rows, Options options)
    {
        if (ModuleBuild.Name == ModuleBuild.Classic)
        {
            rows = [.. rows.Where(r => options.Quick ? r.IsKey : r.BothBuilds)];
        }

        await using var server = await NatsServer.StartAsync(
            "max_pending: 512MB\nwrite_deadline: \"60s\"\nmax_payload: 8MB\nping_interval: \"10m\"\n"
        );
        var bench = new Bench(server.Url, server.Port);
        var table = new Table(options.Samples);
        table.Head(
            $"{ModuleBuild.Name} on {RuntimeInformation.FrameworkDescription}, nats-server {server.Version}, {Environment.ProcessorCount} cores"
        );
        foreach (var row in rows)
        {
            table.Add(await Turns.RunAsync(row, bench, options));
        }

        table.Summary();
    }

    private static async Task<int> AgainAsync(string[] args, string build)
    {
        var start = new ProcessStartInfo(
            Environment.ProcessPath!,
            Environment.ProcessPath!.EndsWith("dotnet", StringComparison.Ordinal)
                ? [typeof(Program).Assembly.Location, .. args]
                : args
        )
        {
            Environment = { [ModuleBuild.Variable] = build },
        };
        using var process = Process.Start(start)!;
        await process.WaitForExitAsync();
        return process.ExitCode;
    }
}

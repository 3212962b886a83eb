using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Diagnosers;
using BenchmarkDotNet.Exporters;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Loggers;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;

namespace NasPubSub.Benchmarks.Micro;

/// <summary>
/// The parts by themselves, by BenchmarkDotNet: in this process, since the build under measurement is loaded here.
/// </summary>
internal static class MicroBenchmarks
{
    public static void Run(bool quick)
    {
        var job = (quick ? Job.ShortRun : Job.MediumRun).WithToolchain(InProcessEmitToolchain.Instance);
        var config = ManualConfig
            .CreateEmpty()
            .AddJob(job)
            .AddDiagnoser(MemoryDiagnoser.Default)
            .AddColumnProvider(BenchmarkDotNet.Columns.DefaultColumnProviders.Instance)
            .AddExporter(MarkdownExporter.GitHub)
            .AddLogger(ConsoleLogger.Default);
        BenchmarkRunner.Run(
            [typeof(ParserBenchmarks), typeof(SendBufferBenchmarks), typeof(SubjectBenchmarks), typeof(JsonBenchmarks)],
            config
        );
    }
}

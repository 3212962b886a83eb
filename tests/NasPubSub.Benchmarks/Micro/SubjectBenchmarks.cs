using BenchmarkDotNet.Attributes;
using NasPubSub.Protocol;

namespace NasPubSub.Benchmarks.Micro;

/// <summary>What a subject costs that was not the last one.</summary>
public class SubjectBenchmarks
{
    [Benchmark]
    public void Check() => Subjects.CheckPublish("orders.created.eu.1234");

    [Benchmark]
    public string ToWire() => Subjects.ToWire("default", "orders.created.eu.1234", true, "_INBOX");

    [Benchmark]
    public string ToShown() => Subjects.ToShown("default", "default.orders.created.eu.1234");

    [Benchmark]
    public bool Match() => Subjects.Matches("orders.*.eu.>", "orders.created.eu.1234");
}

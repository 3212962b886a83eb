using System.Collections;
using System.Management.Automation;
using BenchmarkDotNet.Attributes;
using NasPubSub.Payloads;

namespace NasPubSub.Benchmarks.Micro;

/// <summary>Objects of the pipeline to JSON.</summary>
public class JsonBenchmarks
{
    private readonly JsonPayloadWriter _writer = new(10, false, CancellationToken.None);
    private readonly PSObject _custom = new()
    {
        Properties =
        {
            new PSNoteProperty("Id", 17),
            new PSNoteProperty("Name", "a name"),
            new PSNoteProperty("Ok", true),
        },
    };
    private readonly Hashtable _table = new()
    {
        ["Id"] = 17,
        ["Name"] = "a name",
        ["Tags"] = new object[] { "a", "b", 3 },
    };
    private readonly PSObject _live = PSObject.AsPSObject(new Version(1, 2, 3, 4));

    [Benchmark]
    public int CustomObject() => _writer.Write(_custom).Length;

    [Benchmark]
    public int Hashtable() => _writer.Write(_table).Length;

    [Benchmark]
    public int LiveObject() => _writer.Write(_live).Length;
}

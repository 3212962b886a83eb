using System.Text;
using BenchmarkDotNet.Attributes;
using NasPubSub.Protocol;

namespace NasPubSub.Benchmarks.Micro;

/// <summary>A buffer of messages to operations: figures for each message.</summary>
public class ParserBenchmarks
{
    private const int Messages = 1000;

    private readonly Parser _parser = new(1 << 20);
    private byte[] _same = [],
        _mixed = [],
        _full = [];

    [GlobalSetup]
    public void Setup()
    {
        var payload = new string('x', 16);
        _same = Repeat(_ => $"MSG bench.subject 1 16\r\n{payload}\r\n");
        _mixed = Repeat(i => $"MSG bench.subject.{i} {i} 16\r\n{payload}\r\n");
        _full = Repeat(i =>
            $"HMSG bench.subject 1 _INBOX.abcdefghijklmnopqrstuv.{i} 30 46\r\nNATS/1.0\r\nTrace: 123456789\r\n\r\n{payload}\r\n"
        );
    }

    [Benchmark(OperationsPerInvoke = Messages)]
    public int SameSubject() => Parse(_same);

    [Benchmark(OperationsPerInvoke = Messages)]
    public int OtherSubjects() => Parse(_mixed);

    [Benchmark(OperationsPerInvoke = Messages)]
    public int HeadersAndReply() => Parse(_full);

    private static byte[] Repeat(Func<int, string> message) =>
        Encoding.ASCII.GetBytes(string.Concat(Enumerable.Range(1, Messages).Select(message)));

    private int Parse(byte[] bytes)
    {
        var sum = 0;
        for (var at = 0; at < bytes.Length;)
        {
            at += _parser.Read(bytes.AsSpan(at), out var operation);
            sum += operation.Payload.Length;
        }
        return sum;
    }
}

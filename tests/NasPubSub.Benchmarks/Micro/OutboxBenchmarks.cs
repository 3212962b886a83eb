using BenchmarkDotNet.Attributes;
using NasPubSub.Connection;
using NasPubSub.Protocol;

namespace NasPubSub.Benchmarks.Micro;

/// <summary>Publishes into the buffer, without a network behind it: what a caller of Publish pays.</summary>
public class OutboxBenchmarks
{
    private const int Messages = 1000;

    private readonly byte[] _payload = new byte[16];
    private readonly PublishHead _head = new(null, "bench.subject", false, "_INBOX");
    private readonly NasOptions _options = new() { ReconnectBufferBytes = int.MaxValue };
    private Outbox _outbox = null!;

    [IterationSetup]
    public void Fresh() => _outbox = new Outbox(_options);

    [Benchmark(OperationsPerInvoke = Messages)]
    public int Bytes()
    {
        var need = 0;
        for (var i = 0; i < Messages; i++) need += _outbox.TryPublish(_head, null, null, _payload, null);
        return need;
    }

    [Benchmark(OperationsPerInvoke = Messages)]
    public int Text()
    {
        var need = 0;
        for (var i = 0; i < Messages; i++) need += _outbox.TryPublish(_head, null, null, default, "sixteen letters!");
        return need;
    }
}

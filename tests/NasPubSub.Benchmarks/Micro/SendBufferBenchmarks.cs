using BenchmarkDotNet.Attributes;
using NasPubSub.Connection;
using NasPubSub.Protocol;
using NasPubSub.Transport;

namespace NasPubSub.Benchmarks.Micro;

/// <summary>
/// Publishes through the buffers and the write loop to a network that takes everything at once: what Publish costs.
/// </summary>
public class SendBufferBenchmarks
{
    private const int Messages = 10_000;

    private readonly byte[] _payload = new byte[16];
    private readonly EncodedSubject _subject = new(null, "bench.subject", false, "_INBOX");
    private readonly SendBuffer _buffer = new(new NasOptions());
    private Link _link = null!;

    [GlobalSetup]
    public void Attach()
    {
        _link = new Link(
            new Nowhere(),
            NasServerAddress.Parse("nats://127.0.0.1"),
            NasServerInfo.Parse("{\"max_payload\":1048576}"u8),
            [],
            null,
            new NasOptions()
        );
        _buffer.Attach(_link, []);
        _link.StartWriting(_buffer);
    }

    [GlobalCleanup]
    public void Close() => _link.Dispose();

    [Benchmark(OperationsPerInvoke = Messages)]
    public void Bytes()
    {
        for (var i = 0; i < Messages; i++)
        {
            while (_buffer.TryWrite(new OutgoingMessage(_subject, null, null, _payload, null), FlushMode.Queued) > 0)
            {
                Thread.Yield();
            }
        }
    }

    [Benchmark(OperationsPerInvoke = Messages)]
    public void Text()
    {
        for (var i = 0; i < Messages; i++)
        {
            while (
                _buffer.TryWrite(
                    new OutgoingMessage(_subject, null, null, default, "sixteen letters!"),
                    FlushMode.Queued
                ) > 0
            )
            {
                Thread.Yield();
            }
        }
    }

    private sealed class Nowhere : ByteTransport
    {
        public override bool IsTls => false;

        public override ValueTask<int> ReceiveAsync(byte[] buffer, int offset, int count) =>
            new(new TaskCompletionSource<int>().Task);

        public override ValueTask<int> SendAsync(byte[] buffer, int offset, int count) => new(count);

        public override void Dispose() { }
    }
}

using System.Collections.Concurrent;
using System.Text;
using NasPubSub.Connection;
using NasPubSub.Transport;

namespace NasPubSub.Client.Tests.Units;

/// <summary>A network without a network: tests give the bytes to read and look at those written.</summary>
internal sealed class FakeTransport : ByteTransport
{
    private readonly object _gate = new();
    private readonly StringBuilder _written = new();
    private readonly ConcurrentQueue<byte[]> _incoming = new();
    private readonly SemaphoreSlim _arrived = new(0);
    private readonly CancellationTokenSource _closed = new();

    public override bool IsTls => false;

    /// <summary>Bytes that one write takes at most.</summary>
    public int Most { get; set; } = int.MaxValue;

    /// <summary>While false, writes wait.</summary>
    public bool Takes { get; set; } = true;

    public string Written
    {
        get
        {
            lock (_gate)
            {
                return _written.ToString();
            }
        }
    }

    public bool IsClosed => _closed.IsCancellationRequested;

    /// <summary>A link over a new fake transport, to a server with these properties.</summary>
    public static (Link Link, FakeTransport Transport) Open(
        string info = """{"max_payload":1048576,"headers":true}""",
        NasOptions? options = null
    )
    {
        var transport = new FakeTransport();
        var address = NasServerAddress.Parse("nats://127.0.0.1:4222");
        return (
            new Link(
                transport,
                address,
                NasServerInfo.Parse(Encoding.UTF8.GetBytes(info)),
                [],
                null,
                options ?? new NasOptions()
            ),
            transport
        );
    }

    /// <summary>The server sends this.</summary>
    public void Receive(string text)
    {
        _incoming.Enqueue(Encoding.UTF8.GetBytes(text));
        _arrived.Release();
    }

    public override async ValueTask<int> ReceiveAsync(byte[] buffer, int offset, int count)
    {
        await _arrived.WaitAsync(_closed.Token);
        _incoming.TryDequeue(out var bytes);
        bytes!.CopyTo(buffer, offset);
        return bytes.Length;
    }

    public override async ValueTask<int> SendAsync(byte[] buffer, int offset, int count)
    {
        while (!Takes)
        {
            await Task.Delay(1, _closed.Token);
        }
        _closed.Token.ThrowIfCancellationRequested();
        var taken = Math.Min(count, Most);
        lock (_gate)
        {
            _written.Append(Encoding.UTF8.GetString(buffer, offset, taken));
        }
        return taken;
    }

    public override void Dispose() => _closed.Cancel();
}

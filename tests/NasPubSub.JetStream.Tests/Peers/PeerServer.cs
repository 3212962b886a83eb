using NasPubSub.JetStream.Tests.Infrastructure;
using NATS.Client.Core;
using NATS.Client.JetStream;
using NATS.Client.JetStream.Models;

namespace NasPubSub.JetStream.Tests.Peers;

/// <summary>One server, with this library on one end and NATS.Net on the other.</summary>
public sealed class PeerServer : IAsyncLifetime
{
    private readonly StreamServer _ours = new();
    private NatsConnection _connection = null!;
    private int _streams;

    public NasJetStream Ours => _ours.JetStream;

    public NatsJSContext Theirs { get; private set; } = null!;

    public Version Version => _ours.Server.Version;

    public async ValueTask InitializeAsync()
    {
        await _ours.InitializeAsync();
        _connection = new NatsConnection(new NatsOpts { Url = _ours.Server.Url });
        Theirs = new NatsJSContext(_connection);
    }

    /// <summary>Makes a stream with NATS.Net that keeps what is published below its name, which no other has.</summary>
    public async Task<string> CreateStreamAsync()
    {
        var name = $"S{Interlocked.Increment(ref _streams)}";
        await Theirs.CreateStreamAsync(new StreamConfig(name, [name + ".>"]) { Storage = StreamConfigStorage.Memory });
        return name;
    }

    public async ValueTask DisposeAsync()
    {
        await _connection.DisposeAsync();
        await _ours.DisposeAsync();
    }
}

using NasPubSub.TestServer;

namespace NasPubSub.Client.Tests.Safety;

/// <summary>A client held by a silent server, with one of everything that calls can be made on.</summary>
internal sealed class HeldClient : IAsyncDisposable
{
    private readonly FakeServer _server;
    private readonly NasOptions _options;
    private NasSubscription? _subscription;
    private NasMessage? _message;
    private NasConnectionPool? _pool;
    private NasBatchPublisher? _batch;

    private HeldClient(FakeServer server, NasOptions options)
    {
        _server = server;
        _options = options;
        Connection = new NasConnection(options);
    }

    public NasConnection Connection { get; }
    public NasSubscription Subscription => _subscription!;
    public NasMessage Message => _message!;
    public NasConnectionPool Pool => _pool ??= new(_options, size: 2);
    public NasBatchPublisher Batch => _batch ??= new(Connection, batchSize: 1);

    /// <param name="silence">How the server is silent.</param>
    /// <param name="limit">Every time-out of the options.</param>
    public static async Task<HeldClient> StartAsync(Silence silence, TimeSpan limit)
    {
        var server = SilentServer.Start(silence);
        var held = new HeldClient(
            server,
            new NasOptions
            {
                Servers = [server.Url],
                Namespace = null,
                MaxReconnects = -1,
                SendBufferBytes = 256 * 1024,
                ReconnectBufferBytes = 256 * 1024,
                ConnectTimeout = limit,
                OperationTimeout = limit,
                RequestTimeout = limit,
                SendTimeout = limit,
            }
        );
        if (!SilentServer.LetsIn(silence))
        {
            return held;
        }

        held._subscription = await held.Connection.SubscribeAsync("held");
        held._message = await held._subscription.ReadAsync().AsTask().WaitAsync(Eventually.DefaultDeadline);
        if (silence == Silence.AfterABreak)
        {
            await Eventually.TrueAsync(() => !held.Connection.IsConnected);
        }

        if (silence == Silence.AndReadsNothing)
        {
            await held.FillAsync();
        }

        return held;
    }

    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll([
            Connection.DisconnectAsync(drain: false),
            .. (_pool?.Connections ?? []).Select(c => c.DisconnectAsync(drain: false)),
        ]);
        await _server.DisposeAsync();
    }

    private async Task FillAsync()
    {
        var payload = new byte[32 * 1024];
        // Full is what does not change while one waits for room: a slow machine only looks so.
        for (var before = -1; before != Connection.PendingBytes;)
        {
            before = Connection.PendingBytes;
            try
            {
                while (true)
                {
                    using var late = new CancellationTokenSource(TimeSpan.FromMilliseconds(250));
                    await Connection.PublishAsync("held", payload, cancel: late.Token);
                }
            }
            catch (Exception e) when (e is OperationCanceledException or NasException { Error: NasError.BufferFull })
            {
                // Nothing more goes in.
            }
        }
    }
}

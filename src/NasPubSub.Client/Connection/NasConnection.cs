using System.Text;
using NasPubSub.Connection;
using NasPubSub.Messaging;

namespace NasPubSub;

/// <summary>
/// A session with NATS: one connection to a server, made again when it breaks, with everything that goes over it.
/// Thread-safe. It ends with <see cref="DisconnectAsync"/> or DisposeAsync, which send what is still buffered.
/// </summary>
public sealed partial class NasConnection : IAsyncDisposable, IDisposable
{
    private readonly object _gate = new();
    private readonly Outbox _outbox;
    private readonly ServerPool _pool;
    private readonly EventPump _events;
    private readonly SlotTable<NasSubscription> _subscriptions;
    private int _attempts;
    private long _messagesIn, _bytesIn, _reconnects, _dropped;

    /// <summary>As the Python client: host, port, namespace; connects in the background at once when <paramref name="autoConnect"/> is set.</summary>
    /// <exception cref="NasException">InvalidNamespace, InvalidOption.</exception>
    public NasConnection(string host = "localhost", int port = 4222, string? ns = "default", bool autoConnect = true)
        : this(new NasOptions { Servers = [$"nats://{(host.Contains(':') && !host.StartsWith('[') ? $"[{host}]" : host)}:{port}"], Namespace = ns, AutoConnect = autoConnect })
    {
        if (autoConnect) _ = ConnectAsync().ContinueWith(static t => _ = t.Exception, TaskScheduler.Default);
    }

    /// <summary>Does not touch the network: ConnectAsync does, or the first operation.</summary>
    /// <exception cref="NasException">InvalidNamespace, InvalidOption.</exception>
    public NasConnection(NasOptions options) : this(options, null, 0)
    {
    }

    private NasConnection(NasOptions options, NasConnection? parent, long firstSid)
    {
        Parent = parent;
        _subscriptions = new(firstSid);
        if (options.Namespace is { } ns) Protocol.Subjects.CheckNamespace(ns);
        Protocol.Subjects.CheckPublish(options.InboxPrefix);
        Options = options;
        _outbox = new Outbox(options);
        _pool = new ServerPool(options, parent?._pool);
        _events = new EventPump(this);
        _pings = new Timer(static c => ((NasConnection)c!).OnPingTimer(), this, Timeout.Infinite, Timeout.Infinite);
        _requestTimer = new Timer(static c => ((NasConnection)c!).OnRequestTimer(), this, Timeout.Infinite, Timeout.Infinite);
        _inboxBase = $"{options.InboxPrefix}.{UniqueId.New()}.";
        _inboxBaseBytes = Encoding.UTF8.GetBytes(_inboxBase);
    }

    /// <summary>How it was made.</summary>
    public NasOptions Options { get; }

    /// <summary>The name servers show for it.</summary>
    public string? Name => Options.Name;

    /// <summary>The namespace before every subject; null for none.</summary>
    public string? Namespace => Options.Namespace;

    /// <summary>Where it stands.</summary>
    public NasConnectionState State { get; private set; }

    /// <summary>Is a server there, right now?</summary>
    public bool IsConnected => State is NasConnectionState.Connected || (State is NasConnectionState.Draining && _link is not null);

    /// <summary>The present or last server's address, without credentials; null before the first.</summary>
    public string? Server { get; private set; }

    /// <summary>The servers it may connect to, those the cluster told of among them.</summary>
    public IReadOnlyList<string> Servers => _pool.Addresses;

    /// <summary>What the present or last server said of itself.</summary>
    public NasServerInfo? ServerInfo { get; private set; }

    /// <summary>Is the present connection encrypted?</summary>
    public bool IsTls => _link?.IsTls ?? false;

    /// <summary>The last measured round trip; null before the first PONG.</summary>
    public TimeSpan? RoundTrip => _link?.RoundTrip;

    /// <summary>Counters; reconnects do not reset them.</summary>
    public NasStatistics Statistics
    {
        get
        {
            var apart = Companions;
            return new(
                Interlocked.Read(ref _messagesIn) + apart.Sum(c => Interlocked.Read(ref c._messagesIn)), _outbox.Published,
                Interlocked.Read(ref _bytesIn) + apart.Sum(c => Interlocked.Read(ref c._bytesIn)), _outbox.PublishedBytes,
                Interlocked.Read(ref _reconnects), Interlocked.Read(ref _dropped), _outbox.Unconfirmed);
        }
    }

    /// <summary>How often it has tried to connect since it was last connected; 0 while it is.</summary>
    public int Attempts => Volatile.Read(ref _attempts);

    /// <summary>Bytes published that the network has not taken yet.</summary>
    public int PendingBytes => _outbox.Pending;

    /// <summary>The last error of the connection or the server; it stays when closed.</summary>
    public Exception? LastError { get; private set; }

    /// <summary>The live subscriptions, in the order they were made.</summary>
    public IReadOnlyList<NasSubscription> Subscriptions
    {
        get
        {
            var apart = Companions;
            lock (_gate) return [.. _subscriptions.ToList().Where(s => s != _inbox), .. apart.SelectMany(c => c.Subscriptions)];
        }
    }

    /// <summary>Raised one at a time and in order, on a thread of the pool, never on the read loop.</summary>
    public event Action<NasEvent>? Notified
    {
        add => _events.Handlers += value;
        remove => _events.Handlers -= value;
    }

    /// <summary>Closes without waiting for the network longer than a second; what is buffered is sent if that is enough.</summary>
    public void Dispose() => Task.Run(() => DisconnectAsync(TimeSpan.FromSeconds(1))).GetAwaiter().GetResult();

    /// <summary>Drains and closes.</summary>
    public async ValueTask DisposeAsync() => await DisconnectAsync().ConfigureAwait(false);

    /// <inheritdoc/>
    public override string ToString() =>
        Diagnostics.TerminalText.Line($"{Name ?? "connection"} to {Server ?? "no server yet"}: {State}");

    /// <summary>A topic as the user sees it.</summary>
    internal string Shown(string topic) => Protocol.Subjects.ToShown(Namespace, topic);

    private void Notify(NasEventKind kind, string message, Exception? error = null) =>
        _events.Add(new NasEvent(kind, Server, Diagnostics.TerminalText.Lines(message), error, WallClock.UtcNow));
}

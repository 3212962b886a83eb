#pragma warning disable CS0067, CA1822, IDE0060, CS1591, CA1852
namespace NasPubSub;

// STUB of the API (bodies come): cmdlets are written against it.
public sealed partial class NasConnection : IAsyncDisposable, IDisposable
{
    /// <summary>Seed's constructor. autoConnect: begins connecting in the background at once.</summary>
    public NasConnection(string host = "localhost", int port = 4222, string? ns = "default", bool autoConnect = true) => throw new NotImplementedException();
    /// <summary>Does not touch the network.</summary>
    public NasConnection(NasOptions options) => throw new NotImplementedException();

    public NasOptions Options => throw new NotImplementedException();
    public string? Name => throw new NotImplementedException();
    public string? Namespace => throw new NotImplementedException();
    public NasConnectionState State => throw new NotImplementedException();
    public bool IsConnected => throw new NotImplementedException();
    /// <summary>Address of the present (or last) server, no credentials; null before the first connect.</summary>
    public string? Server => throw new NotImplementedException();
    /// <summary>All addresses in the pool, discovered ones too.</summary>
    public IReadOnlyList<string> Servers => throw new NotImplementedException();
    public NasServerInfo? ServerInfo => throw new NotImplementedException();
    public bool IsTls => throw new NotImplementedException();
    public NasStatistics Statistics => throw new NotImplementedException();
    public Exception? LastError => throw new NotImplementedException();
    public IReadOnlyList<NasSubscription> Subscriptions => throw new NotImplementedException();
    /// <summary>Raised one at a time, in order, on a pool thread, never on the read loop.</summary>
    public event Action<NasEvent>? Notified;

    /// <summary>Throws NasException (ConnectFailed, AuthenticationFailed, TlsFailed, ProtocolError, ...). With RetryOnFailedConnect returns at once.</summary>
    public Task ConnectAsync(CancellationToken cancel = default) => throw new NotImplementedException();
    public Task<bool> WaitConnectedAsync(TimeSpan timeout, CancellationToken cancel = default) => throw new NotImplementedException();
    /// <summary>Drains (subscriptions end, buffers are sent) and closes. Never throws on timeout: closes anyway and returns false when something was not sent.</summary>
    public Task<bool> DisconnectAsync(TimeSpan? drainTimeout = null, bool drain = true, CancellationToken cancel = default) => throw new NotImplementedException();
    /// <summary>Breaks the connection and makes a new one, subscriptions kept.</summary>
    public Task ReconnectAsync(CancellationToken cancel = default) => throw new NotImplementedException();
    public void SetServers(IEnumerable<string> servers) => throw new NotImplementedException();
    /// <summary>Round-trip time.</summary>
    public Task<TimeSpan> PingAsync(TimeSpan? timeout = null, CancellationToken cancel = default) => throw new NotImplementedException();
    /// <summary>The server has processed all that was published before.</summary>
    public Task FlushAsync(TimeSpan? timeout = null, CancellationToken cancel = default) => throw new NotImplementedException();
    public void Dispose() => throw new NotImplementedException();
    public ValueTask DisposeAsync() => throw new NotImplementedException();

    /// <summary>Buffers; blocks (bounded by SendTimeout) only when the send buffer is full. Throws NasException.</summary>
    public void Publish(string subject, ReadOnlySpan<byte> payload, string? replyTo = null, NasHeaders? headers = null, bool useNamespace = true, CancellationToken cancel = default) => throw new NotImplementedException();
    public void Publish(string subject, string text, string? replyTo = null, NasHeaders? headers = null, bool useNamespace = true, CancellationToken cancel = default) => throw new NotImplementedException();
    public ValueTask PublishAsync(string subject, ReadOnlyMemory<byte> payload, string? replyTo = null, NasHeaders? headers = null, bool useNamespace = true, CancellationToken cancel = default) => throw new NotImplementedException();
    public ValueTask PublishAsync(string subject, string text, string? replyTo = null, NasHeaders? headers = null, bool useNamespace = true, CancellationToken cancel = default) => throw new NotImplementedException();

    /// <summary>Without handler: read from the subscription. Returns when the server has it (PING/PONG fence); a denied one throws PermissionDenied.</summary>
    public Task<NasSubscription> SubscribeAsync(string subject, Func<NasMessage, ValueTask>? handler = null, string? queueGroup = null, bool useNamespace = true, NasSubscriptionOptions? options = null, long maxMessages = 0, CancellationToken cancel = default) => throw new NotImplementedException();
    public Task<NasSubscription> SubscribePatternAsync(string pattern, Func<NasMessage, ValueTask>? handler = null, string? queueGroup = null, CancellationToken cancel = default) => throw new NotImplementedException();
    /// <summary>By sid; maxMessages > 0: after that many. False when there is no such subscription.</summary>
    public Task<bool> UnsubscribeAsync(long sid, long maxMessages = 0, bool drain = false, CancellationToken cancel = default) => throw new NotImplementedException();
    /// <summary>All of a subject; the number of subscriptions ended.</summary>
    public Task<int> UnsubscribeAsync(string subject, long maxMessages = 0, bool drain = false, CancellationToken cancel = default) => throw new NotImplementedException();

    /// <summary>Throws NasException NoResponders / RequestTimeout / PermissionDenied.</summary>
    public ValueTask<NasMessage> RequestAsync(string subject, ReadOnlyMemory<byte> payload, TimeSpan? timeout = null, NasHeaders? headers = null, bool useNamespace = true, CancellationToken cancel = default) => throw new NotImplementedException();
    public ValueTask<NasMessage> RequestAsync(string subject, string text, TimeSpan? timeout = null, NasHeaders? headers = null, bool useNamespace = true, CancellationToken cancel = default) => throw new NotImplementedException();
    /// <summary>Replies until count, timeout, idle time, or an empty message (sentinel). No responders throws. Time-out just ends.</summary>
    public IAsyncEnumerable<NasMessage> RequestManyAsync(string subject, ReadOnlyMemory<byte> payload, TimeSpan? timeout = null, int count = 0, TimeSpan? idleTimeout = null, bool stopOnEmpty = true, NasHeaders? headers = null, bool useNamespace = true, CancellationToken cancel = default) => throw new NotImplementedException();
    /// <summary>A new inbox subject.</summary>
    public string NewInbox() => throw new NotImplementedException();
    internal string Shown(string topic) => throw new NotImplementedException();
}

public sealed partial class NasSubscription : IAsyncDisposable
{
    public NasConnection Connection => throw new NotImplementedException();
    public long Sid => throw new NotImplementedException();
    public string Subject => throw new NotImplementedException();
    public string Topic => throw new NotImplementedException();
    public string? QueueGroup => throw new NotImplementedException();
    public long MaxMessages => throw new NotImplementedException();
    public int PendingMessages => throw new NotImplementedException();
    public long PendingBytes => throw new NotImplementedException();
    public long Delivered => throw new NotImplementedException();
    public long Dropped => throw new NotImplementedException();
    /// <summary>False once unsubscribed, at its maximum, denied or the connection closed. Buffered messages may still be read.</summary>
    public bool IsActive => throw new NotImplementedException();
    /// <summary>Ended, and all read.</summary>
    public bool IsCompleted => throw new NotImplementedException();
    /// <summary>Why the server ended it, if it did.</summary>
    public Exception? Error => throw new NotImplementedException();
    /// <summary>Blocks until there is at least one message, the end, or the timeout; the number of messages put into destination, 0 at end or timeout (see IsCompleted). Throws OperationCanceledException.</summary>
    public int Read(NasMessage[] destination, TimeSpan timeout, CancellationToken cancel = default) => throw new NotImplementedException();
    /// <summary>The next message; null at the end.</summary>
    public ValueTask<NasMessage?> ReadAsync(CancellationToken cancel = default) => throw new NotImplementedException();
    public IAsyncEnumerable<NasMessage> ReadAllAsync(CancellationToken cancel = default) => throw new NotImplementedException();
    public Task UnsubscribeAsync(long maxMessages = 0, CancellationToken cancel = default) => throw new NotImplementedException();
    /// <summary>Unsubscribes; what is buffered is still handled. Returns when the handler has had all, or the timeout.</summary>
    public Task DrainAsync(TimeSpan? timeout = null, CancellationToken cancel = default) => throw new NotImplementedException();
    /// <summary>Ended, and every message handled (or read).</summary>
    public Task Completion => throw new NotImplementedException();
    public ValueTask DisposeAsync() => throw new NotImplementedException();
}

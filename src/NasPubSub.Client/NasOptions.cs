namespace NasPubSub;

/// <summary>
/// How a connection is made and kept. Immutable, thread-safe; make a changed copy with <c>with</c>. Only
/// <see cref="Servers"/>, <see cref="Credentials"/> and <see cref="Tls"/> hold secrets, and none of them shows them.
/// </summary>
public sealed record NasOptions
{
    /// <summary>The client's version, as servers are told.</summary>
    internal static string ClientVersion { get; } =
        typeof(NasOptions).Assembly.GetName().Version?.ToString(3) ?? "0.0.0";

    /// <summary>
    /// Servers to try: <c>host</c>, <c>host:port</c>, <c>nats://</c>, <c>tls://</c>, <c>ws://</c>, <c>wss://</c>, with
    /// <c>user:password@</c> or <c>token@</c> before the host, percent-encoded. These credentials and the query of a
    /// WebSocket address can be set, not read; <c>with</c> keeps them. Default: nats://localhost:4222.
    /// </summary>
    public IReadOnlyList<string> Servers
    {
        get => [.. Addresses.Select(NasServerAddress.Redact)];
        init => Addresses = [.. value.SelectMany(NasServerAddress.Split)];
    }

    /// <summary>The servers as they were given. Secret.</summary>
    internal IReadOnlyList<string> Addresses { get; private init; } = ["nats://localhost:4222"];

    /// <summary>
    /// Takes the credentials out of the servers' addresses. If all addresses have the same, they become the
    /// <see cref="Credentials"/>, which servers named by the cluster get, too.
    /// </summary>
    /// <param name="preferOwn">The options' own credentials stay; those in the addresses are dropped.</param>
    /// <exception cref="NasException">InvalidOption: one is not an address.</exception>
    public NasOptions TakeAddressCredentials(bool preferOwn)
    {
        var bare = this with { Addresses = [.. Addresses.Select(NasServerAddress.WithoutCredentials)] };
        if (preferOwn)
        {
            return bare;
        }
        var servers = Addresses.Select(s => NasServerAddress.Parse(s)).ToList();
        if (
            servers.Count == 0
            || servers[0] is not { User: { } user } first
            || servers.Exists(s => s.User != user || s.Password != first.Password)
        )
        {
            return this;
        }
        var credentials = first.Password is { } password
            ? NasCredentials.UserPassword(user, password)
            : NasCredentials.Token(user);
        return bare with { Credentials = credentials };
    }

    /// <summary>Finds the addresses of a host; null for the system's way. For tests.</summary>
    internal Func<string, Task<System.Net.IPAddress[]>>? Resolver { get; init; }

    /// <summary>The name that servers show for this client. Default: none.</summary>
    public string? Name { get; init; }

    /// <summary>The namespace before every subject; null for none. Default: <c>default</c>.</summary>
    public string? Namespace { get; init; } = "default";

    /// <summary>Credentials for servers whose address has none. Default: none.</summary>
    public NasCredentials? Credentials { get; init; }

    /// <summary>TLS settings. Default: TLS if a server requires it.</summary>
    public NasTlsOptions Tls { get; init; } = new();

    /// <summary>Do operations connect if ConnectAsync was not called? Default: yes.</summary>
    public bool AutoConnect { get; init; } = true;

    /// <summary>How long one server may take to connect and answer the handshake. Default: 5 s (ADR-40).</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long a request waits for its reply if the call has no time-out. Default: 5 s.</summary>
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long flushes, fences and drains take at most if the call has no time-out. Default: 10 s.</summary>
    public TimeSpan OperationTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Time between pings to the server. Default: 2 minutes (ADR-40).</summary>
    public TimeSpan PingInterval { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>Pings without answer after which the connection counts as broken. Default: 2 (ADR-40).</summary>
    public int MaxPingsOut { get; init; } = 2;

    /// <summary>Ignores servers that the cluster names. Default: no (ADR-40).</summary>
    public bool IgnoreDiscoveredServers { get; init; }

    /// <summary>
    /// Tries servers, and the addresses of each, in the order given instead of a random one. Default: no (ADR-40).
    /// </summary>
    public bool KeepServerOrder { get; init; }

    /// <summary>
    /// Keeps trying when the first connect fails; ConnectAsync returns at once. Default: no (ADR-40).
    /// </summary>
    public bool RetryOnFailedConnect { get; init; }

    /// <summary>Does it connect again after a break? Default: yes.</summary>
    public bool Reconnect { get; init; } = true;

    /// <summary>Attempts in a row on one server before it is given up; negative for no limit. Default: 60.</summary>
    public int MaxReconnects { get; init; } = 60;

    /// <summary>
    /// Delay after the first round of failed attempts; it doubles with each round. Default: 100 ms. After a connection
    /// shorter than this, the client waits for the rest of it.
    /// </summary>
    public TimeSpan ReconnectWait { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>The longest delay between rounds. Default: 5 s.</summary>
    public TimeSpan ReconnectMaxWait { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>The part of the delay by which it varies at random. Default: 0.25.</summary>
    public double ReconnectJitter { get; init; } = 0.25;

    /// <summary>Returns the delay after a round, by its number from 1. Replaces the three settings above.</summary>
    public Func<int, TimeSpan>? ReconnectDelay { get; init; }

    /// <summary>
    /// Bytes of messages buffered while disconnected. Beyond it Publish fails with BufferFull; 0 buffers none.
    /// Default: 8 MiB.
    /// </summary>
    public int ReconnectBufferBytes { get; init; } = 8 * 1024 * 1024;

    /// <summary>Bytes of messages buffered while connected. Beyond it Publish waits. Default: 1 MiB.</summary>
    public int SendBufferBytes { get; init; } = 1024 * 1024;

    /// <summary>How long Publish waits for room before it fails with BufferFull. Default: 5 s.</summary>
    public TimeSpan SendTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// The largest message accepted from a server, in bytes; more is a protocol error. Default: 64 MiB, or the server's
    /// max_payload where that is larger; 1 GiB at most.
    /// </summary>
    public int MaxIncomingBytes
    {
        get => _maxIncomingBytes ?? UsualIncomingBytes;
        init => _maxIncomingBytes = value;
    }

    private const int UsualIncomingBytes = 64 * 1024 * 1024,
        MostIncomingBytes = 1024 * 1024 * 1024;
    private readonly int? _maxIncomingBytes;

    /// <summary>The largest message accepted from a server whose max_payload is this.</summary>
    internal int IncomingBytes(long maxPayload) =>
        _maxIncomingBytes ?? (int)Math.Min(Math.Max(maxPayload, UsualIncomingBytes), MostIncomingBytes);

    /// <summary>The prefix of inboxes, for accounts whose permissions ask for one. Default: _INBOX.</summary>
    public string InboxPrefix { get; init; } = "_INBOX";

    /// <summary>Does the server send this client's own messages back to its subscriptions? Default: yes.</summary>
    public bool Echo { get; init; } = true;

    /// <summary>Moves to another server when the present one announces its shutdown. Default: yes.</summary>
    public bool MoveOnLameDuck { get; init; } = true;

    /// <summary>The limits of subscriptions that have none of their own.</summary>
    public NasSubscriptionOptions Subscriptions { get; init; } = new();

    /// <summary>Servers and name; nothing secret.</summary>
    public override string ToString() =>
        $"{nameof(NasOptions)} {{ Servers = {string.Join(",", Servers)}, Name = {Name}, Namespace = {Namespace} }}";
}

/// <summary>What happens to a message when the buffer of its subscription is full.</summary>
public enum NasOverflow
{
    /// <summary>The new message is dropped.</summary>
    DropNew,

    /// <summary>The oldest message is dropped.</summary>
    DropOld,

    /// <summary>
    /// The client stops reading, so that the server waits, for <see cref="NasSubscriptionOptions.MaxWait"/> at most;
    /// then new messages are dropped. The subscription has a server connection of its own, so that no other waits with
    /// it. As the default of a connection, this also holds for each request for many replies. Blocks no thread.
    /// </summary>
    Wait,
}

/// <summary>The limits of a subscription. Immutable, thread-safe.</summary>
public sealed record NasSubscriptionOptions
{
    /// <summary>Messages kept until they are read. Default: 524,288.</summary>
    public int MaxPendingMessages { get; init; } = 512 * 1024;

    /// <summary>Payload and header bytes kept until they are read. Default: 64 MiB.</summary>
    public long MaxPendingBytes { get; init; } = 64 * 1024 * 1024;

    /// <summary>What happens over a limit. Default: the new message is dropped.</summary>
    public NasOverflow Overflow { get; init; } = NasOverflow.DropNew;

    /// <summary>
    /// Does SubscribeAsync wait until the server has the subscription? No saves a round trip; then a denial is an event
    /// and is in <see cref="NasSubscription.Error"/>. Default: yes.
    /// </summary>
    public bool Confirm { get; init; } = true;

    /// <summary>
    /// Is it in <see cref="NasConnection.Subscriptions"/>? No suits the inbox of a library that no user knows of.
    /// Default: yes.
    /// </summary>
    public bool IsListed { get; init; } = true;

    /// <summary>
    /// How long <see cref="NasOverflow.Wait"/> waits. Servers disconnect a client after 10 s. Default: 5 s.
    /// </summary>
    public TimeSpan MaxWait { get; init; } = TimeSpan.FromSeconds(5);
}

namespace NasPubSub;

/// <summary>
/// How a connection is made and kept. Change with <c>with</c>. Secrets live in <see cref="Servers"/>,
/// <see cref="Credentials"/> and <see cref="Tls"/> only, and none of them shows them.
/// </summary>
public sealed record NasOptions
{
    /// <summary>The client's version, as servers are told.</summary>
    internal static string ClientVersion { get; } =
        typeof(NasOptions).Assembly.GetName().Version?.ToString(3) ?? "0.0.0";

    /// <summary>
    /// Servers to try: <c>host</c>, <c>host:port</c>, <c>nats://</c>, <c>tls://</c>, <c>ws://</c>, <c>wss://</c>, with
    /// <c>user:password@</c> or <c>token@</c> where wanted, percent-encoded. What stands before the @ and
    /// the query of a WebSocket address can be set, not read; <c>with</c> keeps them. Default: nats://localhost:4222.
    /// </summary>
    public IReadOnlyList<string> Servers
    {
        get => [.. Addresses.Select(NasServerAddress.Redact)];
        init => Addresses = [.. value.SelectMany(NasServerAddress.Split)];
    }

    /// <summary>The servers as they were given. Secret.</summary>
    internal IReadOnlyList<string> Addresses { get; private init; } = ["nats://localhost:4222"];

    /// <summary>
    /// Takes the credentials out of the servers' addresses. Where all addresses have the same, they become the
    /// <see cref="Credentials"/>: then they are good for servers that the cluster names, too.
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

    /// <summary>The name servers show for this client.</summary>
    public string? Name { get; init; }

    /// <summary>The namespace before every subject; null for none. Default: <c>default</c>.</summary>
    public string? Namespace { get; init; } = "default";

    /// <summary>How to authenticate with servers whose address does not say it.</summary>
    public NasCredentials? Credentials { get; init; }

    /// <summary>How to encrypt.</summary>
    public NasTlsOptions Tls { get; init; } = new();

    /// <summary>Do operations connect by themselves when nobody called ConnectAsync? Default: yes.</summary>
    public bool AutoConnect { get; init; } = true;

    /// <summary>How long one server may take to connect and answer the handshake. Default: 5 s (ADR-40).</summary>
    public TimeSpan ConnectTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long a request waits for its reply when the call does not say. Default: 5 s.</summary>
    public TimeSpan RequestTimeout { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>How long flushes, fences and drains take at most when the call does not say. Default: 10 s.</summary>
    public TimeSpan OperationTimeout { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>Time between pings to the server. Default: 2 minutes (ADR-40).</summary>
    public TimeSpan PingInterval { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>Pings without answer after which the connection counts as broken. Default: 2 (ADR-40).</summary>
    public int MaxPingsOut { get; init; } = 2;

    /// <summary>Passes over servers that the cluster tells of. Default: no (ADR-40).</summary>
    public bool IgnoreDiscoveredServers { get; init; }

    /// <summary>
    /// Tries servers, and the addresses of each, in the order given instead of a random one. Default: no (ADR-40).
    /// </summary>
    public bool KeepServerOrder { get; init; }

    /// <summary>
    /// Keeps trying when the first connect fails; ConnectAsync returns at once. Default: no (ADR-40).
    /// </summary>
    public bool RetryOnFailedConnect { get; init; }

    /// <summary>Reconnects at all after a broken connection? Default: yes.</summary>
    public bool Reconnect { get; init; } = true;

    /// <summary>Attempts in a row on one server before it is given up; negative for no limit. Default: 60.</summary>
    public int MaxReconnects { get; init; } = 60;

    /// <summary>
    /// Delay after the first round of failed attempts; doubles each round. Default: 100 ms. A server that drops the
    /// client sooner than that is not dialled before it is over.
    /// </summary>
    public TimeSpan ReconnectWait { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>The longest delay between rounds. Default: 5 s.</summary>
    public TimeSpan ReconnectMaxWait { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>The delay varies at random by this part of itself. Default: 0.25.</summary>
    public double ReconnectJitter { get; init; } = 0.25;

    /// <summary>Own delay: number of the round (from 1) to delay. Replaces the three settings above.</summary>
    public Func<int, TimeSpan>? ReconnectDelay { get; init; }

    /// <summary>
    /// Bytes kept for sending while disconnected; over it Publish fails with BufferFull; 0 turns it off. Default: 8
    /// MiB.
    /// </summary>
    public int ReconnectBufferBytes { get; init; } = 8 * 1024 * 1024;

    /// <summary>Bytes not yet sent while connected; over it Publish waits. Default: 1 MiB.</summary>
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

    /// <summary>Moves to another server when the present one announces its end. Default: yes.</summary>
    public bool MoveOnLameDuck { get; init; } = true;

    /// <summary>What subscriptions start with.</summary>
    public NasSubscriptionOptions Subscriptions { get; init; } = new();

    /// <summary>Servers and name; nothing secret.</summary>
    public override string ToString() =>
        $"{nameof(NasOptions)} {{ Servers = {string.Join(",", Servers)}, Name = {Name}, Namespace = {Namespace} }}";
}

/// <summary>What a full subscription does with a further message.</summary>
public enum NasOverflow
{
    /// <summary>The new message is dropped.</summary>
    DropNew,

    /// <summary>The oldest message is dropped.</summary>
    DropOld,

    /// <summary>
    /// Reading waits, so that the server sends no more; at most <see cref="NasSubscriptionOptions.MaxWait"/>, then new
    /// messages are dropped. The subscription has a connection to the server of its own, so that no other waits with
    /// it; as a connection's default, the policy gives each request for many replies one, too. No thread is blocked.
    /// </summary>
    Wait,
}

/// <summary>A subscription's limits.</summary>
public sealed record NasSubscriptionOptions
{
    /// <summary>Messages kept until they are read. Default: 524,288.</summary>
    public int MaxPendingMessages { get; init; } = 512 * 1024;

    /// <summary>Payload and header bytes kept until they are read. Default: 64 MiB.</summary>
    public long MaxPendingBytes { get; init; } = 64 * 1024 * 1024;

    /// <summary>What happens over a limit. Default: the new message is dropped.</summary>
    public NasOverflow Overflow { get; init; } = NasOverflow.DropNew;

    /// <summary>
    /// Does SubscribeAsync wait until the server has the subscription? Without, it saves a round trip; a denial is an
    /// event, and in <see cref="NasSubscription.Error"/>. Default: yes.
    /// </summary>
    public bool Confirm { get; init; } = true;

    /// <summary>
    /// With <see cref="NasOverflow.Wait"/>: how long; servers cut a client off after 10 s. Default: 5 s.
    /// </summary>
    public TimeSpan MaxWait { get; init; } = TimeSpan.FromSeconds(5);
}

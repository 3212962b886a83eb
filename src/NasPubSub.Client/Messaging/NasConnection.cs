using NasPubSub.Connection;
using NasPubSub.Diagnostics;
using NasPubSub.Messaging;
using NasPubSub.Protocol;
using NasPubSub.Threading;

#pragma warning disable CS1573 // Overloads inherit the documentation of the parameters that they share.

namespace NasPubSub;

/// <summary>
/// A session with NATS: a connection to a server, made again when it breaks, with everything that goes over it.
/// Thread-safe. It ends with <see cref="DisconnectAsync"/> or DisposeAsync, which send what is still buffered.
/// </summary>
public sealed class NasConnection : IAsyncDisposable, IDisposable
{
    /// <summary>
    /// As the Python client: host, port, namespace. It connects in the background at once with
    /// <paramref name="autoConnect"/>.
    /// </summary>
    /// <exception cref="NasException">InvalidNamespace, InvalidOption.</exception>
    public NasConnection(string host = "localhost", int port = 4222, string? ns = "default", bool autoConnect = true)
        : this(
            new NasOptions
            {
                Servers = [NasServerAddress.UrlOf(host, port)],
                Namespace = ns,
                AutoConnect = autoConnect,
            }
        )
    {
        if (autoConnect)
        {
            _ = ConnectAsync().Observed();
        }
    }

    /// <summary>Does not touch the network: <see cref="ConnectAsync"/> does, or the first operation.</summary>
    /// <exception cref="NasException">InvalidNamespace, InvalidOption.</exception>
    public NasConnection(NasOptions options)
    {
        Core = new ConnectionCore(this, options);
        Metrics.Add(Core);
    }

    /// <summary>The options it was made with.</summary>
    public NasOptions Options => Core.Options;

    /// <summary>The name that servers show for it.</summary>
    public string? Name => Options.Name;

    /// <summary>The namespace before every subject; null for none.</summary>
    public string? Namespace => Options.Namespace;

    /// <summary>The state.</summary>
    public NasConnectionState State => Core.Status.State;

    /// <summary>Is it connected to a server now?</summary>
    public bool IsConnected => Core.Status.IsConnected;

    /// <summary>The present or last server's address, without credentials; null before the first.</summary>
    public string? Server => Core.Status.Server;

    /// <summary>The servers it may connect to, those that the cluster named included.</summary>
    public IReadOnlyList<string> Servers => Core.Pool.Addresses;

    /// <summary>The latest INFO of the present or last server; null before the first.</summary>
    public NasServerInfo? ServerInfo => Core.Status.ServerInfo;

    /// <summary>Is the present connection encrypted?</summary>
    public bool IsTls => Core.Status.Link?.IsTls ?? false;

    /// <summary>The last measured round trip; null before the first PONG.</summary>
    public TimeSpan? RoundTrip => Core.Status.Link?.RoundTrip;

    /// <summary>How often it has tried to connect since it was last connected; 0 while it is.</summary>
    public int Attempts => Core.Status.Attempts;

    /// <summary>Denials of the server that were not reported to a caller yet.</summary>
    public NasDenials Denials => Core.Denials;

    /// <summary>Bytes published that the network has not taken yet.</summary>
    public int PendingBytes => Core.Buffer.Pending;

    /// <summary>The last error of the connection or the server; it stays when closed.</summary>
    public Exception? LastError => Core.Status.LastError;

    /// <summary>Counters; reconnects do not reset them.</summary>
    public NasStatistics Statistics => Core.Statistics;

    /// <summary>
    /// The live subscriptions, in the order in which they were made, without those that are not to be listed.
    /// </summary>
    public IReadOnlyList<NasSubscription> Subscriptions =>
        [.. Core.Listed, .. Core.Dedicated.All.SelectMany(c => c.Listed)];

    /// <summary>Raised one at a time and in order, on a thread of the pool, never on the read loop.</summary>
    public event Action<NasEvent>? Notified
    {
        add => Core.Status.Notified += value;
        remove => Core.Status.Notified -= value;
    }

    internal ConnectionCore Core { get; }

    /// <summary>
    /// Connects; returns when the server has let the client in. Does nothing when connected already. With
    /// RetryOnFailedConnect it returns at once and keeps trying.
    /// </summary>
    /// <exception cref="NasException">ConnectFailed, AuthenticationFailed, TlsFailed, ProtocolError, LimitExceeded,
    /// ConnectionClosed.</exception>
    public Task ConnectAsync(CancellationToken cancel = default) => Core.ConnectAsync(cancel);

    /// <summary>Waits until connected; starts to connect if nobody has.</summary>
    /// <returns>False when it is not connected in time, or never will be.</returns>
    public Task<bool> WaitConnectedAsync(TimeSpan timeout, CancellationToken cancel = default) =>
        Core.Loop.WaitConnectedAsync(Deadline.In(timeout), cancel);

    /// <summary>Breaks the connection and makes another. Subscriptions and buffered messages stay (ADR-40).</summary>
    /// <param name="timeout">How long to wait; the client keeps trying after that. Default: OperationTimeout.</param>
    /// <param name="cancel">Ends the wait.</param>
    /// <exception cref="NasException">Timeout, NotConnected, ConnectionClosed.</exception>
    public Task ReconnectAsync(TimeSpan? timeout = null, CancellationToken cancel = default) =>
        Core.ReconnectAsync(timeout ?? Options.OperationTimeout, cancel);

    /// <summary>Replaces the servers to try from now on; the present connection stays (ADR-40).</summary>
    /// <exception cref="NasException">InvalidOption.</exception>
    public void SetServers(IEnumerable<string> servers) => Core.SetServers([.. servers]);

    /// <summary>A subject, filter or reply subject as it is on the wire: with the namespace if one applies.</summary>
    /// <param name="subject">As the user gives it.</param>
    /// <param name="useNamespace">False leaves it as it is.</param>
    public string ToWireSubject(string subject, bool useNamespace = true) =>
        Subjects.ToWire(Namespace, subject, useNamespace, Options.InboxPrefix);

    /// <summary>A subject on the wire as the user sees it: without the namespace, where it has it.</summary>
    public string FromWireSubject(string topic) => Subjects.ToShown(Namespace, topic);

    /// <summary>A publisher for many messages on one subject.</summary>
    /// <param name="subject">Without the namespace.</param>
    /// <param name="useNamespace">False sends to the subject as it stands.</param>
    /// <param name="batch">For a stream of messages: each may wait up to a millisecond, and leaves with others. Call
    /// <see cref="SendBatched"/> after the last.</param>
    /// <exception cref="NasException">InvalidSubject.</exception>
    public NasPublisher CreatePublisher(string subject, bool useNamespace = true, bool batch = false) =>
        new(Core, Core.Encode(subject, useNamespace), batch);

    /// <summary>Sends the messages that publishers made with <c>batch</c> hold. Does not wait.</summary>
    public void SendBatched() => Core.Buffer.FlushBatched();

    /// <summary>
    /// Publishes. The message is buffered, and sent by the write loop at once; the call blocks only while the buffer is
    /// full (at most SendTimeout), or while the first connect is under way.
    /// </summary>
    /// <param name="subject">Without the namespace.</param>
    /// <param name="payload">The bytes; copied.</param>
    /// <param name="replyTo">Where replies go, without the namespace.</param>
    /// <param name="headers">Headers; servers older than 2.2 take none.</param>
    /// <param name="useNamespace">False sends to the subject as it stands.</param>
    /// <param name="cancel">Ends the wait for room; then nothing was sent.</param>
    /// <exception cref="NasException">InvalidSubject, InvalidHeader, PayloadTooLarge, BufferFull, NotConnected
    /// (without auto-connect), ConnectionClosed, and those of <see cref="ConnectAsync"/>.</exception>
    public void Publish(
        string subject,
        ReadOnlyMemory<byte> payload,
        string? replyTo = null,
        NasHeaders? headers = null,
        bool useNamespace = true,
        CancellationToken cancel = default
    ) =>
        Core.Sender.Send(
            Core.CreateMessage(subject, useNamespace, payload, null, replyTo, headers),
            FlushMode.Queued,
            cancel
        );

    /// <inheritdoc cref="Publish(string, ReadOnlyMemory{byte}, string?, NasHeaders?, bool, CancellationToken)"/>
    /// <param name="text">The payload, sent as UTF-8.</param>
    public void Publish(
        string subject,
        string text,
        string? replyTo = null,
        NasHeaders? headers = null,
        bool useNamespace = true,
        CancellationToken cancel = default
    ) =>
        Core.Sender.Send(
            Core.CreateMessage(subject, useNamespace, default, text, replyTo, headers),
            FlushMode.Queued,
            cancel
        );

    /// <summary>Publishes, and waits without blocking a thread where Publish would block.</summary>
    /// <inheritdoc cref="Publish(string, ReadOnlyMemory{byte}, string?, NasHeaders?, bool, CancellationToken)"/>
    public ValueTask PublishAsync(
        string subject,
        ReadOnlyMemory<byte> payload,
        string? replyTo = null,
        NasHeaders? headers = null,
        bool useNamespace = true,
        CancellationToken cancel = default
    ) => Core.Sender.SendAsync(Core.CreateMessage(subject, useNamespace, payload, null, replyTo, headers), cancel);

    /// <inheritdoc cref="PublishAsync(string, ReadOnlyMemory{byte}, string?, NasHeaders?, bool, CancellationToken)"/>
    /// <param name="text">The payload, sent as UTF-8.</param>
    public ValueTask PublishAsync(
        string subject,
        string text,
        string? replyTo = null,
        NasHeaders? headers = null,
        bool useNamespace = true,
        CancellationToken cancel = default
    ) => Core.Sender.SendAsync(Core.CreateMessage(subject, useNamespace, default, text, replyTo, headers), cancel);

    /// <summary>
    /// Returns when the server has processed everything that was published before. Publishes that the server denied
    /// since the last flush are an error here, once; each is also an event of <see cref="Notified"/> when it happens.
    /// </summary>
    /// <exception cref="NasException">PermissionDenied, Timeout, ConnectionLost, NotConnected,
    /// ConnectionClosed.</exception>
    public async Task FlushAsync(TimeSpan? timeout = null, CancellationToken cancel = default)
    {
        await PingAsync(timeout, cancel).ConfigureAwait(false);
        Core.Denials.ThrowPublishes();
    }

    /// <summary>Sends a PING after everything that was published before, and waits for its PONG.</summary>
    /// <returns>The round-trip time.</returns>
    /// <exception cref="NasException">Timeout, ConnectionLost, NotConnected, ConnectionClosed.</exception>
    public Task<TimeSpan> PingAsync(TimeSpan? timeout = null, CancellationToken cancel = default) =>
        Core.PingAsync(timeout ?? Options.OperationTimeout, cancel);

    /// <summary>Sends a request and waits for one reply.</summary>
    /// <param name="subject">Without the namespace.</param>
    /// <param name="payload">The bytes; copied.</param>
    /// <param name="timeout">How long all of it may take, a connect and a full buffer included; null for the options'
    /// RequestTimeout.</param>
    /// <param name="headers">Headers.</param>
    /// <param name="useNamespace">False sends to the subject as it stands.</param>
    /// <param name="cancel">Ends the wait.</param>
    /// <exception cref="NasException">NoResponders, RequestTimeout, PermissionDenied, NotConnected, and those of
    /// Publish.</exception>
    public ValueTask<NasMessage> RequestAsync(
        string subject,
        ReadOnlyMemory<byte> payload,
        TimeSpan? timeout = null,
        NasHeaders? headers = null,
        bool useNamespace = true,
        CancellationToken cancel = default
    )
    {
        var message = Core.CreateMessage(subject, useNamespace, payload, null, null, headers);
        return Core.Requester.RequestAsync(message, timeout, cancel);
    }

    /// <inheritdoc cref="RequestAsync(string, ReadOnlyMemory{byte}, TimeSpan?, NasHeaders?, bool, CancellationToken)"/>
    /// <param name="text">The payload, sent as UTF-8.</param>
    public ValueTask<NasMessage> RequestAsync(
        string subject,
        string text,
        TimeSpan? timeout = null,
        NasHeaders? headers = null,
        bool useNamespace = true,
        CancellationToken cancel = default
    )
    {
        var message = Core.CreateMessage(subject, useNamespace, default, text, null, headers);
        return Core.Requester.RequestAsync(message, timeout, cancel);
    }

    /// <summary>
    /// Sends one request and returns every reply until <paramref name="count"/>, <paramref name="idleTimeout"/> after a
    /// reply, the end that the replies themselves tell, or <paramref name="timeout"/>. None of these is an error.
    /// </summary>
    /// <param name="subject">Without the namespace.</param>
    /// <param name="payload">The bytes; copied.</param>
    /// <param name="timeout">How long all of it may take; null for the options' RequestTimeout.</param>
    /// <param name="count">Replies to wait for; 0 for any number.</param>
    /// <param name="idleTimeout">How long to wait for another reply.</param>
    /// <param name="stopOnEmpty">Is an empty message without headers the end? It is not returned.</param>
    /// <param name="isLast">Is this reply, which is returned, the last? Null never ends it.</param>
    /// <param name="headers">Headers.</param>
    /// <param name="useNamespace">False sends to the subject as it stands.</param>
    /// <param name="cancel">Ends the wait.</param>
    /// <exception cref="NasException">NoResponders, PermissionDenied, RequestTimeout (it could not be sent in time),
    /// NotConnected, and those of Publish.</exception>
    public IAsyncEnumerable<NasMessage> RequestManyAsync(
        string subject,
        ReadOnlyMemory<byte> payload,
        TimeSpan? timeout = null,
        int count = 0,
        TimeSpan? idleTimeout = null,
        bool stopOnEmpty = true,
        Func<NasMessage, bool>? isLast = null,
        NasHeaders? headers = null,
        bool useNamespace = true,
        CancellationToken cancel = default
    )
    {
        var message = Core.CreateMessage(subject, useNamespace, payload, null, null, headers);
        var end = new ReplyEnd(timeout ?? Options.RequestTimeout, count, idleTimeout, stopOnEmpty, isLast);
        return Core.Requester.RequestManyAsync(message, end, cancel);
    }

    /// <summary>A subject nobody else has, for replies of any kind.</summary>
    public string NewInbox() => $"{Options.InboxPrefix}.{UniqueId.New()}";

    /// <summary>
    /// Subscribes, and returns when the server has the subscription: what is published from then on arrives. Without
    /// <see cref="NasSubscriptionOptions.Confirm"/> it returns at once.
    /// </summary>
    /// <param name="subject">Without the namespace; <c>*</c> stands for one token, <c>&gt;</c> for all that
    /// follow.</param>
    /// <param name="handler">Runs for each message, one after the other, on a thread of the pool. Its errors are events
    /// of <see cref="Notified"/>. Null: the messages are read from the subscription.</param>
    /// <param name="queueGroup">One member of the group gets each message.</param>
    /// <param name="useNamespace">False subscribes to the subject as it stands.</param>
    /// <param name="options">Limits; null for those of the connection.</param>
    /// <param name="maxMessages">Ends it after so many; 0 for never.</param>
    /// <param name="cancel">Ends the wait; the subscription is taken back.</param>
    /// <exception cref="NasException">InvalidSubject, InvalidQueueGroup, PermissionDenied, LimitExceeded, Timeout,
    /// NotConnected, ConnectionClosed.</exception>
    public Task<NasSubscription> SubscribeAsync(
        string subject,
        Func<NasMessage, ValueTask>? handler = null,
        string? queueGroup = null,
        bool useNamespace = true,
        NasSubscriptionOptions? options = null,
        long maxMessages = 0,
        CancellationToken cancel = default
    ) =>
        Core.SubscribeAsync(
            new SubscribeRequest(
                subject,
                handler,
                queueGroup,
                useNamespace,
                options ?? Options.Subscriptions,
                maxMessages
            ),
            cancel
        );

    /// <summary>Subscribes to a pattern with wildcards: SubscribeAsync, under the Python client's name.</summary>
    /// <inheritdoc cref="SubscribeAsync"/>
    public Task<NasSubscription> SubscribePatternAsync(
        string pattern,
        Func<NasMessage, ValueTask>? handler = null,
        string? queueGroup = null,
        CancellationToken cancel = default
    ) => SubscribeAsync(pattern, handler, queueGroup, cancel: cancel);

    /// <summary>Ends a subscription by its sid.</summary>
    /// <param name="sid">The id.</param>
    /// <param name="maxMessages">More than 0: it ends after so many messages, counted from its start.</param>
    /// <param name="drain">What the server has sent is still handled.</param>
    /// <param name="cancel">Ends the wait for the drain.</param>
    /// <returns>False when there is none.</returns>
    public Task<bool> UnsubscribeAsync(
        long sid,
        long maxMessages = 0,
        bool drain = false,
        CancellationToken cancel = default
    ) => Core.UnsubscribeAsync(sid, maxMessages, drain, cancel);

    /// <summary>Ends all subscriptions to a subject, as it was given to SubscribeAsync.</summary>
    /// <returns>How many.</returns>
    /// <inheritdoc cref="UnsubscribeAsync(long, long, bool, CancellationToken)"/>
    public Task<int> UnsubscribeAsync(
        string subject,
        long maxMessages = 0,
        bool drain = false,
        CancellationToken cancel = default
    ) => Core.UnsubscribeAsync(subject, maxMessages, drain, cancel);

    /// <summary>
    /// Ends the connection for good. First it drains: subscriptions end, handlers run for what has come, what is
    /// buffered is sent and confirmed. A second call may cut that short, and returns the same result.
    /// </summary>
    /// <param name="drainTimeout">How long all that may take; then it closes anyway. Default: the options'
    /// OperationTimeout.</param>
    /// <param name="drain">False closes at once.</param>
    /// <param name="cancel">Closes at once.</param>
    /// <returns>False when something was left unsent or unhandled, or a later server does not take a message accepted
    /// earlier. A publish from another thread meanwhile is sent, or fails with ConnectionClosed.</returns>
    public Task<bool> DisconnectAsync(
        TimeSpan? drainTimeout = null,
        bool drain = true,
        CancellationToken cancel = default
    ) => Core.Shutdown.RunAsync(drain ? drainTimeout ?? Options.OperationTimeout : TimeSpan.Zero, cancel);

    /// <summary>Closes. Buffered messages are sent if the network takes them within a second.</summary>
    public void Dispose() => Task.Run(() => DisconnectAsync(TimeSpan.FromSeconds(1))).GetAwaiter().GetResult();

    /// <summary>Drains and closes.</summary>
    public async ValueTask DisposeAsync() => await DisconnectAsync().ConfigureAwait(false);

    /// <inheritdoc/>
    public override string ToString() =>
        TerminalText.Line($"{Name ?? "connection"} to {Server ?? "no server yet"}: {State}");
}

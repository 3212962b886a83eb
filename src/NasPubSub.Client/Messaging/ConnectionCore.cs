using System.Runtime.CompilerServices;
using System.Text;
using NasPubSub.Connection;
using NasPubSub.Diagnostics;
using NasPubSub.Protocol;
using NasPubSub.Threading;

namespace NasPubSub.Messaging;

/// <summary>
/// The parts of one connection and how they fit together. A <see cref="NasConnection"/> has one, and one more for each
/// subscription that needs a connection of its own. Thread-safe.
/// </summary>
internal sealed class ConnectionCore : ILinkOwner, IMeasured
{
    private readonly ServerListener _listener;
    private EncodedSubject? _lastSubject;

    /// <param name="facade">What the user holds.</param>
    /// <param name="options">The options.</param>
    /// <param name="parent">The core of the shared connection, for a dedicated one.</param>
    /// <param name="firstSid">Sids begin after it.</param>
    /// <exception cref="NasException">InvalidNamespace, InvalidOption.</exception>
    public ConnectionCore(NasConnection facade, NasOptions options, ConnectionCore? parent = null, long firstSid = 0)
    {
        if (options.Namespace is { } ns)
        {
            Subjects.CheckNamespace(ns);
        }
        Subjects.CheckPublish(options.InboxPrefix);
        (Facade, Options, Parent) = (facade, options, parent);
        Status = new ConnectionStatus(options.Name);
        Denials = parent?.Denials ?? new NasDenials();
        Pool = new ServerPool(options, parent?.Pool);
        ReplyInboxes = $"{options.InboxPrefix}.{UniqueId.New()}-";
        Buffer = new SendBuffer(options, Encoding.UTF8.GetBytes(ReplyInboxes));
        Subscriptions = new SubscriptionTable(options, Buffer, Status, firstSid);
        Loop = new ReconnectLoop(options, Pool, Buffer, Status, Subscriptions, this);
        Sender = new MessageSender(
            parent is null ? options : options with { AutoConnect = true },
            Buffer,
            Status,
            Loop
        );
        Requests = new RequestTable(options.InboxPrefix, Buffer, Sender, Status, Subscriptions, CreateInbox);
        var migration = new ServerMigration(options, Pool, Buffer, Status, Loop, Subscriptions, this);
        _listener = new ServerListener(Pool, Buffer, Status, migration, Subscriptions, Requests, Denials);
        Dedicated = new DedicatedConnections(sid => new ConnectionCore(facade, options, this, sid));
        Requester = new Requester(this);
        Shutdown = new ConnectionShutdown(this);
        Subscriptions.Ended += LeaveParent;
    }

    public NasConnection Facade { get; }
    public NasOptions Options { get; }
    public ConnectionCore? Parent { get; }
    public ConnectionStatus Status { get; }
    public ServerPool Pool { get; }
    public SendBuffer Buffer { get; }
    public SubscriptionTable Subscriptions { get; }
    public ReconnectLoop Loop { get; }
    public MessageSender Sender { get; }
    public RequestTable Requests { get; }
    public Requester Requester { get; }
    public TrafficCounter Traffic { get; } = new();
    public NasDenials Denials { get; }
    public DedicatedConnections Dedicated { get; }
    public ConnectionShutdown Shutdown { get; }

    /// <summary>What the subjects of all <see cref="NasReplyInbox"/> begin with.</summary>
    public string ReplyInboxes { get; }

    /// <summary>Counters, those of the dedicated connections included.</summary>
    public NasStatistics Statistics
    {
        get
        {
            List<TrafficCounter> all = [Traffic, .. Dedicated.All.Select(c => c.Traffic)];
            var sent = Buffer.Ledger;
            return new NasStatistics(
                all.Sum(t => t.Messages),
                sent.Published + sent.Tracked,
                all.Sum(t => t.Bytes),
                sent.Bytes,
                Status.Reconnects,
                all.Sum(t => t.Dropped),
                sent.Unconfirmed
            );
        }
    }

    IServerListener ILinkOwner.Listener => _listener;

    bool IMeasured.IsConnected => Status.IsConnected;

    NasStatistics IMeasured.Statistics => Statistics;

    long IMeasured.PendingMessages => Facade.Subscriptions.Sum(s => (long)s.PendingMessages);

    long IMeasured.PendingBytes => Buffer.Pending;

    /// <summary>Connects; with RetryOnFailedConnect it does not wait for that.</summary>
    public async Task ConnectAsync(CancellationToken cancel)
    {
        var connected = Loop.ConnectAsync();
        if (!Options.RetryOnFailedConnect)
        {
            await connected.Observed().WaitAsync(cancel).ConfigureAwait(false);
        }
    }

    /// <exception cref="NasException">Timeout, NotConnected, ConnectionClosed.</exception>
    public async Task ReconnectAsync(TimeSpan limit, CancellationToken cancel)
    {
        try
        {
            await Loop.ReconnectAsync(Deadline.In(limit), cancel).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            throw new NasException(
                NasError.Timeout,
                $"No server accepted the client within {limit.TotalSeconds:0.###} s; it keeps trying."
            );
        }
    }

    /// <exception cref="NasException">InvalidOption.</exception>
    public void SetServers(IReadOnlyList<string> servers)
    {
        Pool.Replace(servers);
        foreach (var core in Dedicated.All)
        {
            core.Pool.Replace(servers);
        }
    }

    /// <exception cref="NasException">Timeout, ConnectionLost, NotConnected, ConnectionClosed.</exception>
    public async Task<TimeSpan> PingAsync(TimeSpan limit, CancellationToken cancel)
    {
        var deadline = Deadline.In(limit);
        try
        {
            await Sender.ReadyAsync(cancel).Observed().WaitAsync(deadline.Left, cancel).ConfigureAwait(false);
            return await Buffer.FenceAsync(deadline, cancel).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            throw new NasException(NasError.Timeout, $"The server did not answer within {limit.TotalSeconds:0.###} s.");
        }
    }

    /// <summary>The encoded subject of a publish. The last one is reused if it is the same.</summary>
    /// <exception cref="NasException">InvalidSubject.</exception>
    public EncodedSubject Encode(string subject, bool useNamespace)
    {
        var last = _lastSubject;
        return last is not null && last.IsFor(subject, useNamespace)
            ? last
            : _lastSubject = new EncodedSubject(Options.Namespace, subject, useNamespace, Options.InboxPrefix);
    }

    /// <exception cref="NasException">InvalidSubject.</exception>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public OutgoingMessage CreateMessage(
        string subject,
        bool useNamespace,
        ReadOnlyMemory<byte> payload,
        string? text,
        string? replyTo,
        NasHeaders? headers
    ) => CreateMessage(Encode(subject, useNamespace), payload, text, replyTo, headers);

    /// <exception cref="NasException">InvalidSubject: the reply subject is malformed.</exception>
    public OutgoingMessage CreateMessage(
        EncodedSubject subject,
        ReadOnlyMemory<byte> payload,
        string? text,
        string? replyTo,
        NasHeaders? headers
    )
    {
        if (replyTo is not null)
        {
            Subjects.CheckReply(replyTo);
            replyTo = Subjects.ToWire(Options.Namespace, replyTo, subject.UseNamespace, Options.InboxPrefix);
        }
        return new OutgoingMessage(subject, replyTo, headers?.Encoded, payload, text);
    }

    /// <summary>Subscribes, on a connection of its own where the subscription makes the server wait.</summary>
    /// <exception cref="NasException">As NasConnection.SubscribeAsync.</exception>
    public async Task<NasSubscription> SubscribeAsync(SubscribeRequest request, CancellationToken cancel)
    {
        request.Check();
        await Sender.ReadyAsync(cancel).ConfigureAwait(false);
        if (request.Options.Overflow != NasOverflow.Wait || Parent is not null)
        {
            var subscription = request.Create(this);
            await Subscriptions.AddAsync(subscription, request.Options.Confirm, Loop, cancel).ConfigureAwait(false);
            return subscription;
        }
        var dedicated = Dedicate();
        try
        {
            await dedicated.ConnectAsync(cancel).ConfigureAwait(false);
            return await dedicated.SubscribeAsync(request, cancel).ConfigureAwait(false);
        }
        catch
        {
            dedicated.LeaveParent();
            throw;
        }
    }

    /// <summary>A connection of its own for one subscription.</summary>
    /// <exception cref="NasException">ConnectionClosed.</exception>
    public ConnectionCore Dedicate()
    {
        var dedicated = Dedicated.Add();
        dedicated.Pool.Replace(Pool.Given);
        dedicated.Status.Notified += e =>
        {
            if (e.Kind == NasEventKind.Error)
            {
                Status.Relay(e);
            }
        };
        return dedicated;
    }

    /// <summary>A dedicated connection ends with its subscription.</summary>
    public void LeaveParent()
    {
        if (Parent?.Dedicated.Remove(this) == true)
        {
            Parent.Traffic.Add(Traffic);
            _ = Shutdown.RunAsync(TimeSpan.Zero, default);
        }
    }

    /// <summary>The subscriptions that the user made.</summary>
    public IEnumerable<NasSubscription> Listed =>
        Subscriptions.All.Where(s => s.Limits.IsListed && !Requests.IsInbox(s) && s.Replies is null);

    public NasSubscription? FindSubscription(long sid) =>
        Subscriptions.Find(sid) is { } own
            ? Requests.IsInbox(own)
                ? null
                : own
            : Dedicated.All.Select(c => c.FindSubscription(sid)).FirstOrDefault(s => s is not null);

    /// <returns>False when there is none.</returns>
    public async Task<bool> UnsubscribeAsync(long sid, long maxMessages, bool drain, CancellationToken cancel)
    {
        if (FindSubscription(sid) is not { } subscription)
        {
            return false;
        }
        await (
            drain && maxMessages == 0
                ? subscription.DrainAsync(cancel: cancel)
                : subscription.UnsubscribeAsync(maxMessages, cancel)
        ).ConfigureAwait(false);
        return true;
    }

    /// <returns>How many subscriptions to the subject there were.</returns>
    public async Task<int> UnsubscribeAsync(string subject, long maxMessages, bool drain, CancellationToken cancel)
    {
        var found = Facade.Subscriptions.Where(s => s.Subject == subject).ToList();
        foreach (var subscription in found)
        {
            await UnsubscribeAsync(subscription.Sid, maxMessages, drain, cancel).ConfigureAwait(false);
        }
        return found.Count;
    }

    public void ReportSlow(NasSubscription subscription)
    {
        var error = new NasException(
            NasError.SlowConsumer,
            $"The subscription to '{subscription.Topic}' (sid {subscription.Sid}) is too slow: {subscription.PendingMessages:N0} messages are pending, and messages are dropped."
        )
        {
            Target = subscription.Subject,
        };
        Status.Remember(error);
        Status.Notify(NasEventKind.SlowConsumer, error.Message, error);
    }

    public void ReportHandlerError(NasSubscription subscription, Exception error) =>
        Status.Notify(NasEventKind.Error, $"The handler of '{subscription.Subject}' failed: {error.Message}", error);

    IMessageReader ILinkOwner.CreateReader(Link link) =>
        new InboundRouter(link, Subscriptions, Requests, CreateBatch(link));

    IMigrationBuffer ILinkOwner.CreateMigrationBuffer(Link next) => new MigrationBuffer(next, CreateBatch(next));

    void ILinkOwner.Learn(Link link) => _listener.Learn(link);

    void ILinkOwner.OnClosed(NasException reason) => Close(reason);

    /// <summary>Closes for good, by the user or after an error.</summary>
    public void Close(NasException reason)
    {
        if (!Status.Enter(NasConnectionState.Closed))
        {
            return;
        }
        var isExpected = Shutdown.HasBegun;
        Loop.Dispose();
        Buffer.Close(Status.Closed());
        Subscriptions.EndAll(isExpected ? null : reason);
        Requests.Close(Status.Closed());
        Dedicated.Close(Status.Closed());
        foreach (var connection in Dedicated.All)
        {
            _ = connection.Shutdown.RunAsync(TimeSpan.Zero, default);
        }
        Status.Notify(
            NasEventKind.Closed,
            isExpected ? "The connection is closed." : $"The connection is closed: {reason.Message}",
            isExpected ? null : reason
        );
        Metrics.Retire(this);
    }

    private NasSubscription CreateInbox(string subject) =>
        new(this, subject, subject, null, null, Options.Subscriptions, 0);

    private DeliveryBatch CreateBatch(Link link) => new(link, Traffic, pausesOften: Parent is not null);
}

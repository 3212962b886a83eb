using System.Runtime.CompilerServices;
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
    /// <param name="parent">The core that this one is dedicated to a subscription of.</param>
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
        Buffer = new SendBuffer(options);
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
    public TrafficCounter Traffic { get; } = new();
    public NasDenials Denials { get; }
    public DedicatedConnections Dedicated { get; }
    public ConnectionShutdown Shutdown { get; }

    IServerListener ILinkOwner.Listener => _listener;

    bool IMeasured.IsConnected => Status.IsConnected;

    NasStatistics IMeasured.Statistics => Facade.Statistics;

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

    /// <summary>The subject of a publish, the last one's where it is the same.</summary>
    /// <exception cref="NasException">InvalidSubject.</exception>
    public EncodedSubject Encode(string subject, bool useNamespace)
    {
        var last = _lastSubject;
        return last is not null && last.IsFor(subject, useNamespace)
            ? last
            : _lastSubject = new EncodedSubject(Options.Namespace, subject, useNamespace, Options.InboxPrefix);
    }

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

    /// <summary>Sends a request and waits for one reply.</summary>
    /// <exception cref="NasException">As NasConnection.RequestAsync.</exception>
    public ValueTask<NasMessage> RequestAsync(in OutgoingMessage message, TimeSpan? timeout, CancellationToken cancel)
    {
        var limit = timeout ?? Options.RequestTimeout;
        return Tracing.IsEnabled || Metrics.MeasuresRequests
            ? RequestObservedAsync(message, limit, cancel)
            : RequestOneAsync(message, limit, cancel);
    }

    /// <summary>Sends a request and returns its replies.</summary>
    /// <exception cref="NasException">As NasConnection.RequestManyAsync.</exception>
    public IAsyncEnumerable<NasMessage> RequestManyAsync(
        OutgoingMessage message,
        ReplyEnd end,
        CancellationToken cancel
    ) =>
        Tracing.IsEnabled
            ? RequestManyTracedAsync(message, end, cancel)
            : new ManyReplies(this, message, end).ReadAsync(cancel);

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
    public IEnumerable<NasSubscription> Listed => Subscriptions.All.Where(s => !Requests.IsInbox(s));

    public NasSubscription? FindSubscription(long sid) =>
        Subscriptions.Find(sid) is { } own
            ? Requests.IsInbox(own)
                ? null
                : own
            : Dedicated.All.Select(c => c.FindSubscription(sid)).FirstOrDefault(s => s is not null);

    public void ReportSlow(NasSubscription subscription)
    {
        var error = new NasException(
            NasError.SlowConsumer,
            $"The subscription to '{subscription.Topic}' (sid {subscription.Sid}) is too slow: {subscription.PendingMessages:N0} messages wait, more are dropped."
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

    /// <summary>Closed for good, whoever wanted it.</summary>
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

    private ValueTask<NasMessage> RequestOneAsync(
        in OutgoingMessage message,
        TimeSpan limit,
        CancellationToken cancel
    ) =>
        message.Subject.RequestsStreamMessage
            ? RequestAloneAsync(message, limit, cancel)
            : Requests.RequestAsync(message, limit, cancel);

    /// <summary>A request with its span and its duration.</summary>
    private async ValueTask<NasMessage> RequestObservedAsync(
        OutgoingMessage message,
        TimeSpan limit,
        CancellationToken cancel
    )
    {
        var start = MonotonicClock.Now;
        Exception? error = null;
        using var span = Tracing.IsEnabled ? Sender.StartSpan(SpanOperation.Request, ref message) : null;
        try
        {
            return await RequestOneAsync(message, limit, cancel).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            error = e;
            span?.Fail(e);
            throw;
        }
        finally
        {
            Metrics.RecordRequest(MonotonicClock.Now - start, error);
        }
    }

    /// <summary>A request for many replies with its span, which ends with the last of them.</summary>
    private async IAsyncEnumerable<NasMessage> RequestManyTracedAsync(
        OutgoingMessage message,
        ReplyEnd end,
        [EnumeratorCancellation] CancellationToken cancel
    )
    {
        using var span = Sender.StartSpan(SpanOperation.Request, ref message);
        var replies = new ManyReplies(this, message, end).ReadAsync(cancel).GetAsyncEnumerator(cancel);
        await using var _ = replies.ConfigureAwait(false);
        while (await NextAsync().ConfigureAwait(false))
        {
            yield return replies.Current;
        }

        async ValueTask<bool> NextAsync()
        {
            try
            {
                return await replies.MoveNextAsync().ConfigureAwait(false);
            }
            catch (Exception e)
            {
                span?.Fail(e);
                throw;
            }
        }
    }

    /// <summary>
    /// A request with an inbox of its own, for a reply whose subject does not say which request it answers.
    /// </summary>
    private async ValueTask<NasMessage> RequestAloneAsync(
        OutgoingMessage message,
        TimeSpan limit,
        CancellationToken cancel
    )
    {
        var end = new ReplyEnd(limit, Count: 1, IdleTimeout: null, StopOnEmpty: false, IsLast: null);
        await foreach (var reply in new ManyReplies(this, message, end).ReadAsync(cancel).ConfigureAwait(false))
        {
            return reply;
        }
        throw RequestErrors.NoReply(message.Subject.Wire, limit, Status);
    }

    private NasSubscription CreateInbox(string subject) =>
        new(this, subject, subject, null, null, Options.Subscriptions, 0);

    private DeliveryBatch CreateBatch(Link link) => new(link, Traffic, pausesOften: Parent is not null);
}

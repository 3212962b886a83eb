using System.Runtime.CompilerServices;
using System.Text;
using NasPubSub.Diagnostics;
using NasPubSub.Messaging;
using NasPubSub.Protocol;
using NasPubSub.Threading;

namespace NasPubSub;

/// <summary>
/// A subscription. Its messages wait in a bounded buffer until the handler takes them or they are read, in the order of
/// their arrival. Thread-safe; several readers share the messages.
/// </summary>
public sealed class NasSubscription : IAsyncDisposable, ISlotItem
{
    private readonly ConnectionCore _owner;
    private readonly HandlerPump? _pump;
    private MessageOrigin? _origin;
    private byte[] _originTopic = [];
    private int _originLength;
    private long _before;

    internal NasSubscription(
        ConnectionCore owner,
        string subject,
        string topic,
        string? queueGroup,
        Func<NasMessage, ValueTask>? handler,
        NasSubscriptionOptions limits,
        long max
    )
    {
        _owner = owner;
        (Subject, Topic, QueueGroup) = (subject, topic, queueGroup);
        Buffer = new MessageBuffer(this, limits, max);
        _pump = handler is null ? null : new HandlerPump(this, Buffer, handler);
    }

    /// <summary>The connection it belongs to.</summary>
    public NasConnection Connection => _owner.Facade;

    /// <summary>The subscription's id on the wire. A connection never uses an id again.</summary>
    public long Sid { get; private set; }

    /// <summary>The subject as requested, without the namespace.</summary>
    public string Subject { get; }

    /// <summary>The subject on the wire.</summary>
    public string Topic { get; }

    /// <summary>The queue group, if any: one member of it gets each message.</summary>
    public string? QueueGroup { get; }

    /// <summary>Messages after which it ends by itself; 0 for never.</summary>
    public long MaxMessages => Buffer.Max;

    /// <summary>Messages that the server delivered, including dropped ones.</summary>
    public long Delivered => Buffer.Received;

    /// <summary>Messages that wait to be handled or read.</summary>
    public int PendingMessages => Buffer.Count;

    /// <summary>Payload and header bytes that wait to be handled or read.</summary>
    public long PendingBytes => Buffer.Bytes;

    /// <summary>Messages dropped because the buffer was full.</summary>
    public long Dropped => Buffer.Dropped;

    /// <summary>
    /// False once it is unsubscribed, has reached its maximum, was denied, or the connection is closed. Buffered
    /// messages can still be read.
    /// </summary>
    public bool IsActive => !Buffer.IsEnded;

    /// <summary>Has it ended, and was every message handled or read?</summary>
    public bool IsCompleted => Buffer.IsEmptied;

    /// <summary>Why the server ended it, if it did.</summary>
    public Exception? Error { get; private set; }

    internal MessageBuffer Buffer { get; }

    /// <summary>How much the buffer holds, and what happens when it is full.</summary>
    public NasSubscriptionOptions Limits => Buffer.Limits;

    /// <summary>Runs the handler, where there is one.</summary>
    internal HandlerPump? Pump => _pump;

    internal bool HasHandler => _pump is not null;

    /// <summary>The request whose many replies it takes.</summary>
    internal string? RequestTopic { get; init; }

    /// <summary>Reads the numbered replies that it takes, where it is the subscription of such an inbox.</summary>
    internal ReplyRouter? Replies { get; init; }

    /// <summary>Does it serve a request? The caller that waits for the reply gets its errors.</summary>
    internal bool IsInternal => RequestTopic is not null || _owner.Requests.IsInbox(this);

    /// <summary>Does it serve a request, and has received nothing yet?</summary>
    internal bool IsUnheard =>
        _owner.Requests.IsInbox(this) ? !_owner.Requests.HasReplies : RequestTopic is not null && Delivered == 0;

    /// <summary>The maximum for the present server, which counts from its own SUB.</summary>
    internal long ServerMax => Math.Max(1, MaxMessages - Interlocked.Read(ref _before));

    long ISlotItem.Id
    {
        get => Sid;
        set => Sid = value;
    }

    /// <summary>Completed when the subscription has ended and every message was handled or read.</summary>
    public Task WaitCompletedAsync(CancellationToken cancel = default) => Buffer.WaitCompletedAsync(cancel);

    /// <summary>Blocks until there is a message, the end, or the time-out.</summary>
    /// <param name="destination">Receives the available messages, up to its length.</param>
    /// <param name="timeout">How long to wait for the first; infinite with
    /// <see cref="Timeout.InfiniteTimeSpan"/>.</param>
    /// <param name="cancel">Ends the wait.</param>
    /// <returns>How many; 0 at the end (<see cref="IsCompleted"/>) or the time-out.</returns>
    /// <exception cref="OperationCanceledException">By <paramref name="cancel"/>.</exception>
    public int Read(NasMessage[] destination, TimeSpan timeout, CancellationToken cancel = default)
    {
        var taken = Buffer.Take(destination, out var isEnded);
        if (taken > 0 || isEnded)
        {
            return Trace(destination, taken);
        }
        var deadline = Deadline.In(timeout);
        using var registration = cancel.Register(static b => ((MessageBuffer)b!).Interrupt(), Buffer);
        return Trace(destination, Buffer.BlockAndTake(destination, deadline, cancel));
    }

    /// <summary>The next message; null at the end.</summary>
    /// <exception cref="OperationCanceledException">By <paramref name="cancel"/>.</exception>
    public ValueTask<NasMessage?> ReadAsync(CancellationToken cancel = default) =>
        Buffer.TryTakeOne(out var message) ? new(Trace(message)) : WaitAndReadAsync(cancel);

    /// <summary>Every message until the end.</summary>
    /// <exception cref="OperationCanceledException">By <paramref name="cancel"/>.</exception>
    public async IAsyncEnumerable<NasMessage> ReadAllAsync([EnumeratorCancellation] CancellationToken cancel = default)
    {
        while (await ReadAsync(cancel).ConfigureAwait(false) is { } message)
        {
            yield return message;
        }
    }

    /// <summary>
    /// Ends it: at once, or after <paramref name="maxMessages"/> counted from its start. Buffered messages can still be
    /// read. If it ends at once, a handler gets no more of them.
    /// </summary>
    public Task UnsubscribeAsync(long maxMessages = 0, CancellationToken cancel = default)
    {
        cancel.ThrowIfCancellationRequested();
        Unsubscribe(maxMessages);
        return Task.CompletedTask;
    }

    /// <summary>Ends it, as <see cref="UnsubscribeAsync"/> does, without waiting.</summary>
    public void Unsubscribe(long maxMessages = 0) => _owner.Subscriptions.Unsubscribe(this, maxMessages);

    /// <summary>
    /// Drains it: the server sends no more, and messages that it has sent are still handled. Returns when the handler
    /// has run for all of them; without a handler, when no more can arrive.
    /// </summary>
    /// <exception cref="NasException">Timeout: it took longer. The subscription has ended.</exception>
    public async Task DrainAsync(TimeSpan? timeout = null, CancellationToken cancel = default)
    {
        var limit = timeout ?? Connection.Options.OperationTimeout;
        var deadline = Deadline.In(limit);
        try
        {
            await _owner.Subscriptions.DrainAsync(this, limit, cancel).ConfigureAwait(false);
            if (HasHandler)
            {
                await WaitCompletedAsync(cancel).WaitAsync(deadline.Left, cancel).ConfigureAwait(false);
            }
        }
        catch (TimeoutException)
        {
            Buffer.End(discard: HasHandler);
            throw new NasException(
                NasError.Timeout,
                $"The subscription to '{Topic}' did not drain within {limit.TotalSeconds:0.###} s."
            )
            {
                Target = Subject,
            };
        }
    }

    /// <summary>Unsubscribes.</summary>
    public ValueTask DisposeAsync()
    {
        Unsubscribe();
        return default;
    }

    /// <inheritdoc/>
    public override string ToString() =>
        TerminalText.Line(QueueGroup is null ? $"{Subject} (sid {Sid})" : $"{Subject} in {QueueGroup} (sid {Sid})");

    /// <summary>SUB, and UNSUB where a maximum is set: what is left of it (ADR-40).</summary>
    internal byte[] ToOperations()
    {
        var subscribe = ToSubscribe();
        return MaxMessages > 0 ? [.. subscribe, .. ClientLines.Unsubscribe(Sid, ServerMax)] : subscribe;
    }

    /// <summary>SUB alone, for a server that begins to count now.</summary>
    internal byte[] ToSubscribe()
    {
        Interlocked.Exchange(ref _before, Delivered);
        return ClientLines.Subscribe(Topic, QueueGroup, Sid);
    }

    /// <summary>
    /// The subject of a message, one object for consecutive messages with the same subject. It is always the subject on
    /// the wire: a stream delivers to an inbox under the stream's subjects. Read loop only.
    /// </summary>
    internal MessageOrigin OriginOf(ReadOnlySpan<byte> topic)
    {
        if (_origin is not null && topic.SequenceEqual(_originTopic.AsSpan(0, _originLength)))
        {
            return _origin;
        }
        if (_originTopic.Length < topic.Length)
        {
            _originTopic = new byte[topic.Length * 2];
        }
        topic.CopyTo(_originTopic);
        _originLength = topic.Length;
        return _origin = new MessageOrigin(this, Encoding.UTF8.GetString(topic));
    }

    /// <summary>Takes messages in. Read loop only.</summary>
    internal Delivery Deliver(ReadOnlySpan<NasMessage> messages)
    {
        var delivery = Buffer.Add(messages, HasHandler);
        if ((delivery & Delivery.BecameSlow) != 0)
        {
            ReportSlow();
        }
        if ((delivery & Delivery.ReachedMax) != 0)
        {
            _owner.Subscriptions.End(this, null);
        }
        return delivery;
    }

    internal void End(Exception? error, bool discard)
    {
        Error ??= error;
        Buffer.End(discard);
    }

    /// <returns>Has it received its maximum already?</returns>
    internal bool SetMax(long max)
    {
        Buffer.Max = max;
        return Delivered >= max;
    }

    internal void ReportSlow() => Connection.Core.ReportSlow(this);

    internal void ReportHandlerError(Exception error) => Connection.Core.ReportHandlerError(this, error);

    internal string ReplySubject(long request) => _owner.Requests.ReplySubject(request);

    /// <summary>Starts the span of a message that came.</summary>
    internal NasSpan? StartSpan(SpanOperation operation, NasMessage message) =>
        Tracing.Start(
            operation,
            new SpanSubject(
                message.Topic,
                Topic,
                QueueGroup,
                message.Payload.Length,
                _owner.Options.InboxPrefix,
                _owner.Status.Address,
                _owner.Status.ServerInfo
            ),
            message.HasHeaders ? TraceHeaders.Read(message.Headers) : default
        );

    internal void CountDropped() => _owner.Traffic.AddDropped();

    private async ValueTask<NasMessage?> WaitAndReadAsync(CancellationToken cancel)
    {
        while (true)
        {
            if (Buffer.WaitForArrival() is { } arrival)
            {
                await arrival.WaitAsync(cancel).ConfigureAwait(false);
            }
            if (Buffer.TryTakeOne(out var message))
            {
                return Trace(message);
            }
        }
    }

    /// <summary>Makes the span of each message read, where somebody listens.</summary>
    private int Trace(NasMessage[] messages, int taken)
    {
        if (Tracing.IsEnabled)
        {
            foreach (var message in messages.AsSpan(0, taken))
            {
                Trace(message);
            }
        }
        return taken;
    }

    /// <summary>Makes the span of a message read. The replies to a request have the request's.</summary>
    private NasMessage? Trace(NasMessage? message)
    {
        if (Tracing.IsEnabled && message is not null && !IsInternal)
        {
            StartSpan(SpanOperation.Receive, message)?.Dispose();
        }
        return message;
    }
}

using System.Text;
using NasPubSub.Messaging;
using NasPubSub.Protocol;

namespace NasPubSub;

/// <summary>
/// A subscription. Messages wait in a bounded buffer until a handler has run for them, or until they are read; either
/// way in the order they came. Thread-safe; several readers share the messages.
/// </summary>
public sealed partial class NasSubscription : IAsyncDisposable, ISlotItem
{
    private readonly Func<NasMessage, ValueTask>? _handler;
    private MessageOrigin? _origin;
    private byte[] _originTopic = [];
    private int _originLength;
    private long _max;
    private long _received;
    private long _before;

    internal NasSubscription(NasConnection owner, string subject, string topic, string? queueGroup, Func<NasMessage, ValueTask>? handler, NasSubscriptionOptions limits, long max)
    {
        Owner = owner;
        Connection = owner.Parent ?? owner;
        Topic = topic;
        Subject = subject;
        QueueGroup = queueGroup;
        Limits = limits;
        _handler = handler;
        _max = max;
    }

    /// <summary>The connection it belongs to.</summary>
    public NasConnection Connection { get; }

    /// <summary>The subscription's id on the wire; never used again by this connection.</summary>
    public long Sid { get; private set; }

    /// <summary>The subject as asked for, without namespace.</summary>
    public string Subject { get; }

    /// <summary>The subject on the wire.</summary>
    public string Topic { get; }

    /// <summary>The queue group, if any: one member of it gets each message.</summary>
    public string? QueueGroup { get; }

    /// <summary>Messages after which it ends by itself; 0 for never.</summary>
    public long MaxMessages => Interlocked.Read(ref _max);

    /// <summary>Messages the server delivered, dropped ones among them.</summary>
    public long Delivered => Interlocked.Read(ref _received);

    /// <summary>Why the server ended it, if it did.</summary>
    public Exception? Error { get; private set; }

    /// <summary>The connection it is made on: the companion's, where it makes the server wait.</summary>
    internal NasConnection Owner { get; }

    internal NasSubscriptionOptions Limits { get; }

    /// <summary>The request it takes the many replies to.</summary>
    internal string? RequestTopic { get; init; }

    /// <summary>What the present server is to be told of the maximum: it counts from its own SUB on.</summary>
    internal long ServerMax => Math.Max(1, MaxMessages - Interlocked.Read(ref _before));

    internal bool HasHandler => _handler is not null;

    long ISlotItem.Id { get => Sid; set => Sid = value; }

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
    /// The message's subject as one object with those before it, where it is the same. It is always the subject on the wire:
    /// a stream delivers to an inbox under the stream's subjects. Read loop only.
    /// </summary>
    internal MessageOrigin OriginOf(ReadOnlySpan<byte> topic)
    {
        if (_origin is not null && topic.SequenceEqual(_originTopic.AsSpan(0, _originLength))) return _origin;
        if (_originTopic.Length < topic.Length) _originTopic = new byte[topic.Length * 2];
        topic.CopyTo(_originTopic);
        _originLength = topic.Length;
        return _origin = new MessageOrigin(this, Encoding.UTF8.GetString(topic));
    }

    /// <summary>
    /// Ends it: at once, or after so many messages counted from its start. What is buffered may still be read; a handler gets no more
    /// when it ends at once, and those of the maximum that have come.
    /// </summary>
    /// <exception cref="NasException">ConnectionClosed.</exception>
    public Task UnsubscribeAsync(long maxMessages = 0, CancellationToken cancel = default)
    {
        cancel.ThrowIfCancellationRequested();
        Owner.Unsubscribe(this, maxMessages);
        return Task.CompletedTask;
    }

    /// <summary>
    /// Ends it in order: the server sends no more, and what it sent is still handled. Returns when the handler has had all
    /// of it; without a handler, when no more can come.
    /// </summary>
    /// <exception cref="NasException">Timeout: it took longer; the subscription has ended all the same.</exception>
    public async Task DrainAsync(TimeSpan? timeout = null, CancellationToken cancel = default)
    {
        var limit = timeout ?? Connection.Options.OperationTimeout;
        var deadline = Deadline.In(limit);
        try
        {
            await Owner.FinishAsync(this, limit, cancel).ConfigureAwait(false);
            if (_handler is not null) await WaitCompletedAsync(cancel).WaitAsync(Deadline.Left(deadline), cancel).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            End(null, discard: _handler is not null);
            throw new NasException(NasError.Timeout, $"The subscription to '{Topic}' did not drain within {limit.TotalSeconds:0.###} s.") { Target = Subject };
        }
    }

    /// <summary>Unsubscribes.</summary>
    public async ValueTask DisposeAsync()
    {
        if (IsActive) await UnsubscribeAsync().ConfigureAwait(false);
    }

    /// <inheritdoc/>
    public override string ToString() =>
        Diagnostics.TerminalText.Line(QueueGroup is null ? $"{Subject} (sid {Sid})" : $"{Subject} in {QueueGroup} (sid {Sid})");

    /// <returns>Has it had all messages of its maximum?</returns>
    internal bool SetMax(long max)
    {
        Interlocked.Exchange(ref _max, max);
        return Delivered >= max;
    }
}

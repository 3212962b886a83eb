using System.Runtime.CompilerServices;
using NasPubSub.JetStream.Api;
using NasPubSub.JetStream.Consuming;
using NasPubSub.Threading;

namespace NasPubSub.JetStream;

/// <summary>
/// Reads messages of a pull consumer (ADR-37). It asks for more whenever half of what it asked for was read, so what it
/// buffers is bounded, and it goes on over reconnects, restarts and new leaders. One reader at a time; the messages
/// themselves may be acknowledged on any thread.
/// </summary>
public sealed class NasConsumerReader : IPullOwner, IAsyncDisposable
{
    private static readonly TimeSpan FirstBackOff = TimeSpan.FromMilliseconds(50),
        MostBackOff = TimeSpan.FromMilliseconds(400),
        FullBackOff = TimeSpan.FromSeconds(1),
        DrainTime = TimeSpan.FromSeconds(1);

    private const long DefaultBatch = 500;

    private readonly NasReadOptions _options;
    private readonly PullTiming _timing;
    private readonly PullMode _mode;
    private readonly ConsumerWatch _watch;
    private PullInbox _inbox = null!;
    private TimeSpan _backOff = FirstBackOff;
    private Deadline _until = Deadline.Never;
    private int _silences;

    private NasConsumerReader(NasReadOptions options, PullTiming timing, PullMode mode, ConsumerWatch watch)
    {
        (_options, _timing, _mode, _watch) = (options, timing, mode, watch);
        // The configuration may have changed meanwhile.
        watch.Learned = Limit;
        watch.Gone = End;
    }

    /// <summary>The stream.</summary>
    public string Stream => _watch.Stream;

    /// <summary>The consumer.</summary>
    public string Consumer => _watch.Consumer;

    /// <summary>Does the consumer expect an acknowledgement of each message?</summary>
    public bool NeedsAck => _watch.State.NeedsAck;

    /// <summary>Which messages an acknowledgement is for.</summary>
    public NasAckPolicy AckPolicy => _watch.State.AckPolicy;

    /// <summary>Deliveries of a message at most; 0 for no maximum.</summary>
    public long MaxDeliver => _watch.State.MaxDeliver;

    /// <summary>How long the consumer waits for the acknowledgement of a first delivery.</summary>
    public TimeSpan AckWait => _watch.State.AckWait;

    /// <summary>
    /// Has it ended? Then no more messages are read, and <see cref="Error"/> says why, if there is a reason.
    /// </summary>
    public bool IsCompleted => _inbox.State.IsEnded;

    /// <summary>
    /// Why it ended: ConsumerDeleted, PushConsumer, PullRefused, NoLeader, Timeout, PermissionDenied, ConnectionClosed.
    /// Null while it runs, and where it ended as the options say.
    /// </summary>
    public NasException? Error { get; private set; }

    internal static async Task<NasConsumerReader> OpenAsync(
        JetStreamApi api,
        ServerFeatures features,
        string stream,
        string consumer,
        NasReadOptions? options,
        bool isFetch,
        CancellationToken cancel
    )
    {
        options ??= new NasReadOptions();
        options.Check();
        var mode = options.NoWait ? PullMode.Available : isFetch ? PullMode.Fetch : PullMode.Endless;
        if (mode == PullMode.Endless && options.Expires < TimeSpan.FromSeconds(1))
        {
            throw new NasException(NasError.InvalidOption, "Expires must be at least 1 s when reading without end.");
        }
        var watch = await ConsumerWatch
            .OpenAsync(api, features, stream, consumer, options, cancel)
            .ConfigureAwait(false);
        var timing = new PullTiming(
            mode,
            mode == PullMode.Available ? TimeSpan.FromSeconds(1) : options.Expires,
            options.Heartbeat
        );
        var reader = new NasConsumerReader(options, timing, mode, watch);
        var state = new PullState(
            mode,
            reader.BatchOf(watch.State),
            options.MaxBytes,
            options.Count,
            options.Threshold ?? 0
        );
        var group = new PullGroup(options.Group, options.Priority, options.MinPending, options.MinAckPending);
        reader._inbox = await PullInbox
            .OpenAsync(api, stream, consumer, state, timing, group, reader, cancel)
            .ConfigureAwait(false);
        watch.Inbox = reader._inbox;
        lock (reader._inbox.Gate)
        {
            reader.Limit(watch.State);
            reader._until = mode == PullMode.Fetch ? Deadline.In(options.Expires + FullBackOff) : Deadline.Never;
            watch.Begin(mode != PullMode.Fetch);
        }
        return reader;
    }

    /// <summary>
    /// Blocks until there is a message, the end, or the time-out. For a thread that may block, it costs least.
    /// </summary>
    /// <param name="destination">Receives the available messages, up to its length.</param>
    /// <param name="timeout">How long to wait for the first; infinite with
    /// <see cref="Timeout.InfiniteTimeSpan"/>.</param>
    /// <param name="cancel">Ends the wait.</param>
    /// <returns>How many; 0 at the end (<see cref="IsCompleted"/>) or the time-out.</returns>
    /// <exception cref="OperationCanceledException">By <paramref name="cancel"/>.</exception>
    public int Read(NasMessage[] destination, TimeSpan timeout, CancellationToken cancel = default)
    {
        var deadline = Deadline.In(timeout);
        while (true)
        {
            lock (_inbox.Gate)
            {
                var taken = _inbox.Take(destination);
                _watch.Look(taken);
                if (taken > 0 || IsCompleted || deadline.IsPast)
                {
                    return taken;
                }
            }
            _inbox.Wait(deadline, cancel);
        }
    }

    /// <summary>The next message; null at the end.</summary>
    /// <exception cref="OperationCanceledException">By <paramref name="cancel"/>.</exception>
    /// <exception cref="NasException">The <see cref="Error"/> that ended it.</exception>
    public ValueTask<NasMessage?> ReadAsync(CancellationToken cancel = default)
    {
        lock (_inbox.Gate)
        {
            if (_inbox.IsReady && _inbox.TryNext(out var message))
            {
                return new(message);
            }
        }
        return WaitAndReadAsync(cancel);
    }

    /// <summary>Waits until there are messages, and returns all that are there: for many it costs least.</summary>
    /// <param name="destination">Receives the messages, up to its length.</param>
    /// <param name="cancel">Ends the wait.</param>
    /// <returns>How many; 0 at the end.</returns>
    /// <exception cref="OperationCanceledException">By <paramref name="cancel"/>.</exception>
    /// <exception cref="NasException">The <see cref="Error"/> that ended it.</exception>
    public async ValueTask<int> ReadAsync(NasMessage[] destination, CancellationToken cancel = default)
    {
        while (true)
        {
            lock (_inbox.Gate)
            {
                var taken = _inbox.Take(destination);
                _watch.Look(taken);
                if (taken > 0 || IsCompleted)
                {
                    return taken > 0 || Error is null ? taken : throw Error;
                }
            }
            await _inbox.WaitAsync(cancel).ConfigureAwait(false);
        }
    }

    /// <summary>Every message until the end, which there is only with a limit or an error.</summary>
    /// <inheritdoc cref="ReadAsync(CancellationToken)"/>
    public async IAsyncEnumerable<NasMessage> ReadAllAsync([EnumeratorCancellation] CancellationToken cancel = default)
    {
        while (await ReadAsync(cancel).ConfigureAwait(false) is { } message)
        {
            yield return message;
        }
    }

    /// <summary>
    /// Tells the consumer that the messages which this client buffers, and which were not read yet, are in progress:
    /// the time to acknowledge them begins anew. Call it more often than <see cref="AckWait"/> where reading is slow.
    /// Thread-safe.
    /// </summary>
    public void KeepAlive()
    {
        if (!NeedsAck)
        {
            return;
        }
        foreach (var message in _inbox.Buffered())
        {
            _ = message.InProgressAsync();
        }
    }

    /// <summary>
    /// Ends it. Messages that came and were not read, and those on their way, are returned: acknowledge them negatively
    /// for another reader to get them at once; else the consumer delivers them again after <see cref="AckWait"/>.
    /// </summary>
    /// <param name="timeout">How long to wait for messages on their way; null for 1 s.</param>
    public async Task<IReadOnlyList<NasMessage>> StopAsync(TimeSpan? timeout = null)
    {
        var deadline = Deadline.In(timeout ?? DrainTime);
        End(null);
        var unread = await _inbox.StopAsync(deadline.Left).ConfigureAwait(false);
        if (NeedsAck && _inbox.State.Pending > 0)
        {
            await _watch.DropRequestsAsync(deadline.Left).ConfigureAwait(false);
        }
        return unread;
    }

    /// <summary>Ends it. The consumer delivers what was not read again after <see cref="AckWait"/>.</summary>
    public ValueTask DisposeAsync()
    {
        End(null);
        _inbox.Dispose();
        return default;
    }

    bool IPullOwner.Accept(NasMessage message)
    {
        _backOff = FirstBackOff;
        _silences = 0;
        _watch.IsRefused = false;
        if (_watch.State.IsPinned && message.HasHeaders && message.Headers["Nats-Pin-Id"] is { } pin)
        {
            _inbox.State.PinId = pin;
        }
        return true;
    }

    void IPullOwner.OnStatus(PullVerdict verdict, PullStatus status, NasMessage message)
    {
        _silences = 0;
        _watch.IsRefused = verdict == PullVerdict.TooManyRequests;
        switch (verdict)
        {
            case PullVerdict.End when _options.NoWait:
                _watch.TellPause();
                break;
            case PullVerdict.NoResponders:
                BackOff(_backOff);
                _backOff = _backOff < MostBackOff ? _backOff + _backOff : MostBackOff;
                _watch.LookNow();
                break;
            case PullVerdict.TooManyRequests:
            case PullVerdict.TooLarge:
                BackOff(FullBackOff);
                _watch.LookNow();
                break;
            case PullVerdict.MaxBytesRaised:
                _watch.Tell(
                    NasReadNoticeKind.MaxBytesRaised,
                    $"A message of '{Stream}' is larger than MaxBytes: {_inbox.State.MaxBytes:N0} bytes are requested from now on."
                );
                break;
            case PullVerdict.MaxBytesExceeded:
            case PullVerdict.Deleted:
            case PullVerdict.IsPush:
            case PullVerdict.Refused:
                End(ReadErrors.Of(verdict, status, Stream, Consumer));
                break;
            default:
                break;
        }
    }

    void IPullOwner.OnSilence()
    {
        _silences++;
        if (_mode == PullMode.Endless)
        {
            // The server does not refuse a request with heartbeats that is one too many, but drops it.
            _watch.IsRefused = true;
            _watch.LookNow();
            _watch.Tell(
                NasReadNoticeKind.HeartbeatsMissed,
                $"The server sent no heartbeat for the consumer '{Consumer}' of '{Stream}'; the request is sent again."
            );
        }
        else if (_until.IsPast || _silences > 1)
        {
            _inbox.BackOff(Timeout.InfiniteTimeSpan);
            _watch.LookBeforeTheEnd();
            return;
        }
        _inbox.State.Reset();
    }

    void IPullOwner.OnReconnected()
    {
        _backOff = FirstBackOff;
        _inbox.State.Reset();
    }

    void IPullOwner.OnEnded(NasException? error)
    {
        if (!IsCompleted)
        {
            End(error ?? new NasException(NasError.ConnectionClosed, "The connection was closed."));
        }
    }

    private async ValueTask<NasMessage?> WaitAndReadAsync(CancellationToken cancel)
    {
        var one = new NasMessage[1];
        return await ReadAsync(one, cancel).ConfigureAwait(false) > 0 ? one[0] : null;
    }

    /// <summary>A fetch that is over while it backs off has nothing to wait for.</summary>
    private void BackOff(TimeSpan time)
    {
        _inbox.BackOff(time);
        if (_mode == PullMode.Fetch && _until.Left < FullBackOff)
        {
            _watch.LookBeforeTheEnd();
        }
    }

    private long BatchOf(ConsumerState consumer) =>
        _mode == PullMode.Fetch && _options.Count > 0 ? _options.Count
        : _options.Batch is { } batch ? batch
        : !_options.SpareDeliveries || (consumer.NeedsAck && consumer.MaxDeliver == 0) ? DefaultBatch
        : _options.Count > 0 ? Math.Min(DefaultBatch, _options.Count)
        : 1;

    private void Limit(ConsumerState consumer)
    {
        var isLess = _inbox.State.Limit(consumer.MaxBatch, consumer.MaxBytes) && _options.Batch is not null;
        if (consumer.MaxExpires is { } most && _timing.Expires > most)
        {
            _timing.Expires = most;
        }
        if (isLess)
        {
            _watch.Tell(
                NasReadNoticeKind.RequestLimited,
                $"The consumer '{Consumer}' of '{Stream}' limits a request to {consumer.MaxBatch:N0} messages or {consumer.MaxBytes:N0} bytes."
            );
        }
    }

    private void End(NasException? error)
    {
        lock (_inbox.Gate)
        {
            Error ??= error;
            _inbox.State.End();
            _watch.Dispose();
        }
        _inbox.Wake();
    }
}

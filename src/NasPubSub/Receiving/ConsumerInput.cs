using System.Collections.Concurrent;
using NasPubSub.JetStream;
using NasPubSub.Sessions;

namespace NasPubSub.Receiving;

/// <summary>
/// The messages of a consumer. What was fetched and not output is returned to the consumer at the end, however that
/// comes, and kept alive until then. With -AutoConfirm each message is acknowledged when the pipeline has taken it, and
/// a stream has stored what is published for it.
/// </summary>
internal sealed class ConsumerInput : IMessageInput
{
    /// <summary>How long the end may take after Ctrl+C: the cmdlet has a second for it.</summary>
    private static readonly TimeSpan LastTime = TimeSpan.FromSeconds(0.8),
        Slice = TimeSpan.FromSeconds(0.1);

    private readonly NasConsumerReader _reader;
    private readonly ConcurrentQueue<NasReadNotice> _notices;
    private readonly bool _noWait;
    private readonly TimeSpan? _retryDelay;
    private readonly SessionStore _store;
    private readonly CancellationToken _stop;
    private readonly Timer? _keepAlive;
    private readonly object _gate = new();
    private NasMessage[] _read = [];
    private int _next,
        _end;
    private NasMessage? _failed;
    private bool _hasEnded;

    private ConsumerInput(
        NasConnection connection,
        NasConsumerReader reader,
        ConcurrentQueue<NasReadNotice> notices,
        bool noWait,
        bool confirms,
        TimeSpan? retryDelay,
        SessionStore store,
        CancellationToken stop
    )
    {
        (Connection, _reader, _notices, _noWait) = (connection, reader, notices, noWait);
        (_store, _stop) = (store, stop);
        _retryDelay = retryDelay;
        Held = confirms && reader.NeedsAck ? new HeldMessages(connection, reader, retryDelay) : null;
        _store.Closing += End;
        if (reader.NeedsAck)
        {
            var half = TimeSpan.FromTicks(Math.Max(TimeSpan.TicksPerMillisecond, reader.AckWait.Ticks / 2));
            var often = half < TimeSpan.FromDays(1) ? half : TimeSpan.FromDays(1);
            _keepAlive = new Timer(static source => ((ConsumerInput)source!).KeepAlive(), this, often, often);
        }
    }

    public NasConnection Connection { get; }

    public string Name => $"of the consumer '{_reader.Consumer}' of '{_reader.Stream}'";

    public string Title => $"{_reader.Stream}/{_reader.Consumer}";

    public object Target => Title;

    public int Batch => SubscriptionInput.LargeBatch;

    public bool IsCompleted => _reader.IsCompleted;

    public Exception? Error => _reader.Error;

    public bool ReturnsRest => true;

    public bool MayEndEarly => _noWait;

    public HeldMessages? Held { get; }

    /// <param name="jetStream">Where the consumer is.</param>
    /// <param name="stream">Its stream.</param>
    /// <param name="consumer">Its name.</param>
    /// <param name="options">How to read.</param>
    /// <param name="confirms">Acknowledge what the pipeline has taken?</param>
    /// <param name="retryDelay">When a message is delivered again whose pipeline failed; null for at once.</param>
    /// <param name="store">The sessions of the runspace: when they close, it ends.</param>
    /// <param name="stop">Ctrl+C: from then on there is little time.</param>
    /// <param name="cancel">Ends the wait.</param>
    /// <exception cref="NasException">As NasConsumers.OpenReaderAsync.</exception>
    public static async Task<ConsumerInput> OpenAsync(
        NasJetStream jetStream,
        string stream,
        string consumer,
        NasReadOptions options,
        bool confirms,
        TimeSpan? retryDelay,
        SessionStore store,
        CancellationToken stop,
        CancellationToken cancel
    )
    {
        var notices = new ConcurrentQueue<NasReadNotice>();
        var reader = await jetStream
            .Consumers.OpenReaderAsync(
                stream,
                consumer,
                options with
                {
                    OnNotice = notices.Enqueue,
                    SpareDeliveries = true,
                },
                cancel
            )
            .ConfigureAwait(false);
        return new ConsumerInput(
            jetStream.Connection,
            reader,
            notices,
            options.NoWait,
            confirms,
            retryDelay,
            store,
            stop
        );
    }

    public int Read(NasMessage[] batch, TimeSpan wait, CancellationToken cancel)
    {
        var taken = _reader.Read(batch, wait, cancel);
        if (taken > 0)
        {
            lock (_gate)
            {
                (_read, _next, _end) = (batch, 0, taken);
            }
        }
        return taken;
    }

    public bool IsDrained(int taken) => taken < Batch;

    public bool TryTakeWarning(out string warning)
    {
        var isOne = _notices.TryDequeue(out var notice);
        warning = notice?.Message ?? "";
        return isOne;
    }

    public void OnTaken(NasMessage message)
    {
        Pass();
        if (Held?.TryTake(message) == false)
        {
            Complete(message.AckAsync());
        }
    }

    /// <summary>Delivered again it would be the same, so it is rejected: it becomes a dead letter.</summary>
    public void OnRefused(NasMessage message)
    {
        Pass();
        if (Held is not null)
        {
            Complete(message.TermAsync());
        }
    }

    /// <summary>Returned only now, it would be delivered to this very reader: that waits for the end.</summary>
    public void OnEnded(NasMessage message, bool hasTaken)
    {
        if (hasTaken)
        {
            OnTaken(message);
            return;
        }
        Held?.Forget();
        lock (_gate)
        {
            _failed = Held is null ? null : message;
        }
    }

    public void Dispose()
    {
        _store.Closing -= End;
        End();
    }

    /// <summary>
    /// Returns what was not output, and waits until the server has that and all acknowledgements. Any thread.
    /// </summary>
    private void End()
    {
        lock (_gate)
        {
            if (_hasEnded)
            {
                return;
            }
            _hasEnded = true;
            if (Held is not { IsEmpty: false })
            {
                _keepAlive?.Dispose();
            }
        }
        var returning = Task.Run(ReturnAsync);
        try
        {
            // Without Ctrl+C the operations have limits of their own.
            for (var left = LastTime; left > TimeSpan.Zero && !returning.Wait(Slice);)
            {
                left -= _stop.IsCancellationRequested ? Slice : TimeSpan.Zero;
            }
        }
        catch (AggregateException)
        {
            // The connection is lost: the consumer delivers again what it has no acknowledgement for.
        }
    }

    private async Task ReturnAsync()
    {
        var unread = await _reader.StopAsync().ConfigureAwait(false);
        var refused = Held?.TakeRefused() ?? [];
        if (!_reader.NeedsAck || !Connection.IsConnected)
        {
            return;
        }
        foreach (var message in refused.Concat(Unwritten()).Concat(unread))
        {
            await message.NakAsync(message == _failed ? _retryDelay : null).ConfigureAwait(false);
        }
        await Connection.PingAsync().ConfigureAwait(false);
    }

    private NasMessage[] Unwritten()
    {
        lock (_gate)
        {
            return _read.AsSpan(_next, _end - _next).ToArray();
        }
    }

    private void Pass()
    {
        lock (_gate)
        {
            _next++;
        }
    }

    private void KeepAlive()
    {
        var held = Held?.ToArray() ?? [];
        NasMessage[] rest = [];
        lock (_gate)
        {
            if (!_hasEnded)
            {
                rest = Unwritten();
            }
            else if (held.Length == 0)
            {
                _keepAlive?.Dispose();
                return;
            }
        }
        try
        {
            foreach (var message in rest.Concat(held))
            {
                _ = message.InProgressAsync();
            }
            if (!_hasEnded)
            {
                _reader.KeepAlive();
            }
        }
        catch (NasException)
        {
            // Without a connection there is nothing to keep.
        }
    }

    /// <summary>It is buffered; only a full buffer makes it wait, within the limits of the connection.</summary>
    private static void Complete(ValueTask sending)
    {
        if (!sending.IsCompletedSuccessfully)
        {
            sending.AsTask().GetAwaiter().GetResult();
        }
    }
}

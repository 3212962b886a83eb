using NasPubSub.Protocol;

namespace NasPubSub;

/// <summary>
/// Collects messages and publishes them together: when the batch is full, when the first has waited for the flush
/// interval, or when FlushAsync is called. Publish batches its writes by itself; use this to hold messages until
/// a point. Thread-safe; the order of the calls is the order on the wire.
/// </summary>
public sealed class NasBatchPublisher : IAsyncDisposable
{
    private readonly NasConnection _connection;
    private readonly int _size;
    private readonly TimeSpan _interval;
    private readonly SemaphoreSlim _gate = new(1, 1);
    private readonly Timer _timer;
    private readonly List<Item> _items = [];
    private Exception? _timerError;
    private bool _disposed;

    /// <param name="connection">Where the messages go; it stays the caller's.</param>
    /// <param name="batchSize">Messages that make a batch. Default: 100, as in the Python client.</param>
    /// <param name="flushInterval">The longest a message waits. Default: 1 s.</param>
    public NasBatchPublisher(NasConnection connection, int batchSize = 100, TimeSpan? flushInterval = null)
    {
        if (batchSize < 1)
        {
            throw new ArgumentOutOfRangeException(nameof(batchSize));
        }

        _connection = connection;
        _size = batchSize;
        _interval = Threading.Deadline.ForTimer(flushInterval ?? TimeSpan.FromSeconds(1));
        _timer = new Timer(
            static p => _ = ((NasBatchPublisher)p!).FlushInTimeAsync(),
            this,
            Timeout.Infinite,
            Timeout.Infinite
        );
    }

    /// <summary>Messages that wait for their batch.</summary>
    public int Count
    {
        get
        {
            lock (_items)
            {
                return _items.Count;
            }
        }
    }

    /// <summary>Adds a message; the one that completes a batch publishes it.</summary>
    /// <exception cref="NasException">InvalidSubject for this message; else those of PublishAsync, for a message of the
    /// batch, also of an earlier one sent by the clock.</exception>
    public async ValueTask PublishAsync(
        string subject,
        ReadOnlyMemory<byte> payload,
        string? replyTo = null,
        NasHeaders? headers = null,
        CancellationToken cancel = default
    )
    {
        Subjects.CheckPublish(subject);
        ThrowTimerError();
        bool full;
        lock (_items)
        {
            if (_disposed)
            {
                throw new ObjectDisposedException(nameof(NasBatchPublisher));
            }
            // The caller may use its array again before the batch leaves.
            _items.Add(new Item(subject, payload.ToArray(), replyTo, headers));
            full = _items.Count >= _size;
            if (_items.Count == 1)
            {
                _timer.Change(_interval, Timeout.InfiniteTimeSpan);
            }
        }
        if (full)
        {
            await FlushAsync(cancel).ConfigureAwait(false);
        }
    }

    /// <inheritdoc cref="PublishAsync(string, ReadOnlyMemory{byte}, string?, NasHeaders?, CancellationToken)"/>
    public ValueTask PublishAsync(
        string subject,
        string text,
        string? replyTo = null,
        NasHeaders? headers = null,
        CancellationToken cancel = default
    ) => PublishAsync(subject, System.Text.Encoding.UTF8.GetBytes(text), replyTo, headers, cancel);

    /// <summary>Publishes what there is.</summary>
    /// <exception cref="NasException">As PublishAsync of the connection; the messages not yet published stay in the
    /// batch.</exception>
    public async Task FlushAsync(CancellationToken cancel = default)
    {
        await _gate.WaitAsync(cancel).ConfigureAwait(false);
        try
        {
            ThrowTimerError();
            Item[] batch;
            lock (_items)
            {
                batch = [.. _items];
            }

            var sent = 0;
            try
            {
                for (; sent < batch.Length; sent++)
                {
                    await _connection
                        .PublishAsync(
                            batch[sent].Subject,
                            batch[sent].Payload,
                            batch[sent].ReplyTo,
                            batch[sent].Headers,
                            true,
                            cancel
                        )
                        .ConfigureAwait(false);
                }
            }
            catch (NasException e)
                when (e.Error is NasError.PayloadTooLarge or NasError.InvalidHeader or NasError.InvalidSubject)
            {
                // This message can never be sent, and must not block those that follow.
                sent++;
                throw;
            }
            finally
            {
                lock (_items)
                {
                    _items.RemoveRange(0, sent);
                    if (_items.Count > 0 && !_disposed)
                    {
                        _timer.Change(_interval, Timeout.InfiniteTimeSpan);
                    }
                }
            }
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>Publishes what there is, and ends.</summary>
    /// <exception cref="NasException">As FlushAsync.</exception>
    public async ValueTask DisposeAsync()
    {
        lock (_items)
        {
            if (_disposed)
            {
                return;
            }

            _disposed = true;
        }
        _timer.Dispose();
        await FlushAsync().ConfigureAwait(false);
    }

    private async Task FlushInTimeAsync()
    {
        try
        {
            await FlushAsync().ConfigureAwait(false);
        }
        catch (Exception e)
        {
            // Nobody awaits the timer: the next call throws the error.
            _timerError = e;
        }
    }

    private void ThrowTimerError()
    {
        if (Interlocked.Exchange(ref _timerError, null) is { } error)
        {
            throw error;
        }
    }

    private sealed record Item(string Subject, byte[] Payload, string? ReplyTo, NasHeaders? Headers);
}

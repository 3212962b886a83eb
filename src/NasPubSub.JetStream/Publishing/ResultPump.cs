namespace NasPubSub.JetStream.Publishing;

/// <summary>
/// Calls back with results, one after the other on a thread of the pool, and keeps the errors that nobody takes.
/// Thread-safe.
/// </summary>
internal sealed class ResultPump(NasStreamPublisherOptions options)
{
    private readonly object _gate = new();
    private readonly Queue<object> _results = new();
    private readonly List<NasException> _unreported = [];
    private bool _isRunning;

    /// <summary>Does somebody want a receipt for each message?</summary>
    public bool WantsReceipts { get; } = options.OnStored is not null;

    public void AddStored(NasPublishReceipt receipt) => Add(receipt);

    public void AddFailed(NasException error, object? input)
    {
        if (options.OnFailed is not null)
        {
            Add(new Failure(error, input));
            return;
        }
        lock (_gate)
        {
            _unreported.Add(error);
        }
    }

    /// <summary>Completes a wait when the results before it were given to the callbacks.</summary>
    public void AddFlush(TaskCompletionSource<bool> flush)
    {
        lock (_gate)
        {
            if (_isRunning)
            {
                _results.Enqueue(flush);
                return;
            }
        }
        flush.TrySetResult(true);
    }

    /// <exception cref="NasException">The error of a message, where nobody is called for errors.</exception>
    /// <exception cref="AggregateException">Several of them.</exception>
    public void ThrowUnreported()
    {
        NasException[] errors;
        lock (_gate)
        {
            errors = [.. _unreported];
            _unreported.Clear();
        }
        if (errors.Length > 0)
        {
            throw errors.Length == 1 ? errors[0] : new AggregateException(errors);
        }
    }

    private void Add(object result)
    {
        lock (_gate)
        {
            _results.Enqueue(result);
            if (_isRunning)
            {
                return;
            }
            _isRunning = true;
        }
        ThreadPool.UnsafeQueueUserWorkItem(static p => ((ResultPump)p!).Run(), this);
    }

    private void Run()
    {
        while (true)
        {
            object result;
            lock (_gate)
            {
                if (_results.Count == 0)
                {
                    _isRunning = false;
                    return;
                }
                result = _results.Dequeue();
            }
            try
            {
                switch (result)
                {
                    case NasPublishReceipt receipt:
                        options.OnStored!(receipt);
                        break;
                    case Failure failure:
                        options.OnFailed!(failure.Error, failure.Input);
                        break;
                    case TaskCompletionSource<bool> flush:
                        flush.TrySetResult(true);
                        break;
                }
            }
            catch (Exception e)
            {
                // The callback is the caller's: FlushAsync tells him.
                lock (_gate)
                {
                    _unreported.Add(new NasException(NasError.InvalidOption, $"A callback failed: {e.Message}", e));
                }
            }
        }
    }

    private sealed record Failure(NasException Error, object? Input);
}

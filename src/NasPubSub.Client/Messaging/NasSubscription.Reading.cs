using System.Runtime.CompilerServices;
using NasPubSub.Messaging;

namespace NasPubSub;

/// <summary>Reading, for subscriptions without a handler.</summary>
public sealed partial class NasSubscription
{
    /// <summary>
    /// Blocks until there is a message, the end, or the time-out.
    /// </summary>
    /// <param name="destination">Gets as many as there are and fit.</param>
    /// <param name="timeout">How long to wait for the first; infinite with <see cref="Timeout.InfiniteTimeSpan"/>.</param>
    /// <param name="cancel">Ends the wait.</param>
    /// <returns>How many; 0 at the end (<see cref="IsCompleted"/>) or the time-out.</returns>
    /// <exception cref="OperationCanceledException">By <paramref name="cancel"/>.</exception>
    public int Read(NasMessage[] destination, TimeSpan timeout, CancellationToken cancel = default)
    {
        lock (_gate)
        {
            if (_count > 0 || _ended) return TakeMany(destination);
        }
        var deadline = Deadline.In(timeout);
        using var registration = cancel.Register(static gate => { lock (gate!) Monitor.PulseAll(gate!); }, _gate);
        lock (_gate)
        {
            while (_count == 0 && !_ended)
            {
                cancel.ThrowIfCancellationRequested();
                var left = Deadline.Left(deadline);
                if (left == TimeSpan.Zero) return 0;
                _blocked++;
                Monitor.Wait(_gate, left);
                _blocked--;
            }
            return TakeMany(destination);
        }
    }

    /// <summary>The next message; null at the end.</summary>
    /// <exception cref="OperationCanceledException">By <paramref name="cancel"/>.</exception>
    public ValueTask<NasMessage?> ReadAsync(CancellationToken cancel = default)
    {
        lock (_gate)
        {
            if (_count > 0) return new(TakeOne());
            if (_ended) return default;
        }
        return WaitAsync(cancel);
    }

    /// <summary>Every message until the end.</summary>
    public async IAsyncEnumerable<NasMessage> ReadAllAsync([EnumeratorCancellation] CancellationToken cancel = default)
    {
        while (await ReadAsync(cancel).ConfigureAwait(false) is { } message) yield return message;
    }

    private async ValueTask<NasMessage?> WaitAsync(CancellationToken cancel)
    {
        while (true)
        {
            Task arrival;
            lock (_gate)
            {
                if (_count > 0) return TakeOne();
                if (_ended) return null;
                arrival = (_arrival ??= new(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
            }
            await arrival.WaitAsync(cancel).ConfigureAwait(false);
        }
    }

    private NasMessage TakeOne()
    {
        var message = Take();
        if (_ended && _count == 0) Complete();
        return message;
    }
}

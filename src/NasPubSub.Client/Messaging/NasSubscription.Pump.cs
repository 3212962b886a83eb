using System.Buffers;
using NasPubSub.Connection;

namespace NasPubSub;

/// <summary>The handler's side of the buffer.</summary>
public sealed partial class NasSubscription
{
    /// <summary>A few at a time, so that the limits count nearly all that wait: with small limits, one.</summary>
    private int BatchSize => Math.Max(1, Math.Min(256, Limits.MaxPendingMessages / 64));

    /// <returns>The next messages for the handler; when there are none, the pump ends.</returns>
    private int TakeForHandler(Span<NasMessage> to)
    {
        lock (_gate)
        {
            var taken = TakeMany(to);
            if (taken > 0) return taken;
            _pumping = false;
            if (_ended) Complete();
            return 0;
        }
    }

    /// <summary>
    /// Runs the handler for message after message, on the pool, until none is left. Started anew for each read that brings
    /// messages, so it allocates only where a handler really waits for something.
    /// </summary>
    private sealed class HandlerPump(NasSubscription subscription) : PoolWork
    {
        public override void Run()
        {
            var batch = ArrayPool<NasMessage>.Shared.Rent(subscription.BatchSize);
            while (subscription.TakeForHandler(batch.AsSpan(0, subscription.BatchSize)) is var taken and > 0)
            {
                for (var i = 0; i < taken && !Volatile.Read(ref subscription._discarded); i++)
                {
                    var handling = Handle(batch[i]);
                    if (handling.IsCompletedSuccessfully) continue;
                    _ = GoOnAsync(handling, batch, i + 1, taken);
                    return;
                }
            }
            ArrayPool<NasMessage>.Shared.Return(batch, clearArray: true);
        }

        /// <summary>Waits for the handler, does the rest of the batch, and starts anew: not by a call, which would go deeper and deeper.</summary>
        private async Task GoOnAsync(ValueTask handling, NasMessage[] batch, int next, int taken)
        {
            await SettleAsync(handling).ConfigureAwait(false);
            for (var i = next; i < taken && !Volatile.Read(ref subscription._discarded); i++)
                await SettleAsync(Handle(batch[i])).ConfigureAwait(false);
            ArrayPool<NasMessage>.Shared.Return(batch, clearArray: true);
            Queue();
        }

        private ValueTask Handle(NasMessage message)
        {
            try
            {
                return subscription._handler!(message);
            }
            catch (Exception e)
            {
                subscription.Connection.OnHandlerFailed(subscription, e);
                return default;
            }
        }

        private async ValueTask SettleAsync(ValueTask handling)
        {
            try
            {
                await handling.ConfigureAwait(false);
            }
            catch (Exception e)
            {
                subscription.Connection.OnHandlerFailed(subscription, e);
            }
        }
    }
}

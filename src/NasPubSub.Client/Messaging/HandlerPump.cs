using System.Buffers;
using NasPubSub.Diagnostics;
using NasPubSub.Threading;

namespace NasPubSub.Messaging;

/// <summary>
/// Runs a subscription's handler for one message after the other, on the pool, until none is left. It allocates only if
/// a handler really waits.
/// </summary>
internal sealed class HandlerPump(
    NasSubscription subscription,
    MessageBuffer buffer,
    Func<NasMessage, ValueTask> handler
) : PoolWork
{
    /// <summary>
    /// Messages taken at a time: few, so that the limits still count nearly all that wait, and one if the limits are
    /// small.
    /// </summary>
    private readonly int _batchSize = Math.Max(1, Math.Min(256, subscription.Limits.MaxPendingMessages / 64));

    /// <summary>Most reads bring a subscription one message or many: one needs no array.</summary>
    public override void Run()
    {
        while (buffer.TakeForHandler(out var hasMore) is { } message)
        {
            var handling = buffer.IsDiscarded ? default : Handle(message);
            if (!handling.IsCompletedSuccessfully)
            {
                _ = ContinueAsync(handling, [], 0, 0);
                return;
            }

            if (hasMore)
            {
                RunMany();
                return;
            }
        }
    }

    private void RunMany()
    {
        var batch = ArrayPool<NasMessage>.Shared.Rent(_batchSize);
        while (buffer.TakeForHandler(batch.AsSpan(0, _batchSize)) is var taken and > 0)
        {
            for (var i = 0; i < taken && !buffer.IsDiscarded; i++)
            {
                var handling = Handle(batch[i]);
                if (!handling.IsCompletedSuccessfully)
                {
                    _ = ContinueAsync(handling, batch, i + 1, taken);
                    return;
                }
            }

            // The pool keeps the array: it must not keep the messages.
            batch.AsSpan(0, taken).Clear();
        }

        ArrayPool<NasMessage>.Shared.Return(batch);
    }

    /// <summary>
    /// Awaits the handler, handles the rest of the batch, and queues the pump again. A direct call would nest deeper
    /// each time.
    /// </summary>
    private async Task ContinueAsync(ValueTask handling, NasMessage[] batch, int next, int taken)
    {
        await SettleAsync(handling).ConfigureAwait(false);
        for (var i = next; i < taken && !buffer.IsDiscarded; i++)
        {
            await SettleAsync(Handle(batch[i])).ConfigureAwait(false);
        }

        if (batch.Length > 0)
        {
            ArrayPool<NasMessage>.Shared.Return(batch, clearArray: true);
        }

        Queue();
    }

    private ValueTask Handle(NasMessage message)
    {
        try
        {
            return Tracing.IsEnabled ? HandleTracedAsync(message) : handler(message);
        }
        catch (Exception e)
        {
            subscription.ReportHandlerError(e);
            return default;
        }
    }

    private async ValueTask HandleTracedAsync(NasMessage message)
    {
        using var span = subscription.StartSpan(SpanOperation.Process, message);
        try
        {
            await handler(message).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            span?.Fail(e);
            throw;
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
            subscription.ReportHandlerError(e);
        }
    }
}

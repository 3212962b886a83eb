using NasPubSub.Connection;
using NasPubSub.Threading;

namespace NasPubSub.Messaging;

/// <summary>
/// The orderly end of a connection: subscriptions end, handlers run for the messages that arrived, buffered messages
/// are sent and confirmed. Thread-safe.
/// </summary>
internal sealed class ConnectionShutdown(ConnectionCore core)
{
    private readonly SendBuffer _buffer = core.Buffer;
    private readonly ConnectionStatus _status = core.Status;
    private readonly ReconnectLoop _loop = core.Loop;
    private readonly Gate _gate = new(LockLevel.Shutdown);
    private readonly CancellationTokenSource _hurry = new();
    private Deadline _deadline = Deadline.Never;
    private Task<bool>? _ending;

    /// <summary>Has somebody begun it?</summary>
    public bool HasBegun => Volatile.Read(ref _ending) is not null;

    /// <summary>Begins it, or shortens the one under way.</summary>
    /// <param name="timeout">How long the drain may take; zero for no drain.</param>
    /// <param name="cancel">Ends the drain.</param>
    /// <returns>False when something was left unsent or unhandled.</returns>
    public async Task<bool> RunAsync(TimeSpan timeout, CancellationToken cancel)
    {
        var deadline = Deadline.In(timeout);
        Task<bool> ending;
        using (_gate.Enter())
        {
            if (deadline.IsBefore(_deadline))
            {
                _deadline = deadline;
                _hurry.CancelAfter(deadline.Left);
            }
            ending = _ending ??= Task.Run(() => EndAsync(timeout), CancellationToken.None);
        }
        using (cancel.Register(_hurry.Cancel))
        {
            return await ending.ConfigureAwait(false);
        }
    }

    private async Task<bool> EndAsync(TimeSpan timeout)
    {
        _loop.BeginEnd();
        var drained = timeout != TimeSpan.Zero && await DrainAsync(Deadline.In(timeout)).ConfigureAwait(false);
        // A message accepted after this would be neither sent nor counted.
        _buffer.Refuse(Closing());
        if (timeout == TimeSpan.Zero)
        {
            drained = _buffer.Pending == 0;
        }
        drained &= _buffer.Ledger.LeftOut == 0;
        core.Dedicated.Close(Closing());
        await Task.WhenAll(core.Dedicated.All.Select(c => c.Shutdown.RunAsync(TimeSpan.Zero, default)))
            .ConfigureAwait(false);
        await _loop.StopAsync().ConfigureAwait(false);
        core.Close(_status.Closed());
        _hurry.CancelAfter(Timeout.InfiniteTimeSpan);
        return drained;
    }

    private async Task<bool> DrainAsync(Deadline deadline)
    {
        try
        {
            // Messages published during a connect are sent when it succeeds.
            var isConnecting = _status.State is NasConnectionState.Connecting or NasConnectionState.Reconnecting;
            if (!_status.IsConnected && isConnecting && _buffer.Pending > 0)
            {
                await _loop.WaitConnectedAsync(deadline, _hurry.Token).ConfigureAwait(false);
            }
            if (!_status.IsConnected)
            {
                _buffer.Refuse(Closing());
                return _buffer.Pending == 0;
            }
            _status.Enter(NasConnectionState.Draining);
            var lost = _buffer.Ledger.Unconfirmed;
            var subscriptions = core.Facade.Subscriptions;
            await Task.WhenAll(subscriptions.Select(s => s.DrainAsync(deadline.Left, _hurry.Token)))
                .ConfigureAwait(false);
            // Handlers may publish until here. The flush covers everything accepted before, from any thread.
            _buffer.Refuse(Closing());
            while (!await TryFlushAsync(deadline).ConfigureAwait(false))
            {
                if (!await _loop.WaitConnectedAsync(deadline, _hurry.Token).ConfigureAwait(false))
                {
                    return false;
                }
            }
            return _buffer.Ledger.Unconfirmed == lost;
        }
        catch (Exception e) when (e is NasException or OperationCanceledException or TimeoutException)
        {
            return false;
        }
    }

    /// <returns>False when the connection broke, and there is something to send over the next.</returns>
    private async Task<bool> TryFlushAsync(Deadline deadline)
    {
        try
        {
            await _buffer.FenceAsync(deadline, _hurry.Token).ConfigureAwait(false);
            return true;
        }
        catch (NasException e)
            when (e.Error is NasError.ConnectionLost or NasError.NotConnected
                && _buffer.Pending > 0
                && core.Options.Reconnect
            )
        {
            return false;
        }
    }

    private static NasException Closing() =>
        new(NasError.ConnectionClosed, "The connection is being closed; the message was not sent.");
}

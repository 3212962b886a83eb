using NasPubSub.Connection;
using NasPubSub.Messaging;

namespace NasPubSub;

/// <summary>The end of a connection, in order.</summary>
public sealed partial class NasConnection
{
    private readonly CancellationTokenSource _hurry = new();
    private Deadline _drainDeadline = Deadline.Never;

    /// <summary>
    /// Ends the connection for good. First it drains: subscriptions end, handlers run for what has come, what is buffered
    /// is sent and the server confirms it. Called again meanwhile, it may cut that short, and gives the same result.
    /// </summary>
    /// <param name="drainTimeout">How long all that may take; then it closes anyway. Default: the options' OperationTimeout.</param>
    /// <param name="drain">False closes at once.</param>
    /// <param name="cancel">Closes at once.</param>
    /// <returns>
    /// False when something was left unsent or unhandled, or a message accepted earlier was left out since a later server
    /// does not take it. A publish from another thread meanwhile is sent, or fails with ConnectionClosed.
    /// </returns>
    public async Task<bool> DisconnectAsync(TimeSpan? drainTimeout = null, bool drain = true, CancellationToken cancel = default)
    {
        var timeout = drain ? drainTimeout ?? Options.OperationTimeout : TimeSpan.Zero;
        var deadline = Deadline.In(timeout);
        Task<bool> ending;
        lock (_gate)
        {
            if (deadline.IsBefore(_drainDeadline))
            {
                _drainDeadline = deadline;
                _hurry.CancelAfter(Deadline.Left(deadline));
            }
            ending = _disconnecting ??= Task.Run(() => EndAsync(timeout), CancellationToken.None);
        }
        using (cancel.Register(_hurry.Cancel)) return await ending.ConfigureAwait(false);
    }

    private async Task<bool> EndAsync(TimeSpan timeout)
    {
        var drained = timeout != TimeSpan.Zero && await DrainAsync(Deadline.In(timeout), _hurry.Token).ConfigureAwait(false);
        // What is taken from now on would be neither sent nor counted.
        _outbox.Refuse(Closing());
        if (timeout == TimeSpan.Zero) drained = PendingBytes == 0;
        drained &= _outbox.LeftOut == 0;
        await Task.WhenAll(Companions.Select(c => c.DisconnectAsync(drain: false))).ConfigureAwait(false);
        _stop.Cancel();
        Link? link;
        lock (_gate) link = _link;
        link?.Dispose();
        // The loops end by themselves once the socket is closed; nothing of the user's runs in them.
        await _running.ConfigureAwait(false);
        CloseFor(Closed());
        _hurry.CancelAfter(Timeout.InfiniteTimeSpan);
        return drained;
    }

    private async Task<bool> DrainAsync(Deadline deadline, CancellationToken cancel)
    {
        try
        {
            // What was published while a connect is under way goes out with it.
            if (!IsConnected && State is NasConnectionState.Connecting or NasConnectionState.Reconnecting && PendingBytes > 0)
                await WaitConnectedAsync(Deadline.Left(deadline), cancel).ConfigureAwait(false);
            if (!IsConnected)
            {
                _outbox.Refuse(Closing());
                return PendingBytes == 0;
            }
            SetState(NasConnectionState.Draining);
            var lost = _outbox.Unconfirmed;
            var all = Subscriptions;
            await Task.WhenAll(all.Select(s => s.DrainAsync(Deadline.Left(deadline), cancel))).ConfigureAwait(false);
            // Handlers may publish until here. The flush then covers all that was ever taken, also from other threads.
            _outbox.Refuse(Closing());
            while (!await TryFlushAsync(deadline, cancel).ConfigureAwait(false))
                if (!await WaitConnectedAsync(Deadline.Left(deadline), cancel).ConfigureAwait(false)) return false;
            return _outbox.Unconfirmed == lost;
        }
        catch (Exception e) when (e is NasException or OperationCanceledException or TimeoutException)
        {
            return false;
        }
    }

    /// <returns>False when the connection broke, and there is something to send over the next.</returns>
    private async Task<bool> TryFlushAsync(Deadline deadline, CancellationToken cancel)
    {
        try
        {
            await PingAsync(Deadline.Left(deadline), cancel).ConfigureAwait(false);
            return true;
        }
        catch (NasException e) when (e.Error is NasError.ConnectionLost or NasError.NotConnected && PendingBytes > 0 && Options.Reconnect)
        {
            return false;
        }
    }

    private static NasException Closing() => new(NasError.ConnectionClosed, "The connection is being closed; nothing of this message was sent.");

    /// <summary>Closed for good, whoever wanted it.</summary>
    private void CloseFor(NasException reason)
    {
        List<NasSubscription> subscriptions;
        lock (_gate)
        {
            if (State == NasConnectionState.Closed) return;
            subscriptions = _subscriptions.ToList();
            foreach (var subscription in subscriptions) _subscriptions.Remove(subscription);
        }
        _stop.Cancel();
        _pings.Dispose();
        SetState(NasConnectionState.Closed);
        _outbox.Close(Closed());
        foreach (var subscription in subscriptions) subscription.End(_disconnecting is null ? reason : null, discard: false);
        FailRequests(Closed());
        _connected?.TrySetException(Closed());
        _ = _connected?.Task.Exception;
        _requestTimer.Dispose();
        foreach (var companion in Companions) _ = companion.DisconnectAsync(drain: false);
        Notify(NasEventKind.Closed, _disconnecting is null ? $"The connection is closed: {reason.Message}" : "The connection is closed.", _disconnecting is null ? reason : null);
    }
}

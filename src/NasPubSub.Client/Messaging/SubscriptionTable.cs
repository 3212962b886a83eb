using NasPubSub.Connection;
using NasPubSub.Protocol;
using NasPubSub.Threading;

namespace NasPubSub.Messaging;

/// <summary>
/// The live subscriptions of a connection by sid: their confirmation, denial, end, and restoration on another link.
/// Thread-safe.
/// </summary>
internal sealed class SubscriptionTable(NasOptions options, SendBuffer buffer, ConnectionStatus status, long firstSid)
    : ILinkRestorer
{
    private readonly Gate _gate = new(LockLevel.Subscriptions);
    private readonly SlotTable<NasSubscription> _slots = new(firstSid);

    /// <summary>Those that the server has not confirmed yet, in the order of their SUBs.</summary>
    private readonly List<NasSubscription> _unconfirmed = [];

    /// <summary>Raised when a subscription has ended, without the lock.</summary>
    public event Action? Ended;

    /// <summary>All, in the order of their sids.</summary>
    public List<NasSubscription> All
    {
        get
        {
            using var _ = _gate.Enter();
            return _slots.ToList();
        }
    }

    /// <summary>Takes no lock: the read loop looks up each message.</summary>
    public NasSubscription? Find(long sid) => _slots.Find(sid);

    /// <summary>Subscribes. The server has it when a PONG behind it comes.</summary>
    /// <exception cref="NasException">InvalidSubject: too long for a server's control line.
    /// ConnectionClosed.</exception>
    public void Add(NasSubscription subscription)
    {
        ClientLines.CheckSubscribe(subscription.Topic, subscription.QueueGroup);
        using var _ = _gate.Enter();
        if (status.State == NasConnectionState.Closed)
        {
            throw status.Closed();
        }
        _slots.Add(subscription);
        buffer.WriteControl(subscription.ToOperations());
    }

    /// <summary>Subscribes.</summary>
    /// <param name="subscription">Not in the table.</param>
    /// <param name="confirm">Waits until the server has confirmed it.</param>
    /// <param name="loop">Makes the connections that it waits for.</param>
    /// <param name="cancel">Ends the wait; the subscription is taken back.</param>
    /// <exception cref="NasException">PermissionDenied, LimitExceeded, Timeout, NotConnected,
    /// ConnectionClosed.</exception>
    public async Task AddAsync(NasSubscription subscription, bool confirm, ReconnectLoop loop, CancellationToken cancel)
    {
        if (!confirm)
        {
            Add(subscription);
            return;
        }
        using (_gate.Enter())
        {
            _unconfirmed.Add(subscription);
        }
        try
        {
            Add(subscription);
            await ConfirmAsync(subscription, loop, cancel).ConfigureAwait(false);
        }
        catch
        {
            Unsubscribe(subscription, 0);
            throw;
        }
        finally
        {
            using (_gate.Enter())
            {
                _unconfirmed.Remove(subscription);
            }
        }
    }

    /// <summary>Ends a subscription: at once with 0, or after so many messages counted from its start.</summary>
    public void Unsubscribe(NasSubscription subscription, long max)
    {
        using (_gate.Enter())
        {
            if (_slots.Find(subscription.Sid) != subscription)
            {
                return;
            }
            if (max > 0 && !subscription.SetMax(max))
            {
                buffer.WriteControl(ClientLines.Unsubscribe(subscription.Sid, subscription.ServerMax));
                return;
            }
            _slots.Remove(subscription);
            buffer.WriteControl(ClientLines.Unsubscribe(subscription.Sid, 0));
        }
        // Messages up to the maximum are still handled, as if the call had come before them.
        if (max > 0)
        {
            subscription.Buffer.DropBeyond(max);
        }
        subscription.End(null, discard: subscription.HasHandler && max == 0);
        Ended?.Invoke();
    }

    /// <summary>Ends a subscription after what the server has sent before: UNSUB, and a fence behind it.</summary>
    /// <exception cref="TimeoutException">It took longer.</exception>
    public async Task DrainAsync(NasSubscription subscription, TimeSpan timeout, CancellationToken cancel)
    {
        var pong = new TaskCompletionSource<TimeSpan>(TaskCreationOptions.RunContinuationsAsynchronously);
        using (_gate.Enter())
        {
            if (_slots.Find(subscription.Sid) != subscription)
            {
                return;
            }
            try
            {
                buffer.WriteFence(ClientLines.Unsubscribe(subscription.Sid, 0), pong);
            }
            catch (NasException)
            {
                // Without a connection no message is in flight.
                pong.TrySetResult(default);
            }
        }
        try
        {
            await pong.Task.Observed().WaitAsync(Deadline.ForTimer(timeout), cancel).ConfigureAwait(false);
        }
        catch (NasException)
        {
            // The connection broke: no more messages arrive.
        }
        finally
        {
            End(subscription, null);
        }
    }

    /// <summary>A subscription has come to its end: at its maximum, or denied.</summary>
    public void End(NasSubscription subscription, Exception? error)
    {
        using (_gate.Enter())
        {
            // After a migration the server does not know the maximum. A server that does ignores this.
            if (_slots.Remove(subscription) && error is null)
            {
                buffer.WriteControl(ClientLines.Unsubscribe(subscription.Sid, 0));
            }
        }
        subscription.End(error, discard: false);
        Ended?.Invoke();
    }

    /// <summary>Ends all, because the connection ended.</summary>
    public void EndAll(Exception? reason)
    {
        List<NasSubscription> all;
        using (_gate.Enter())
        {
            all = _slots.ToList();
            all.ForEach(s => _slots.Remove(s));
        }
        foreach (var subscription in all)
        {
            subscription.End(reason, discard: false);
        }
    }

    /// <summary>The subscriptions that a permissions violation is about.</summary>
    /// <param name="error">The server's error.</param>
    /// <returns>Each with whether a caller waits for the answer, and gets the error.</returns>
    public List<(NasSubscription Subscription, bool IsAwaited)> FindDenied(ServerErrors error)
    {
        using var _ = _gate.Enter();
        return _slots
            .ToList()
            .FindAll(s =>
                error.Sid > 0
                    ? s.Sid == error.Sid
                    : s.Topic == error.Topic && (error.QueueGroup is null || s.QueueGroup == error.QueueGroup)
            )
            .ConvertAll(s => (s, s.IsInternal || _unconfirmed.Contains(s)));
    }

    /// <summary>
    /// The subscription that exceeded the limit. The server does not say which. It is the last unconfirmed one, else
    /// the last inbox that has received nothing.
    /// </summary>
    public NasSubscription? FindLatest()
    {
        using var _ = _gate.Enter();
        return _unconfirmed.FindLast(s => s.Error is null) ?? _slots.ToList().FindLast(s => s.IsUnheard);
    }

    void ILinkRestorer.Restore(Action<byte[]> write)
    {
        using var _ = _gate.Enter();
        write([.. _slots.ToList().SelectMany(s => s.ToOperations())]);
    }

    byte[] ILinkRestorer.Copy(out ISet<long> sids)
    {
        using var _ = _gate.Enter();
        var all = _slots.ToList();
        sids = new HashSet<long>(all.Select(s => s.Sid));
        return [.. all.SelectMany(s => s.ToSubscribe())];
    }

    void ILinkRestorer.Leave(Action<byte[]> write)
    {
        using var _ = _gate.Enter();
        write([.. _slots.ToList().SelectMany(s => ClientLines.Unsubscribe(s.Sid, 0))]);
    }

    void ILinkRestorer.CatchUp(ISet<long> sids, Action<byte[]> write)
    {
        using var _ = _gate.Enter();
        write([
            .. sids.Where(sid => _slots.Find(sid) is null).SelectMany(sid => ClientLines.Unsubscribe(sid, 0)),
            .. _slots.ToList().Where(s => !sids.Contains(s.Sid)).SelectMany(s => s.ToOperations()),
        ]);
    }

    /// <summary>Waits until the server has it. A reconnect restores it, and the wait goes on.</summary>
    private async Task ConfirmAsync(NasSubscription subscription, ReconnectLoop loop, CancellationToken cancel)
    {
        var deadline = Deadline.In(options.OperationTimeout);
        while (true)
        {
            try
            {
                await buffer.FenceAsync(deadline, cancel).ConfigureAwait(false);
                if (subscription.Error is { } denied)
                {
                    throw denied;
                }
                return;
            }
            catch (NasException e) when (e.Error is NasError.ConnectionLost or NasError.NotConnected)
            {
                // While a first connect is retried, the subscription waits in the table as messages do in the buffer.
                if (!status.IsReady)
                {
                    return;
                }
                if (!await loop.WaitConnectedAsync(deadline, cancel).ConfigureAwait(false))
                {
                    throw;
                }
            }
            catch (TimeoutException)
            {
                throw new NasException(
                    NasError.Timeout,
                    $"The server did not confirm the subscription to '{subscription.Subject}' in time."
                )
                {
                    Target = subscription.Subject,
                };
            }
        }
    }
}

using NasPubSub.Messaging;
using NasPubSub.Protocol;

namespace NasPubSub;

/// <summary>Subscribing.</summary>
public sealed partial class NasConnection
{
    /// <summary>Those the server has not confirmed yet, in the order of their SUBs.</summary>
    private readonly List<NasSubscription> _unconfirmed = [];

    /// <summary>Subscribes, and returns when the server has the subscription: what is published from then on comes.</summary>
    /// <param name="subject">Without the namespace; <c>*</c> stands for one token, <c>&gt;</c> for all that follow.</param>
    /// <param name="handler">
    /// Runs for each message, one after the other, on a thread of the pool. Its errors go to <see cref="Notified"/>. Null:
    /// the messages are read from the subscription.
    /// </param>
    /// <param name="queueGroup">One member of the group gets each message.</param>
    /// <param name="useNamespace">False subscribes to the subject as it stands.</param>
    /// <param name="options">Limits; null for those of the connection.</param>
    /// <param name="maxMessages">Ends it after so many; 0 for never.</param>
    /// <param name="cancel">Ends the wait; the subscription is taken back.</param>
    /// <exception cref="NasException">InvalidSubject, InvalidQueueGroup, PermissionDenied, LimitExceeded, Timeout, NotConnected, ConnectionClosed.</exception>
    public async Task<NasSubscription> SubscribeAsync(
        string subject, Func<NasMessage, ValueTask>? handler = null, string? queueGroup = null, bool useNamespace = true,
        NasSubscriptionOptions? options = null, long maxMessages = 0, CancellationToken cancel = default)
    {
        Subjects.CheckSubscribe(subject);
        if (queueGroup is not null) Subjects.CheckQueueGroup(queueGroup);
        if (maxMessages < 0) throw new ArgumentOutOfRangeException(nameof(maxMessages));
        if (!IsReady) await ReadyAsync(cancel).ConfigureAwait(false);
        var limits = options ?? Options.Subscriptions;
        if (limits.Overflow == NasOverflow.Wait && Parent is null)
            return await SubscribeApartAsync(subject, handler, queueGroup, useNamespace, limits, maxMessages, cancel).ConfigureAwait(false);
        var topic = Subjects.ToWire(Namespace, subject, useNamespace, Options.InboxPrefix);
        var subscription = new NasSubscription(this, subject, topic, queueGroup, handler, limits, maxMessages);
        lock (_gate) _unconfirmed.Add(subscription);
        try
        {
            Add(subscription);
            await ConfirmAsync(subscription, cancel).ConfigureAwait(false);
        }
        catch
        {
            Unsubscribe(subscription, 0);
            throw;
        }
        finally
        {
            lock (_gate) _unconfirmed.Remove(subscription);
        }
        return subscription;
    }

    /// <summary>Subscribes to a pattern with wildcards: the same as SubscribeAsync, under the Python client's name.</summary>
    /// <inheritdoc cref="SubscribeAsync"/>
    public Task<NasSubscription> SubscribePatternAsync(string pattern, Func<NasMessage, ValueTask>? handler = null, string? queueGroup = null, CancellationToken cancel = default) =>
        SubscribeAsync(pattern, handler, queueGroup, cancel: cancel);

    /// <summary>Ends a subscription by its sid.</summary>
    /// <param name="sid">The id.</param>
    /// <param name="maxMessages">More than 0: it ends after so many messages, counted from its start.</param>
    /// <param name="drain">What the server has sent is still handled.</param>
    /// <param name="cancel">Ends the wait for the drain.</param>
    /// <returns>False when there is none.</returns>
    public async Task<bool> UnsubscribeAsync(long sid, long maxMessages = 0, bool drain = false, CancellationToken cancel = default)
    {
        if (FindSubscription(sid) is not { } subscription) return false;
        if (drain && maxMessages == 0) await subscription.DrainAsync(cancel: cancel).ConfigureAwait(false);
        else await subscription.UnsubscribeAsync(maxMessages, cancel).ConfigureAwait(false);
        return true;
    }

    /// <summary>Ends all subscriptions to a subject, as it was given to SubscribeAsync.</summary>
    /// <returns>How many.</returns>
    /// <inheritdoc cref="UnsubscribeAsync(long, long, bool, CancellationToken)"/>
#pragma warning disable CS1573
    public async Task<int> UnsubscribeAsync(string subject, long maxMessages = 0, bool drain = false, CancellationToken cancel = default)
#pragma warning restore CS1573
    {
        var found = Subscriptions.Where(s => s.Subject == subject).ToList();
        foreach (var subscription in found) await UnsubscribeAsync(subscription.Sid, maxMessages, drain, cancel).ConfigureAwait(false);
        return found.Count;
    }

    private NasSubscription? FindSubscription(long sid)
    {
        lock (_gate)
            if (_subscriptions.Find(sid) is { } own) return own == _inbox ? null : own;
        return Companions.Select(c => c.FindSubscription(sid)).FirstOrDefault(s => s is not null);
    }

    internal void Unsubscribe(NasSubscription subscription, long max)
    {
        if (subscription.Owner != this)
        {
            subscription.Owner.Unsubscribe(subscription, max);
            return;
        }
        lock (_gate)
        {
            if (_subscriptions.Find(subscription.Sid) != subscription) return;
            if (max > 0 && !subscription.SetMax(max))
            {
                _outbox.WriteControl(ClientLines.Unsubscribe(subscription.Sid, subscription.ServerMax));
                return;
            }
            _subscriptions.Remove(subscription);
            _outbox.WriteControl(ClientLines.Unsubscribe(subscription.Sid, 0));
        }
        // What came of a maximum is still handled, as if the call had come before it.
        if (max > 0) subscription.DropBeyond(max);
        subscription.End(null, discard: subscription.HasHandler && max == 0);
        LeaveParent();
    }

    /// <summary>UNSUB and a fence behind it: what the server sent before has then been taken in.</summary>
    internal async Task FinishAsync(NasSubscription subscription, TimeSpan timeout, CancellationToken cancel)
    {
        var pong = new TaskCompletionSource<TimeSpan>(TaskCreationOptions.RunContinuationsAsynchronously);
        lock (_gate)
        {
            if (_subscriptions.Find(subscription.Sid) != subscription) return;
            try
            {
                _outbox.WriteFence(ClientLines.Unsubscribe(subscription.Sid, 0), pong);
            }
            catch (NasException)
            {
                // No connection, no message on its way.
                pong.TrySetResult(default);
            }
        }
        try
        {
            await pong.Task.WaitAsync(Deadline.ForTimer(timeout), cancel).ConfigureAwait(false);
        }
        catch (NasException)
        {
            // The connection broke: nothing comes after that either.
        }
        finally
        {
            lock (_gate) _subscriptions.Remove(subscription);
            subscription.End(null, discard: false);
            LeaveParent();
        }
    }

    private void Add(NasSubscription subscription)
    {
        ClientLines.CheckSubscribe(subscription.Topic, subscription.QueueGroup);
        lock (_gate)
        {
            if (State == NasConnectionState.Closed) throw Closed();
            _subscriptions.Add(subscription);
            _outbox.WriteControl(subscription.ToOperations());
        }
    }

    /// <summary>Waits for the server to have it, over reconnects if need be: each restores it.</summary>
    private async Task ConfirmAsync(NasSubscription subscription, CancellationToken cancel)
    {
        var deadline = Deadline.In(Options.OperationTimeout);
        while (true)
        {
            try
            {
                await FenceAsync([], deadline, cancel).ConfigureAwait(false);
                if (subscription.Error is { } denied) throw denied;
                return;
            }
            catch (NasException e) when (e.Error is NasError.ConnectionLost or NasError.NotConnected)
            {
                // With a first connect that is retried for ever, the subscription waits in the table as the messages do in the buffer.
                if (ServerInfo is null) return;
                if (!await WaitConnectedAsync(Deadline.Left(deadline), cancel).ConfigureAwait(false)) throw;
            }
            catch (TimeoutException)
            {
                throw new NasException(NasError.Timeout, $"The server did not confirm the subscription to '{subscription.Topic}' in time.") { Target = subscription.Subject };
            }
        }
    }

    internal void EndSubscription(NasSubscription subscription, Exception? error)
    {
        lock (_gate)
        {
            // A server that does not know of the maximum (after a move) is told; another does not mind.
            if (_subscriptions.Remove(subscription) && error is null) _outbox.WriteControl(ClientLines.Unsubscribe(subscription.Sid, 0));
        }
        subscription.End(error, discard: false);
        LeaveParent();
    }
}

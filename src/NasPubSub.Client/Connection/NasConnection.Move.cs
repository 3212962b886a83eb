using NasPubSub.Connection;
using NasPubSub.Messaging;
using NasPubSub.Protocol;

namespace NasPubSub;

/// <summary>
/// Moving to another server while the old one still serves: it announced its end (lame duck mode). Nothing is lost:
/// subscriptions exist on both for a while, what was published goes out on the old one first. See <see cref="Overlap"/> for copies.
/// </summary>
public sealed partial class NasConnection
{
    /// <summary>How long a new subscription may take to be known in the whole cluster.</summary>
    private static readonly TimeSpan Settle = TimeSpan.FromMilliseconds(500);

    /// <summary>How long a message may be on its way between two servers of a cluster.</summary>
    private static readonly TimeSpan Lateness = TimeSpan.FromSeconds(2);

    /// <summary>How long after a move that failed the next begins.</summary>
    private static readonly TimeSpan Retry = TimeSpan.FromMilliseconds(250);

    private Link? _moving;

    private void OnLameDuck(Link link)
    {
        lock (_gate)
        {
            if (link != _link || _moving == link || _disconnecting is not null) return;
            _moving = link;
        }
        _ = Task.Run(() => MoveAsync(link));
    }

    private async Task MoveAsync(Link old)
    {
        if (!Options.MoveOnLameDuck || await OpenOtherAsync(old.Address).ConfigureAwait(false) is not { } next)
        {
            Notify(NasEventKind.LameDuck, $"The server {old.Address} is about to shut down, and there is no other to move to.");
            return;
        }
        var overlap = new Overlap();
        try
        {
            next.Overlap = overlap;
            next.IsNew = true;
            old.IsNew = false;
            old.Overlap = overlap;
            var moved = await SubscribeOnAsync(next).ConfigureAwait(false);
            await LeaveAsync(old, next, overlap).ConfigureAwait(false);
            Switch(old, next, moved);
            await old.CloseAsync().ConfigureAwait(false);
            Notify(NasEventKind.Moved, $"Moved to {next.Address}, since {old.Address} is about to shut down.");
            // INFO may have told the same of the new server before it was the present one.
            if (next.Info.LameDuck) OnLameDuck(next);
        }
        catch (Exception e)
        {
            // The old link serves until it breaks; then a reconnect does what the move could not.
            Remember(e);
            if (_link == next) return;
            await next.CloseAsync().ConfigureAwait(false);
            // The old server may not have delivered it any more.
            overlap.Release(Deliver);
            old.Overlap = null;
            _outbox.Release();
            if (old.HasLeft) old.Fail(new NasException(NasError.ConnectionLost, "The move to another server failed.", e));
            else await MoveAgainAsync(old).ConfigureAwait(false);
        }
    }

    /// <summary>The server chosen went away first, perhaps as lame a duck: there may be a third.</summary>
    private async Task MoveAgainAsync(Link old)
    {
        try
        {
            await Task.Delay(Retry, _stop.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            return;
        }
        lock (_gate)
        {
            if (_link != old || old.Ended.IsCompleted) return;
            _moving = null;
        }
        OnLameDuck(old);
    }

    private async Task<Link?> OpenOtherAsync(NasServerAddress address)
    {
        foreach (var server in _pool.Round(address, all: true))
        {
            if (server.Address.IsSamePlace(address)) continue;
            try
            {
                var link = await _pool.OpenAsync(server, _stop.Token).ConfigureAwait(false);
                if (!link.Info.LameDuck) return link;
                link.Dispose();
            }
            catch (Exception e) when (e is NasException or OperationCanceledException)
            {
                // The next, if there is one.
            }
        }
        return null;
    }

    /// <summary>Subscribes on the new link, and waits until the cluster knows.</summary>
    /// <returns>The sids subscribed to.</returns>
    private async Task<List<long>> SubscribeOnAsync(Link next)
    {
        List<NasSubscription> all;
        lock (_gate) all = _subscriptions.ToList();
        // No maximum here: the new server would count what both deliver. It is kept on this side.
        byte[] operations = [.. all.SelectMany(s => s.ToSubscribe()), .. ClientLines.Ping];
        var pong = new TaskCompletionSource<TimeSpan>(TaskCreationOptions.RunContinuationsAsynchronously);
        next.Expect(new Fence(pong, 0));
        next.Start(this);
        await next.SendAsync(operations).ConfigureAwait(false);
        var first = await Task.WhenAny(pong.Task, next.Ended).WaitAsync(Deadline.ForTimer(Options.OperationTimeout), _stop.Token).ConfigureAwait(false);
        if (first == next.Ended) throw await next.Ended.ConfigureAwait(false);
        return [.. all.Select(s => s.Sid)];
    }

    /// <summary>Lets the subscriptions spread, then ends those of the old link, and sees everything through that is on it.</summary>
    private async Task LeaveAsync(Link old, Link next, Overlap overlap)
    {
        var start = MonotonicClock.Now;
        while (MonotonicClock.Now < start + Settle && !overlap.IsFull && _link == old)
        {
            if (next.Ended.IsCompleted) throw await next.Ended.ConfigureAwait(false);
            if (MonotonicClock.Now > start + TimeSpan.FromTicks(Settle.Ticks * 2 / 5)) overlap.EnterLastMoments();
            await Task.Delay(20, _stop.Token).ConfigureAwait(false);
        }
        var fence = new TaskCompletionSource<TimeSpan>(TaskCreationOptions.RunContinuationsAsynchronously);
        overlap.Leave();
        lock (_gate)
        {
            if (_link != old) throw NotConnected();
            // Those made from now on are not sent anywhere: the switch does it.
            old.HasLeft = true;
            _outbox.Hold(fence, [.. _subscriptions.ToList().SelectMany(s => ClientLines.Unsubscribe(s.Sid, 0))]);
        }
        await fence.Task.WaitAsync(Deadline.ForTimer(Options.OperationTimeout)).ConfigureAwait(false);
    }

    private void Switch(Link old, Link next, List<long> moved)
    {
        lock (_gate)
        {
            if (_link != old || _stop.IsCancellationRequested) throw NotConnected();
            var present = _subscriptions.ToList();
            byte[] operations =
            [
                .. moved.Where(sid => _subscriptions.Find(sid) is null).SelectMany(sid => ClientLines.Unsubscribe(sid, 0)),
                .. present.Where(s => !moved.Contains(s.Sid)).SelectMany(s => s.ToOperations()),
            ];
            _link = next;
            _lastAddress = next.Address;
            Server = next.Address.ToString();
            ServerInfo = next.Info;
            ReportLeftOut(next, _outbox.Attach(next, operations));
        }
        next.StartWriting(_outbox);
        next.Overlap!.Release(Deliver);
        var overlap = next.Overlap;
        _ = Task.Delay(Lateness).ContinueWith(_ => Interlocked.CompareExchange(ref next.Overlap, null, overlap), TaskScheduler.Default);
        Learn(next, next.Info);
        StartPings();
    }

    /// <summary>Takes what the new link brings during the move and shortly after it.</summary>
    /// <returns>False when it is to be delivered as usual.</returns>
    private bool TakeMoved(Link link, Overlap overlap, ref ServerOperation operation, long utcTicks)
    {
        var subscription = _subscriptions.Find(operation.Sid);
        if (!overlap.IsHolding) return overlap.IsCopy(subscription, ref operation);
        if (subscription is null) return true;
        var message = ToMessage(new MessageOrigin(subscription, System.Text.Encoding.UTF8.GetString(operation.Subject)), ref operation, utcTicks);
        foreach (var due in overlap.Hold(subscription, message, ref operation)) Deliver(subscription, due);
        if (subscription.LacksRoom && subscription.WaitForRoom() is { } room) link.PauseUntil(room);
        return true;
    }

    /// <summary>Delivers what was held back, while the read loop of the link it came by waits.</summary>
    private void Deliver(NasSubscription subscription, NasMessage message)
    {
        CountIn(1, message.Size);
        if (subscription.Deliver([message])) EndSubscription(subscription, null);
        subscription.Announce();
    }
}

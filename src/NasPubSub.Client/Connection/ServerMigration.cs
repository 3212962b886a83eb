using NasPubSub.Protocol;
using NasPubSub.Threading;

namespace NasPubSub.Connection;

/// <summary>
/// Moves the client to another server while the old one still serves, after it announced its end (lame duck mode).
/// Nothing is lost: subscriptions exist on both servers for a while, and what was published goes out over the old one
/// first. Thread-safe.
/// </summary>
internal sealed class ServerMigration(
    NasOptions options,
    ServerPool pool,
    SendBuffer buffer,
    ConnectionStatus status,
    ReconnectLoop loop,
    ILinkRestorer restorer,
    ILinkOwner owner
)
{
    /// <summary>How long a new subscription may take to be known in the whole cluster.</summary>
    private static readonly TimeSpan Settle = TimeSpan.FromMilliseconds(500);

    /// <summary>How long a message may be on its way between two servers of a cluster.</summary>
    private static readonly TimeSpan Lateness = TimeSpan.FromSeconds(2);

    /// <summary>How long after a migration that failed the next begins.</summary>
    private static readonly TimeSpan Retry = TimeSpan.FromMilliseconds(250);

    private Link? _leaving;

    /// <summary>Begins to leave a server, unless that is under way.</summary>
    public void Start(Link link)
    {
        if (link != status.Link || loop.IsEnding || Interlocked.Exchange(ref _leaving, link) == link)
        {
            return;
        }
        _ = Task.Run(() => MigrateAsync(link));
    }

    private async Task MigrateAsync(Link old)
    {
        if (!options.MoveOnLameDuck || await OpenOtherAsync(old.Address).ConfigureAwait(false) is not { } next)
        {
            status.Notify(
                NasEventKind.LameDuck,
                $"The server {old.Address} is about to shut down, and no other server is available."
            );
            return;
        }
        var kept = owner.CreateMigrationBuffer(next);
        var unsubscribed = false;
        try
        {
            next.Join(kept);
            old.Join(kept);
            var sids = await SubscribeAsync(next).ConfigureAwait(false);
            await SettleAsync(old, next, kept).ConfigureAwait(false);
            unsubscribed = true;
            kept.Leave();
            await UnsubscribeAsync(old).ConfigureAwait(false);
            Switch(old, next, sids);
            kept.Release();
            _ = Task.Delay(Lateness).ContinueWith(_ => next.Leave(kept), TaskScheduler.Default);
            owner.Learn(next);
            await old.CloseAsync().ConfigureAwait(false);
            status.Notify(NasEventKind.Moved, $"Moved to {next.Address}, because {old.Address} is about to shut down.");
        }
        catch (Exception e)
        {
            // The old link serves until it breaks; then a reconnect does what the migration could not.
            status.Remember(e);
            if (status.Link == next)
            {
                return;
            }
            await next.CloseAsync().ConfigureAwait(false);
            // The old server may not have delivered it any more.
            kept.Release();
            old.Leave(kept);
            buffer.Resume();
            if (unsubscribed)
            {
                old.Fail(new NasException(NasError.ConnectionLost, "The move to another server failed.", e));
            }
            else
            {
                await StartAgainAsync(old).ConfigureAwait(false);
            }
        }
    }

    /// <summary>The chosen server went away first, perhaps in lame duck mode as well: there may be a third.</summary>
    private async Task StartAgainAsync(Link old)
    {
        try
        {
            await Task.Delay(Retry, loop.Stopping).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            return;
        }
        if (!old.Ended.IsCompleted)
        {
            Interlocked.CompareExchange(ref _leaving, null, old);
            Start(old);
        }
    }

    private async Task<Link?> OpenOtherAsync(NasServerAddress address)
    {
        foreach (var server in pool.Round(address, all: true))
        {
            if (server.Address.IsSamePlace(address))
            {
                continue;
            }
            try
            {
                var link = await pool.OpenAsync(server, loop.Stopping).ConfigureAwait(false);
                if (!link.Info.LameDuck)
                {
                    return link;
                }
                link.Dispose();
            }
            catch (Exception e) when (e is NasException or OperationCanceledException)
            {
                // The next one, if there is any.
            }
        }
        return null;
    }

    /// <summary>Subscribes on the new link, and waits until its server has the subscriptions.</summary>
    /// <returns>The sids subscribed to.</returns>
    private async Task<ISet<long>> SubscribeAsync(Link next)
    {
        // No maximum here: the new server would count what both deliver. It is kept on this side.
        byte[] operations = [.. restorer.Copy(out var sids), .. ClientLines.Ping];
        var pong = new TaskCompletionSource<TimeSpan>(TaskCreationOptions.RunContinuationsAsynchronously);
        next.Expect(new Fence(pong, 0));
        next.Start(owner.CreateReader(next), owner.Listener);
        await next.SendAsync(operations).ConfigureAwait(false);
        var first = await Task.WhenAny(pong.Task, next.Ended)
            .WaitAsync(Deadline.ForTimer(options.OperationTimeout), loop.Stopping)
            .ConfigureAwait(false);
        if (first == next.Ended)
        {
            throw await next.Ended.ConfigureAwait(false);
        }
        return sids;
    }

    /// <summary>Gives the whole cluster time to learn of the new subscriptions.</summary>
    private async Task SettleAsync(Link old, Link next, IMigrationBuffer kept)
    {
        var start = MonotonicClock.Now;
        while (MonotonicClock.Now < start + Settle && !kept.IsFull && status.Link == old)
        {
            if (next.Ended.IsCompleted)
            {
                throw await next.Ended.ConfigureAwait(false);
            }
            if (MonotonicClock.Now > start + TimeSpan.FromTicks(Settle.Ticks * 2 / 5))
            {
                kept.EnterLastMoments();
            }
            await Task.Delay(20, loop.Stopping).ConfigureAwait(false);
        }
    }

    /// <summary>Ends the subscriptions of the old link, and sees everything through that is under way on it.</summary>
    private async Task UnsubscribeAsync(Link old)
    {
        var fence = new TaskCompletionSource<TimeSpan>(TaskCreationOptions.RunContinuationsAsynchronously);
        // Subscriptions made from now on are sent nowhere: the switch does it.
        restorer.Leave(operations => buffer.Pause(old, fence, operations));
        await fence.Task.Observed().WaitAsync(Deadline.ForTimer(options.OperationTimeout)).ConfigureAwait(false);
    }

    private void Switch(Link old, Link next, ISet<long> sids)
    {
        LeftOut leftOut = default;
        loop.Switch(old, next, () => restorer.CatchUp(sids, operations => leftOut = buffer.Attach(next, operations)));
        status.Report(leftOut, next);
    }
}

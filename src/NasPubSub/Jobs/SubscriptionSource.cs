namespace NasPubSub.Jobs;

/// <summary>A subscription: whatever came is handled, and nothing is acknowledged.</summary>
internal sealed class SubscriptionSource(NasSubscription subscription) : ActionSource
{
    private const int MostAtOnce = 64;

    public NasSubscription Subscription => subscription;

    public override NasConnection Connection => subscription.Connection;

    public override string Subject => subscription.Subject;

    public override long Delivered => subscription.Delivered;

    public override int PendingMessages => subscription.PendingMessages;

    public override Exception? Error => subscription.Error;

    /// <summary>
    /// Several workers take one message each, so that no worker holds messages that another one could handle.
    /// </summary>
    public override int BatchFor(int workers) =>
        workers > 1 ? 1 : Math.Max(1, Math.Min(MostAtOnce, subscription.Limits.MaxPendingMessages / MostAtOnce));

    public override int Read(NasMessage[] batch, TimeSpan wait, CancellationToken cancel) =>
        subscription.Read(batch, wait, cancel);

    public override void Stop() => subscription.Unsubscribe();

    public override Task DrainAsync(TimeSpan limit, CancellationToken cancel) => subscription.DrainAsync(limit, cancel);

    public override bool Claims(NasException denial, NasSubscription? denied) => denied == subscription;
}

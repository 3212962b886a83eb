namespace NasPubSub.Connection;

/// <summary>Delays between rounds of attempts: exponential with jitter, or the user's own.</summary>
internal sealed class Backoff(NasOptions options)
{
    private static readonly Random Random = new();

    /// <param name="round">Rounds that failed so far, from 1.</param>
    public TimeSpan Delay(int round)
    {
        if (options.ReconnectDelay is { } own) return own(round) is var asked && asked > TimeSpan.Zero ? asked : TimeSpan.Zero;
        var doubled = options.ReconnectWait.TotalMilliseconds * Math.Pow(2, Math.Min(round - 1, 30));
        var delay = Math.Min(doubled, options.ReconnectMaxWait.TotalMilliseconds);
        double chance;
        lock (Random) chance = Random.NextDouble();
        return TimeSpan.FromMilliseconds(delay * (1 + options.ReconnectJitter * (chance * 2 - 1)));
    }
}

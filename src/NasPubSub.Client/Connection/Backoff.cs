namespace NasPubSub.Connection;

/// <summary>Delays between rounds of attempts: exponential with jitter, or the user's own.</summary>
internal sealed class Backoff(NasOptions options)
{
    private static readonly Random Random = new();

    /// <summary>The longest that a timer takes.</summary>
    private static readonly TimeSpan Most = TimeSpan.FromMilliseconds(int.MaxValue);

    /// <param name="round">Rounds that failed so far, from 1.</param>
    /// <returns>What can be waited for.</returns>
    /// <exception cref="NasException">InvalidOption: the user's own failed.</exception>
    public TimeSpan Delay(int round)
    {
        var delay = options.ReconnectDelay is { } own ? Ask(own, round) : Doubled(round);
        return delay < TimeSpan.Zero ? TimeSpan.Zero
            : delay > Most ? Most
            : delay;
    }

    private static TimeSpan Ask(Func<int, TimeSpan> own, int round)
    {
        try
        {
            return own(round);
        }
        catch (Exception e)
        {
            throw new NasException(NasError.InvalidOption, $"ReconnectDelay failed: {e.Message}", e);
        }
    }

    private TimeSpan Doubled(int round)
    {
        var doubled = options.ReconnectWait.TotalMilliseconds * Math.Pow(2, Math.Min(round - 1, 30));
        var delay = Math.Min(doubled, options.ReconnectMaxWait.TotalMilliseconds);
        double chance;
        lock (Random)
        {
            chance = Random.NextDouble();
        }

        return TimeSpan.FromMilliseconds(delay * (1 + options.ReconnectJitter * (chance * 2 - 1)));
    }
}

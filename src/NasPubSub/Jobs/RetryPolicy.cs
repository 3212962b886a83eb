namespace NasPubSub.Jobs;

/// <summary>When a message whose action failed is delivered again, and how often.</summary>
internal sealed class RetryPolicy
{
    /// <summary>At once would be a loop that keeps the processor busy while the cause lasts.</summary>
    private static readonly TimeSpan DefaultDelay = TimeSpan.FromSeconds(1);

    private readonly TimeSpan[] _delays;

    /// <param name="delays">Before the second delivery, the third and so on; the last one stays. None: the consumer's
    /// backoff, or a second.</param>
    /// <param name="maxDeliver">Deliveries of a message until it is given up; 0 for the consumer's.</param>
    /// <param name="backoff">The consumer's, for deliveries that are not acknowledged in time.</param>
    /// <param name="consumerMax">The consumer's maximum of deliveries; 0 for none.</param>
    public RetryPolicy(TimeSpan[] delays, long maxDeliver, TimeSpan[] backoff, long consumerMax)
    {
        _delays =
            delays.Length > 0 ? delays
            : backoff.Length > 0 ? backoff
            : [DefaultDelay];
        MaxDeliver =
            maxDeliver == 0 ? consumerMax
            : consumerMax == 0 ? maxDeliver
            : Math.Min(maxDeliver, consumerMax);
    }

    /// <summary>Deliveries of a message at most; 0 for no maximum.</summary>
    public long MaxDeliver { get; }

    /// <summary>How long to wait before the next delivery.</summary>
    public TimeSpan DelayAfter(NasMessage message)
    {
        var delivered = message.Delivered ?? 1;
        return _delays[Math.Max(0, Math.Min(delivered, _delays.Length) - 1)];
    }

    /// <summary>Was this its last delivery?</summary>
    public bool IsLast(NasMessage message) => MaxDeliver > 0 && message.Delivered >= MaxDeliver;

    /// <summary>
    /// Was its last delivery before this one? Then nobody learned how the action ended: the process did with it.
    /// </summary>
    public bool IsSpent(NasMessage message) => MaxDeliver > 0 && message.Delivered > MaxDeliver;
}

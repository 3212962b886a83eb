namespace NasPubSub.Threading;

/// <summary>A moment on the <see cref="MonotonicClock"/> by which something must be done.</summary>
internal readonly record struct Deadline
{
    /// <summary>The longest time that timers take, less a little.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromDays(24);

    private readonly TimeSpan _at;

    private Deadline(TimeSpan at) => _at = at;

    /// <summary>Later than any wait.</summary>
    public static Deadline Never { get; } = new(TimeSpan.MaxValue);

    /// <summary>What is left until then, never negative; infinite where no timer reaches that far.</summary>
    public TimeSpan Left =>
        _at - MonotonicClock.Now is var left && left <= TimeSpan.Zero ? TimeSpan.Zero
        : left > Longest ? Timeout.InfiniteTimeSpan
        : left;

    /// <summary>Is it over?</summary>
    public bool IsPast => IsOver(MonotonicClock.Now);

    /// <summary>The moment after this time; <see cref="Never"/> for an infinite one.</summary>
    public static Deadline In(TimeSpan timeout) =>
        timeout < TimeSpan.Zero || timeout > TimeSpan.FromDays(10_000) ? Never : new(MonotonicClock.Now + timeout);

    /// <summary>A time as timers take it: infinite where it is negative or longer than any takes.</summary>
    public static TimeSpan ForTimer(TimeSpan time) =>
        time < TimeSpan.Zero || time > Longest ? Timeout.InfiniteTimeSpan : time;

    /// <summary>Is it over at this time of the <see cref="MonotonicClock"/>?</summary>
    public bool IsOver(TimeSpan now) => _at <= now;

    public bool IsBefore(Deadline other) => _at < other._at;
}

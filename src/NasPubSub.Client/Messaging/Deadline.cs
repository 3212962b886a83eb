namespace NasPubSub.Messaging;

internal static class Deadline
{
    /// <summary>The longest that timers take, less a little.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromDays(24);

    /// <summary>A time as timers take it: infinite where it is negative or longer than any takes.</summary>
    public static TimeSpan ForTimer(TimeSpan time) => time < TimeSpan.Zero || time > Longest ? Timeout.InfiniteTimeSpan : time;

    /// <summary>What is left until then, never negative; infinite where no timer goes as far.</summary>
    public static TimeSpan Left(DateTime deadline) =>
        deadline - DateTime.UtcNow is var left && left <= TimeSpan.Zero ? TimeSpan.Zero : left > Longest ? Timeout.InfiniteTimeSpan : left;

    /// <summary>Then; infinite time-outs give a time beyond any wait.</summary>
    public static DateTime In(TimeSpan timeout) =>
        timeout < TimeSpan.Zero || timeout > TimeSpan.FromDays(10_000) ? DateTime.UtcNow.AddDays(10_000) : DateTime.UtcNow + timeout;
}

using System.Diagnostics;

namespace NasPubSub.Threading;

/// <summary>The time for waits and measurements. It never jumps when the computer's clock is set.</summary>
internal static class MonotonicClock
{
    private static readonly double TicksPerCount = (double)TimeSpan.TicksPerSecond / Stopwatch.Frequency;
    private static readonly AsyncLocal<Func<TimeSpan>?> s_replacement = new();
    private static bool s_isReplaced;

    /// <summary>The time since some fixed moment in the past.</summary>
    public static TimeSpan Now =>
        s_isReplaced && s_replacement.Value is { } replacement
            ? replacement()
            : new TimeSpan((long)(Stopwatch.GetTimestamp() * TicksPerCount));

    /// <summary>
    /// For tests: another clock for the calling method and everything that it starts; null ends that.
    /// </summary>
    public static void Replace(Func<TimeSpan>? clock)
    {
        s_replacement.Value = clock;
        s_isReplaced = true;
    }
}

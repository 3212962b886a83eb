using System.Diagnostics;

namespace NasPubSub.Connection;

/// <summary>Time for measuring waits: it never jumps when the computer's clock is set. WallClock is for time stamps only.</summary>
internal static class MonotonicClock
{
    private static readonly double TicksPerCount = (double)TimeSpan.TicksPerSecond / Stopwatch.Frequency;

    /// <summary>The time since some fixed moment in the past.</summary>
    public static TimeSpan Now => new((long)(Stopwatch.GetTimestamp() * TicksPerCount));
}

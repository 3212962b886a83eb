using System.Diagnostics;

namespace NasPubSub.Threading;

/// <summary>The time for waits and measurements. It never jumps when the computer's clock is set.</summary>
internal static class MonotonicClock
{
    private static readonly double TicksPerCount = (double)TimeSpan.TicksPerSecond / Stopwatch.Frequency;

    /// <summary>The time since some fixed moment in the past.</summary>
    public static TimeSpan Now => new((long)(Stopwatch.GetTimestamp() * TicksPerCount));
}

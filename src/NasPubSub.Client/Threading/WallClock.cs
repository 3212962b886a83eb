namespace NasPubSub.Threading;

// Time stamps are for people to read. Waits are measured on MonotonicClock.
#pragma warning disable RS0030

/// <summary>The computer's clock, for time stamps only: it jumps when somebody sets it.</summary>
internal static class WallClock
{
    public static DateTimeOffset UtcNow => DateTimeOffset.UtcNow;

    public static long UtcTicks => DateTime.UtcNow.Ticks;

    /// <summary>In local time, as X509Certificate2 and Job have their times.</summary>
    public static DateTime Now => DateTime.Now;
}

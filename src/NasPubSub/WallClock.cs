namespace NasPubSub;

#pragma warning disable RS0030 // the one place of the module that reads the time of day

/// <summary>
/// The time of day, for time stamps that people read. Waits are measured otherwise: it jumps when somebody sets it.
/// </summary>
internal static class WallClock
{
    /// <summary>In local time, as jobs have their times.</summary>
    public static DateTime Now => DateTime.Now;
}

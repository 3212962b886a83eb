using System.Globalization;

namespace NasPubSub.JetStream;

/// <summary>Durations in headers, as Go writes them.</summary>
internal static class Durations
{
    /// <summary>
    /// Whole seconds where it can, such as <c>90s</c>; else with milliseconds, such as
    /// <c>1500ms</c>.
    /// </summary>
    public static string ToText(TimeSpan time) =>
        time.Ticks % TimeSpan.TicksPerSecond == 0
            ? (time.Ticks / TimeSpan.TicksPerSecond).ToString(CultureInfo.InvariantCulture) + "s"
            : (time.Ticks / TimeSpan.TicksPerMillisecond).ToString(CultureInfo.InvariantCulture) + "ms";
}

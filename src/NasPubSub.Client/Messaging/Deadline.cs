namespace NasPubSub.Messaging;

internal static class Deadline
{
    /// <summary>What is left until then, never negative.</summary>
    public static TimeSpan Left(DateTime deadline) => deadline - DateTime.UtcNow is var left && left > TimeSpan.Zero ? left : TimeSpan.Zero;

    /// <summary>Then; infinite time-outs give a time beyond any wait.</summary>
    public static DateTime In(TimeSpan timeout) =>
        timeout < TimeSpan.Zero || timeout > TimeSpan.FromDays(10_000) ? DateTime.UtcNow.AddDays(10_000) : DateTime.UtcNow + timeout;
}

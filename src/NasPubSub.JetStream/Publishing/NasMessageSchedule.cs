using System.Globalization;
using NasPubSub.JetStream.Api;

namespace NasPubSub.JetStream;

/// <summary>
/// When the server is to publish a message, instead of now (ADR-51): once, at an interval, or by a cron expression. The
/// stream needs <c>allow_msg_schedules</c>, and keeps one schedule for each subject. Immutable.
/// </summary>
public sealed record NasMessageSchedule
{
    private NasMessageSchedule(string pattern, bool isRecurring) => (Pattern, IsRecurring) = (pattern, isRecurring);

    /// <summary>The schedule as the header <c>Nats-Schedule</c> has it.</summary>
    public string Pattern { get; }

    /// <summary>Does it publish more than once? That needs nats-server 2.14.</summary>
    public bool IsRecurring { get; }

    /// <summary>
    /// Where the server publishes, without the namespace: a subject of the same stream, other than that of the
    /// schedule.
    /// </summary>
    public string Target { get; init; } = "";

    /// <summary>The time zone of a cron expression, as in <c>Europe/Paris</c>; null for UTC.</summary>
    public string? TimeZone { get; init; }

    /// <summary>How long each published message is kept; null for as long as the stream keeps messages.</summary>
    public TimeSpan? TimeToLive { get; init; }

    /// <summary>
    /// The subject whose last message is published in place of the schedule's own payload, without the namespace.
    /// </summary>
    public string? Source { get; init; }

    /// <summary>Once, at this time; at once where it has passed. Needs nats-server 2.12.</summary>
    public static NasMessageSchedule At(DateTimeOffset time) =>
        new($"@at {time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.FFFFFFFK", CultureInfo.InvariantCulture)}", false);

    /// <summary>At an interval of at least a second. Needs nats-server 2.14.</summary>
    /// <exception cref="NasException">InvalidOption.</exception>
    public static NasMessageSchedule Every(TimeSpan interval) =>
        interval >= TimeSpan.FromSeconds(1)
            ? new("@every " + Durations.ToText(interval), true)
            : throw new NasException(NasError.InvalidOption, "The interval of a schedule must be at least 1 second.");

    /// <summary>By six fields (second first) or a name such as <c>@hourly</c>. Needs nats-server 2.14.</summary>
    /// <exception cref="NasException">InvalidOption.</exception>
    public static NasMessageSchedule Cron(string expression) =>
        string.IsNullOrWhiteSpace(expression)
            ? throw new NasException(NasError.InvalidOption, "The cron expression is empty.")
            : new(expression.Trim(), true);
}

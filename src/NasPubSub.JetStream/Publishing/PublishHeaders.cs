using System.Globalization;
using System.Numerics;
using NasPubSub.JetStream.Api;

namespace NasPubSub.JetStream.Publishing;

/// <summary>The headers that a stream reads (ADR-20 and others), made of the options of a message.</summary>
internal static class PublishHeaders
{
    public const string MessageId = "Nats-Msg-Id",
        ExpectedStream = "Nats-Expected-Stream",
        ExpectedLastSequence = "Nats-Expected-Last-Sequence",
        ExpectedSubjectSequence = "Nats-Expected-Last-Subject-Sequence",
        ExpectedSubject = "Nats-Expected-Last-Subject-Sequence-Subject",
        ExpectedLastMessageId = "Nats-Expected-Last-Msg-Id",
        TimeToLive = "Nats-TTL",
        Rollup = "Nats-Rollup",
        Increment = "Nats-Incr",
        Schedule = "Nats-Schedule",
        ScheduleTarget = "Nats-Schedule-Target",
        ScheduleSource = "Nats-Schedule-Source",
        ScheduleTimeToLive = "Nats-Schedule-TTL",
        ScheduleTimeZone = "Nats-Schedule-Time-Zone";

    /// <summary>The user's headers, and those that the options ask for; the message's id is not among them.</summary>
    /// <exception cref="NasException">InvalidHeader, InvalidOption.</exception>
    public static NasHeaders Of(NasPublishOptions options, NasConnection connection)
    {
        var headers = Copy(options.Headers);
        void Set(string name, string? value)
        {
            if (value is not null)
            {
                headers.Set(name, value);
            }
        }

        Set(MessageId, options.MessageId);
        Set(ExpectedStream, options.ExpectedStream);
        Set(ExpectedLastSequence, Text(options.ExpectedLastSequence));
        Set(ExpectedSubjectSequence, Text(options.ExpectedSubjectSequence));
        Set(ExpectedSubject, Wire(options.ExpectedSubject, options, connection));
        Set(ExpectedLastMessageId, options.ExpectedLastMessageId);
        Set(TimeToLive, options.TimeToLive is { } time ? TimeText(time) : null);
        Set(
            Rollup,
            options.Rollup switch
            {
                NasRollup.Subject => "sub",
                NasRollup.Stream => "all",
                _ => null,
            }
        );
        Set(Increment, options.Increment is { } value ? Signed(value) : null);
        if (options.Schedule is { } schedule)
        {
            Set(Schedule, schedule.Pattern);
            Set(ScheduleTarget, Wire(schedule.Target, options, connection));
            Set(ScheduleSource, Wire(schedule.Source, options, connection));
            Set(ScheduleTimeToLive, schedule.TimeToLive is { } kept ? TimeText(kept) : null);
            Set(ScheduleTimeZone, schedule.TimeZone);
        }
        return headers;
    }

    /// <summary>Requires the server version that the options need.</summary>
    /// <exception cref="NasException">UnsupportedByServer.</exception>
    public static async ValueTask RequireAsync(
        NasPublishOptions options,
        ServerFeatures features,
        CancellationToken cancel
    )
    {
        var needed =
            options.Schedule is { IsRecurring: true } ? ("A recurring schedule", new Version(2, 14))
            : options.Schedule?.Source is not null ? ("The source of a schedule", new Version(2, 14))
            : options.Schedule is not null ? ("A scheduled message", new Version(2, 12))
            : options.Increment is not null ? ("A counter", new Version(2, 12))
            : options.TimeToLive is not null ? ("A time to live for a message", new Version(2, 11))
            : options.ExpectedSubject is not null ? ("An expected sequence of another subject", new Version(2, 11))
            : default;
        if (needed.Item2 is { } version)
        {
            await features.RequireAsync(needed.Item1, version, cancel).ConfigureAwait(false);
        }
    }

    public static NasHeaders Copy(NasHeaders? given)
    {
        var headers = new NasHeaders();
        foreach (var field in given ?? [])
        {
            headers.Set(field.Name, field.Values);
        }
        return headers;
    }

    private static string? Text(ulong? number) => number?.ToString(CultureInfo.InvariantCulture);

    private static string? Wire(string? subject, NasPublishOptions options, NasConnection connection) =>
        string.IsNullOrEmpty(subject) ? null : connection.ToWireSubject(subject!, options.UseNamespace);

    /// <summary>Servers take whole seconds, at least one.</summary>
    private static string TimeText(TimeSpan time) =>
        time == Timeout.InfiniteTimeSpan ? "never"
        : time >= TimeSpan.FromSeconds(1) ? Durations.ToText(TimeSpan.FromSeconds(Math.Ceiling(time.TotalSeconds)))
        : throw new NasException(NasError.InvalidOption, "The time to live of a message must be at least 1 second.");

    private static string Signed(BigInteger value) =>
        (value.Sign < 0 ? "" : "+") + value.ToString(CultureInfo.InvariantCulture);
}

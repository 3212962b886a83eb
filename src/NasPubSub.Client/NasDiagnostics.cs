using NasPubSub.Diagnostics;

namespace NasPubSub;

/// <summary>
/// The names under which the client reports what it does, and the span around work that the client does not run by
/// itself. Nothing is made while nobody listens. Spans and metrics exist in the build for .NET 8 and later.
/// </summary>
public static class NasDiagnostics
{
    /// <summary>The ActivitySource of the spans publish, request, receive and process.</summary>
    public const string ActivitySourceName = "NasPubSub";

    /// <summary>The Meter of the counters and of the duration of requests.</summary>
    public const string MeterName = "NasPubSub";

    /// <summary>The EventSource of what happens to connections: connects, breaks, slow consumers, errors.</summary>
    public const string EventSourceName = "NasPubSub";

    /// <summary>
    /// Starts the span <c>process</c> around the work on a message that was read from a subscription. A handler has one
    /// without this. It continues the trace of the message's headers, and spans that start before its end are its
    /// children.
    /// </summary>
    /// <returns>The span, which ends when it is disposed; null when nobody listens, or the message was made.</returns>
    public static NasSpan? StartProcess(NasMessage message) =>
        Tracing.IsEnabled ? message.Subscription?.StartSpan(SpanOperation.Process, message) : null;
}

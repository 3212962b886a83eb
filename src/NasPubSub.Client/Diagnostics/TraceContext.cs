namespace NasPubSub.Diagnostics;

/// <summary>A W3C trace context, as it stands in a message's headers.</summary>
/// <param name="Parent">The value of traceparent; null where there is no trace.</param>
/// <param name="State">The value of tracestate, or null.</param>
internal readonly record struct TraceContext(string? Parent, string? State);

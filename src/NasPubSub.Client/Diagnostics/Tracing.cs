#if !NETSTANDARD2_0
using System.Diagnostics;
using System.Globalization;
#endif

namespace NasPubSub.Diagnostics;

/// <summary>
/// Spans with the names of OpenTelemetry's conventions for messaging, and the W3C trace context that goes from one
/// client to the next. Thread-safe.
/// </summary>
internal static class Tracing
{
#if NETSTANDARD2_0
    // System.Diagnostics.DiagnosticSource is no part of .NET Framework, and the module ships no DLL for it.
    public static bool IsEnabled => false;

    public static NasSpan? Start(SpanOperation operation, in SpanSubject subject, TraceContext context) => null;

    public static TraceContext ContextOf(NasSpan? span) => default;
#else
    private static readonly ActivitySource Source = new(
        NasDiagnostics.ActivitySourceName,
        typeof(Tracing).Assembly.GetName().Version!.ToString(3)
    );

    /// <summary>Does anybody listen? Costs two reads of memory, so every publish can afford to ask.</summary>
    public static bool IsEnabled => Source.HasListeners();

    /// <summary>The present activity. One that ended on another thread may still be here, and is none.</summary>
    private static Activity? Present => Activity.Current is { IsStopped: false } present ? present : null;

    /// <summary>
    /// Starts a span. That of a message that came is a child of the context in its headers, else of the present
    /// activity; that of a message to send, the other way round.
    /// </summary>
    /// <returns>Null when no listener wants it.</returns>
    public static NasSpan? Start(SpanOperation operation, in SpanSubject subject, TraceContext context)
    {
        var previous = Activity.Current = Present;
        var isSend = operation is SpanOperation.Publish or SpanOperation.Request;
        ActivityContext parent = default;
        if (context.Parent is not null && !(isSend && previous is not null))
        {
            ActivityContext.TryParse(context.Parent, context.State, isRemote: true, out parent);
        }
        var (name, type, kind) = operation switch
        {
            SpanOperation.Publish => ("publish", "send", ActivityKind.Producer),
            SpanOperation.Request => ("request", "send", ActivityKind.Client),
            SpanOperation.Receive => ("receive", "receive", ActivityKind.Consumer),
            _ => ("process", "process", ActivityKind.Consumer),
        };
        // A subject with wildcards stands for all its messages, so that the number of names stays small.
        var target = subject.Template ?? subject.Topic;
        var isTemporary = target.StartsWith(subject.InboxPrefix + ".", StringComparison.Ordinal);
        var activity = Source.StartActivity(
            $"{name} {(isTemporary ? "(temporary)" : target)}",
            kind,
            parent,
            Tags(subject, name, type, isTemporary)
        );
        return activity is null ? null : new NasSpan(activity, previous);
    }

    /// <summary>The context that goes along with a message: the span's, else the present activity's.</summary>
    public static TraceContext ContextOf(NasSpan? span) =>
        (span?.Activity ?? Present) is { IdFormat: ActivityIdFormat.W3C } activity
            ? new TraceContext(activity.Id, activity.TraceStateString)
            : default;

    /// <summary>The kind of an error, of which there are few: no text of its own.</summary>
    public static string ErrorType(Exception error) =>
        error is NasException known ? known.Code : error.GetType().FullName!;

    private static List<KeyValuePair<string, object?>> Tags(
        in SpanSubject subject,
        string name,
        string type,
        bool isTemporary
    )
    {
        var tags = new List<KeyValuePair<string, object?>>(12)
        {
            new("messaging.system", "nats"),
            new("messaging.operation.name", name),
            new("messaging.operation.type", type),
            new("messaging.destination.name", subject.Topic),
            new("messaging.message.body.size", subject.Size),
        };
        Add("messaging.destination.temporary", isTemporary ? true : null);
        Add("messaging.destination.template", subject.Template == subject.Topic ? null : subject.Template);
        Add("messaging.consumer.group.name", subject.QueueGroup);
        Add("messaging.client.id", subject.Info?.ClientId.ToString(CultureInfo.InvariantCulture));
        Add("server.address", subject.Server?.Host);
        Add("server.port", subject.Server?.Port);
        return tags;

        void Add(string key, object? value)
        {
            if (value is not null)
            {
                tags.Add(new(key, value));
            }
        }
    }
#endif
}

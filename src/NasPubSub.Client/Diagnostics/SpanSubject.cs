namespace NasPubSub.Diagnostics;

/// <summary>What a span is about.</summary>
internal enum SpanOperation
{
    /// <summary>A message is sent.</summary>
    Publish,

    /// <summary>A request is sent, and its reply awaited.</summary>
    Request,

    /// <summary>A message is read from a subscription.</summary>
    Receive,

    /// <summary>A message is handled.</summary>
    Process,
}

/// <summary>What a span says of its message and connection.</summary>
/// <param name="Topic">The subject on the wire.</param>
/// <param name="Template">The subject of the subscription on the wire; null when sending.</param>
/// <param name="QueueGroup">The subscription's queue group.</param>
/// <param name="Size">Bytes of the payload.</param>
/// <param name="InboxPrefix">Subjects that begin with it are temporary.</param>
/// <param name="Server">The present or last server.</param>
/// <param name="Info">What that server said of itself.</param>
internal readonly record struct SpanSubject(
    string Topic,
    string? Template,
    string? QueueGroup,
    int Size,
    string InboxPrefix,
    NasServerAddress? Server,
    NasServerInfo? Info
);

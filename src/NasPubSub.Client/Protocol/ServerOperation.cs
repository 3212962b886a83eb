namespace NasPubSub.Protocol;

internal enum OperationKind : byte
{
    Message,
    Info,
    Ping,
    Pong,
    Ok,
    Error,
}

/// <summary>One operation of a server. Its spans lie in the reader's buffer and are good until the next read.</summary>
internal ref struct ServerOperation
{
    public OperationKind Kind;

    /// <summary>
    /// The same subject and sid as the message before, by this parser: what was looked up then is good now.
    /// </summary>
    public bool SameAsLast;
    public long Sid;
    public ReadOnlySpan<byte> Subject;
    public ReadOnlySpan<byte> ReplyTo;

    /// <summary>The header block; empty for MSG.</summary>
    public ReadOnlySpan<byte> Headers;
    public ReadOnlySpan<byte> Payload;

    /// <summary>INFO's JSON, -ERR's text.</summary>
    public ReadOnlySpan<byte> Text;
}

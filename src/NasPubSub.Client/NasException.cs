using NasPubSub.Diagnostics;

namespace NasPubSub;

/// <summary>What went wrong. The names are stable: the cmdlets use them as ErrorIds.</summary>
public enum NasError
{
    /// <summary>Nobody listens on the subject of a request (ADR-4, status 503).</summary>
    NoResponders,

    /// <summary>Somebody listens, but no reply came in time.</summary>
    RequestTimeout,

    /// <summary>An operation did not end in time.</summary>
    Timeout,

    /// <summary>The connection is not open, and the operation needs it.</summary>
    NotConnected,

    /// <summary>No server of the list could be reached.</summary>
    ConnectFailed,

    /// <summary>The far end does not speak the NATS protocol, or broke it.</summary>
    ProtocolError,

    /// <summary>The server refused the credentials, or they expired.</summary>
    AuthenticationFailed,

    /// <summary>TLS could not be agreed: certificate, host name or protocol.</summary>
    TlsFailed,

    /// <summary>The server's permissions forbid this subject.</summary>
    PermissionDenied,

    /// <summary>The subject is malformed.</summary>
    InvalidSubject,

    /// <summary>The namespace is malformed.</summary>
    InvalidNamespace,

    /// <summary>The queue group is malformed.</summary>
    InvalidQueueGroup,

    /// <summary>A header's name or value is malformed.</summary>
    InvalidHeader,

    /// <summary>An option, address or file given by the user is wrong.</summary>
    InvalidOption,

    /// <summary>The payload and headers are larger than the server's max_payload.</summary>
    PayloadTooLarge,

    /// <summary>The buffer of messages to send is full, and did not empty in time.</summary>
    BufferFull,

    /// <summary>A subscription's buffer was full, and messages were dropped.</summary>
    SlowConsumer,

    /// <summary>The connection broke before the operation was done.</summary>
    ConnectionLost,

    /// <summary>The connection was closed for good.</summary>
    ConnectionClosed,

    /// <summary>The server allows no further connection, or no further subscription.</summary>
    LimitExceeded,

    /// <summary>Another error the server reported.</summary>
    ServerError,

    /// <summary>A service answered a request with an error (ADR-32).</summary>
    ServiceError,

    /// <summary>There is no message to answer to: it has no reply subject.</summary>
    NoReplySubject,
}

/// <summary>
/// An error of this client; <see cref="Error"/> says which. The message never holds a secret, nor a control character
/// that a server chose. Layers above the client derive from it and set a <see cref="Code"/> of their own.
/// </summary>
public class NasException : Exception
{
    private readonly string? _target,
        _code,
        _apiErrorDescription;

    /// <summary>Creates the error.</summary>
    /// <param name="error">What went wrong.</param>
    /// <param name="message">For people to read. Control characters are replaced.</param>
    /// <param name="inner">The error that caused it, if any. Control characters in its message are replaced.</param>
    public NasException(NasError error, string message, Exception? inner = null)
        : base(TerminalText.Lines(message), inner is null ? null : TerminalText.Error(inner)) => Error = error;

    /// <summary>What went wrong.</summary>
    public NasError Error { get; }

    /// <summary>
    /// A stable name for scripts and logs, which the cmdlets use as ErrorId: that of <see cref="Error"/>, unless a
    /// layer above has a more exact one, such as <c>StreamNotFound</c>.
    /// </summary>
    public string Code
    {
        get => _code ?? Error.ToString();
        init => _code = value;
    }

    /// <summary>
    /// The <c>err_code</c> of a JetStream API response (ADR-1), such as 10059; null for other errors.
    /// </summary>
    public int? ApiErrorCode { get; init; }

    /// <summary>The <c>description</c> of a JetStream API response (ADR-1); null for other errors.</summary>
    public string? ApiErrorDescription
    {
        get => _apiErrorDescription;
        init => _apiErrorDescription = value is null ? null : TerminalText.Lines(value);
    }

    /// <summary>The subject, server or option that the error is about; null where there is none.</summary>
    public string? Target
    {
        get => _target;
        init => _target = value is null ? null : TerminalText.Lines(value);
    }

    /// <summary>
    /// Did the server report it? What only this client found, such as a missing file, may be gone the next time.
    /// </summary>
    internal bool IsServers { get; init; }
}

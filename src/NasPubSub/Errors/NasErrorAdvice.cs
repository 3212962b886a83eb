using System.Management.Automation;

namespace NasPubSub.Errors;

/// <summary>The category of each error of the client, and what the user can do about it.</summary>
internal static class NasErrorAdvice
{
    public static ErrorCategory CategoryOf(NasError error) =>
        error switch
        {
            NasError.NoResponders => ErrorCategory.ObjectNotFound,
            NasError.RequestTimeout or NasError.Timeout => ErrorCategory.OperationTimeout,
            NasError.NotConnected or NasError.ConnectFailed or NasError.ConnectionLost or NasError.ConnectionClosed =>
                ErrorCategory.ConnectionError,
            NasError.AuthenticationFailed => ErrorCategory.AuthenticationError,
            NasError.TlsFailed or NasError.PermissionDenied => ErrorCategory.SecurityError,
            NasError.ProtocolError => ErrorCategory.ProtocolError,
            NasError.ServiceError => ErrorCategory.InvalidResult,
            NasError.InvalidSubject
            or NasError.InvalidNamespace
            or NasError.InvalidQueueGroup
            or NasError.InvalidHeader
            or NasError.InvalidOption
            or NasError.NoReplySubject => ErrorCategory.InvalidArgument,
            NasError.PayloadTooLarge or NasError.BufferFull or NasError.LimitExceeded or NasError.SlowConsumer =>
                ErrorCategory.LimitsExceeded,
            _ => ErrorCategory.NotSpecified,
        };

    public static string Of(NasError error) =>
        error switch
        {
            NasError.NoResponders =>
                "Start the service that answers this subject, and check the namespace on both sides: Get-NasConnection shows yours.",
            NasError.RequestTimeout =>
                "Somebody listens but did not answer in time. Increase -Timeout, or check the service.",
            NasError.Timeout => "Increase -Timeout, or check the server with Test-NasConnection -Ping.",
            NasError.NotConnected => "Call Connect-NasPubSub, or Wait-NasConnection while the session reconnects.",
            NasError.ConnectFailed =>
                "Check the address, and whether a nats-server runs there. Start-NasServer starts a local one.",
            NasError.ConnectionLost =>
                "Try again. The session reconnects by itself, and Wait-NasConnection waits for it.",
            NasError.ConnectionClosed => "Call Connect-NasPubSub to open a new session.",
            NasError.AuthenticationFailed =>
                "Check the credentials: -Credential, -Token, -CredentialsFile, -NKeySeed, or the context's.",
            NasError.TlsFailed =>
                "Check -Tls, -TlsCaFile, -TlsServerName, -TlsCertificateFile, and the certificates' dates and names.",
            NasError.PermissionDenied => "Request the permission, or use a subject that the account permits.",
            NasError.ProtocolError => "Check the host and the port. The program that listens there may not be a NATS server.",
            NasError.InvalidSubject =>
                "A subject consists of tokens separated by dots, without blanks. Wildcards are allowed only in subscriptions. Servers accept lines of up to 4,096 bytes.",
            NasError.InvalidNamespace => "A namespace is one or more plain tokens, such as 'prod' or 'shop.prod'.",
            NasError.InvalidQueueGroup => "A queue group is a single word without blanks.",
            NasError.InvalidHeader =>
                "A header name consists of printable ASCII characters without blanks and colons, and a value is a single line. Some servers do not support headers: omit -Header there.",
            NasError.InvalidOption => "See Get-Help Connect-NasPubSub -Parameter *.",
            NasError.PayloadTooLarge => "Send smaller messages, or raise max_payload on the server.",
            NasError.BufferFull =>
                "Wait-NasConnection waits until the session is connected again. -ReconnectBufferBytes sets the limit.",
            NasError.LimitExceeded => "Close other connections or subscriptions, or raise the server's limit.",
            NasError.SlowConsumer => "Read faster, or raise -MaxPendingMessages and -MaxPendingBytes.",
            NasError.ServiceError =>
                "The reply is the TargetObject of the error. If the request is correct, check the service.",
            NasError.NoReplySubject => "Reply only to messages that were sent as requests.",
            _ => "See the log of the server.",
        };
}

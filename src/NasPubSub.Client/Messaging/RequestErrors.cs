using NasPubSub.Connection;

namespace NasPubSub.Messaging;

/// <summary>Why a request has no reply.</summary>
internal static class RequestErrors
{
    /// <summary>Nobody listens (ADR-4, status 503).</summary>
    public static NasException NoResponders(string subject) =>
        new(NasError.NoResponders, $"Nobody answers on '{subject}': no service or subscription listens there.")
        {
            Target = subject,
        };

    /// <summary>
    /// No reply came in time. Without a server, nobody could answer: that is another failure than a silent service.
    /// </summary>
    public static NasException NoReply(string subject, TimeSpan limit, ConnectionStatus status) =>
        status.IsConnected
            ? new(
                NasError.RequestTimeout,
                $"No reply to the request on '{subject}' came within {limit.TotalSeconds:0.###} s."
            )
            {
                Target = subject,
            }
            : new(
                NasError.NotConnected,
                $"The request on '{subject}' has no reply after {limit.TotalSeconds:0.###} s: the session is not connected ({status.State})."
            )
            {
                Target = subject,
            };
}

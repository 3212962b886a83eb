#pragma warning disable CS1573 // The methods inherit the documentation of the parameters that they share.
using NasPubSub.JetStream.Acknowledging;
using NasPubSub.JetStream.Api;

namespace NasPubSub.JetStream;

/// <summary>
/// Acknowledges messages that a consumer delivered (ADR-15). All methods are thread-safe, and a message may be
/// acknowledged on another thread or connection than the one it came by.
/// </summary>
/// <remarks>
/// Without <c>wait</c> an acknowledgement is published like any message: it may be lost with the connection, and then
/// the consumer delivers the message again. With <c>wait</c> the method returns when the server has answered. An answer
/// says that the consumer is there and took the acknowledgement; it does not say that the acknowledgement came in time.
/// </remarks>
public static class NasAcknowledgement
{
    /// <summary>The first server that takes a reason for a rejection; older ones ignore the whole rejection.</summary>
    private static readonly Version ReasonVersion = new(2, 10, 4);

    /// <summary>Acknowledges: the consumer does not deliver the message again.</summary>
    /// <param name="message">A message that a consumer delivered.</param>
    /// <param name="wait">Return when the server has answered.</param>
    /// <param name="timeout">How long the answer may take; null for the connection's RequestTimeout.</param>
    /// <param name="connection">Where to send it; null for the connection that the message came by. A message that was
    /// restored from a file or a job came by none.</param>
    /// <param name="cancel">Ends the wait.</param>
    /// <exception cref="NasException">NotAcknowledgeable: no consumer delivered the message, or its consumer asks for
    /// no acknowledgement. NotConnected: no connection is known. With <paramref name="wait"/> ConsumerNotFound: the
    /// consumer is gone, or its stream; Timeout: no answer came. Else as NasConnection.PublishAsync.</exception>
    public static ValueTask AckAsync(
        this NasMessage message,
        bool wait = false,
        TimeSpan? timeout = null,
        NasConnection? connection = null,
        CancellationToken cancel = default
    ) => SendAsync(message, AckBody.Ack, wait, timeout, connection, cancel);

    /// <summary>
    /// Asks for the message to be delivered again. It spends a delivery: where the consumer has a maximum, the message
    /// is not delivered again when that is reached.
    /// </summary>
    /// <param name="delay">How long to wait before it is delivered again; null for at once, or for what the consumer's
    /// backoff says.</param>
    /// <inheritdoc cref="AckAsync(NasMessage, bool, TimeSpan?, NasConnection?, CancellationToken)"/>
    public static ValueTask NakAsync(
        this NasMessage message,
        TimeSpan? delay = null,
        bool wait = false,
        TimeSpan? timeout = null,
        NasConnection? connection = null,
        CancellationToken cancel = default
    ) => SendAsync(message, AckBody.Nak(delay), wait, timeout, connection, cancel);

    /// <summary>Rejects the message: the consumer never delivers it again, and reports it as terminated.</summary>
    /// <param name="reason">Why, for whoever listens to the server's advisories; needs nats-server 2.10.4.</param>
    /// <inheritdoc cref="AckAsync(NasMessage, bool, TimeSpan?, NasConnection?, CancellationToken)"/>
    /// <exception cref="NasException">UnsupportedByServer: the server takes no reason; nothing was sent. Else as
    /// <see cref="AckAsync(NasMessage, bool, TimeSpan?, NasConnection?, CancellationToken)"/>.</exception>
    public static ValueTask TermAsync(
        this NasMessage message,
        string? reason = null,
        bool wait = false,
        TimeSpan? timeout = null,
        NasConnection? connection = null,
        CancellationToken cancel = default
    )
    {
        var version = (connection ?? message.Subscription?.Connection)?.ServerInfo?.Version;
        if (!string.IsNullOrWhiteSpace(reason) && ServerFeatures.Parse(version) < ReasonVersion)
        {
            throw ApiErrors.Unsupported("A reason for a rejection", ReasonVersion.ToString(), version);
        }
        return SendAsync(message, AckBody.Term(reason), wait, timeout, connection, cancel);
    }

    /// <summary>
    /// Says that the message is still being worked on: the consumer's time to acknowledge it begins anew, and no
    /// delivery is spent.
    /// </summary>
    /// <inheritdoc cref="AckAsync(NasMessage, bool, TimeSpan?, NasConnection?, CancellationToken)"/>
    public static ValueTask InProgressAsync(
        this NasMessage message,
        bool wait = false,
        TimeSpan? timeout = null,
        NasConnection? connection = null,
        CancellationToken cancel = default
    ) => SendAsync(message, AckBody.InProgress, wait, timeout, connection, cancel);

    private static ValueTask SendAsync(
        NasMessage message,
        ReadOnlyMemory<byte> body,
        bool wait,
        TimeSpan? timeout,
        NasConnection? connection,
        CancellationToken cancel
    )
    {
        if (message.ReplyTopic is not { } subject || !subject.StartsWith("$JS.ACK.", StringComparison.Ordinal))
        {
            throw AckErrors.NotAcknowledgeable(message);
        }
        connection ??= message.Subscription?.Connection ?? throw AckErrors.NoConnection(message);
        return wait
            ? WaitAsync(message, connection, subject, body, timeout, cancel)
            : connection.PublishAsync(subject, body, null, null, useNamespace: false, cancel);
    }

    private static async ValueTask WaitAsync(
        NasMessage message,
        NasConnection connection,
        string subject,
        ReadOnlyMemory<byte> body,
        TimeSpan? timeout,
        CancellationToken cancel
    )
    {
        try
        {
            await connection
                .RequestAsync(subject, body, timeout, null, useNamespace: false, cancel)
                .ConfigureAwait(false);
        }
        catch (NasException e) when (e.Error == NasError.NoResponders)
        {
            throw AckErrors.NoConsumer(message, e);
        }
        catch (NasException e) when (e.Error == NasError.RequestTimeout)
        {
            throw AckErrors.NoAnswer(message, timeout ?? connection.Options.RequestTimeout, e);
        }
    }
}

using System.Text;
using NasPubSub.Connection;
using NasPubSub.Messaging;

namespace NasPubSub;

/// <summary>
/// Takes the replies of a <see cref="NasReplyInbox"/>. It is called on the read loop of the connection, by one thread
/// at a time: it must be quick, must not wait, and must not throw.
/// </summary>
public interface INasReplyReader
{
    /// <summary>A reply came.</summary>
    /// <param name="number">That of the message it answers.</param>
    /// <param name="suffix">What the reply subject has behind the number, beginning with a dot; empty without. Good
    /// until the call returns.</param>
    /// <param name="headers">The header block; empty without headers. Good until the call returns.</param>
    /// <param name="payload">The payload; good until the call returns.</param>
    void OnReply(
        long number,
        ReadOnlySpan<byte> suffix,
        ReadOnlySpan<byte> headers,
        ReadOnlySpan<byte> payload
    );

    /// <summary>The replies of one read from the network are over.</summary>
    void OnReadEnd();

    /// <summary>The server denied a publish; there will be no reply.</summary>
    /// <param name="topic">The subject on the wire.</param>
    /// <param name="error">PermissionDenied.</param>
    /// <returns>True where a message of this reader was meant: then the error is reported nowhere else.</returns>
    bool OnPublishDenied(string topic, NasException error);
}

/// <summary>
/// An inbox for the replies to many messages, which are told apart by a number: no task, no subscription and no
/// allocation for each message. A message goes over the server connection that its sender names, or not at all, and
/// none is kept over a break: whoever sends keeps its messages until the replies, and sends those without a reply
/// again, in order. Thread-safe.
/// </summary>
public sealed class NasReplyInbox : IDisposable
{
    private static long s_count;

    private readonly ConnectionCore _core;
    private readonly byte[] _prefix;
    private readonly NasSubscription _subscription;

    private NasReplyInbox(ConnectionCore core, INasReplyReader reader)
    {
        var inbox = $"{core.ReplyInboxes}{Interlocked.Increment(ref s_count)}.";
        (_core, _prefix) = (core, Encoding.UTF8.GetBytes(inbox));
        _subscription = new NasSubscription(core, inbox + ">", inbox + ">", null, null, core.Options.Subscriptions, 0)
        {
            Replies = new ReplyRouter(_prefix, reader),
        };
    }

    /// <summary>Connects where nobody has, and subscribes; the messages may follow at once.</summary>
    /// <param name="connection">The connection to use.</param>
    /// <param name="reader">Takes the replies.</param>
    /// <param name="cancel">Ends the wait.</param>
    /// <exception cref="NasException">PermissionDenied, LimitExceeded, Timeout, NotConnected,
    /// ConnectionClosed.</exception>
    public static async Task<NasReplyInbox> OpenAsync(
        NasConnection connection,
        INasReplyReader reader,
        CancellationToken cancel = default
    )
    {
        var core = (connection ?? throw new ArgumentNullException(nameof(connection))).Core;
        await core.Sender.ReadyAsync(cancel).ConfigureAwait(false);
        var inbox = new NasReplyInbox(core, reader);
        await core.Subscriptions.AddAsync(inbox._subscription, true, core.Loop, cancel).ConfigureAwait(false);
        return inbox;
    }

    /// <summary>
    /// The number of the present server connection: a new one for each, and after a move to another server; 0 while
    /// there is none.
    /// </summary>
    public long Epoch => _core.Buffer.Epoch;

    /// <summary>Why the server ended the subscription, if it did; then no replies come.</summary>
    public Exception? Error => _subscription.Error;

    /// <summary>Publishes a message, if the server connection of an <see cref="Epoch"/> is still there.</summary>
    /// <param name="publisher">Where it goes; made by the same connection.</param>
    /// <param name="number">What its reply is recognized by; not negative, at most 18 digits.</param>
    /// <param name="body">The header block as <see cref="NasHeaders.ToByteArray"/> makes it, then the payload;
    /// copied.</param>
    /// <param name="headerLength">Bytes of the header block; 0 without headers.</param>
    /// <param name="epoch">The connection to use.</param>
    /// <param name="suffix">What the reply subject has behind the number: tokens, each with a dot before it.</param>
    /// <returns>False where that connection is gone: nothing was sent.</returns>
    /// <exception cref="NasException">PayloadTooLarge, InvalidHeader, InvalidSubject, ConnectionClosed.</exception>
    public bool TrySend(
        NasPublisher publisher,
        long number,
        ReadOnlySpan<byte> body,
        int headerLength,
        long epoch,
        ReadOnlySpan<byte> suffix = default
    ) =>
        _core.Buffer.TryWriteNumbered(
            new NumberedMessage(publisher.Encoded, _prefix, number, suffix, body, headerLength),
            epoch,
            publisher.Mode
        );

    /// <summary>Unsubscribes: no more replies come.</summary>
    public void Dispose() => _subscription.Unsubscribe();
}

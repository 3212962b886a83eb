using NasPubSub.Connection;
using NasPubSub.Messaging;
using NasPubSub.Protocol;

namespace NasPubSub;

/// <summary>Publishing.</summary>
public sealed partial class NasConnection
{
    private PublishHead? _lastHead;

    /// <summary>
    /// Publishes. The message is buffered and sent at once by the write loop; the call blocks only while the buffer is full
    /// (at most SendTimeout), or while the first connect is under way.
    /// </summary>
    /// <param name="subject">Without the namespace.</param>
    /// <param name="payload">The bytes; copied.</param>
    /// <param name="replyTo">Where answers go, without the namespace.</param>
    /// <param name="headers">Headers; servers older than 2.2 take none.</param>
    /// <param name="useNamespace">False sends to the subject as it stands.</param>
    /// <param name="cancel">Ends the wait for room; then nothing was sent.</param>
    /// <exception cref="NasException">
    /// InvalidSubject, PayloadTooLarge, BufferFull, NotConnected (without auto-connect), ConnectFailed and its kin, ConnectionClosed.
    /// </exception>
    public void Publish(string subject, ReadOnlySpan<byte> payload, string? replyTo = null, NasHeaders? headers = null, bool useNamespace = true, CancellationToken cancel = default) =>
        Publish(HeadOf(subject, useNamespace), ReplyTopic(replyTo, useNamespace), HeaderBlock(headers), payload, null, cancel);

    /// <inheritdoc cref="Publish(string, ReadOnlySpan{byte}, string?, NasHeaders?, bool, CancellationToken)"/>
    /// <param name="text">The payload, sent as UTF-8.</param>
#pragma warning disable CS1573 // the other parameters are the same
    public void Publish(string subject, string text, string? replyTo = null, NasHeaders? headers = null, bool useNamespace = true, CancellationToken cancel = default) =>
        Publish(HeadOf(subject, useNamespace), ReplyTopic(replyTo, useNamespace), HeaderBlock(headers), default, text, cancel);
#pragma warning restore CS1573

    /// <summary>Publishes; waits without blocking a thread where <see cref="Publish(string, ReadOnlySpan{byte}, string?, NasHeaders?, bool, CancellationToken)"/> would block.</summary>
    /// <inheritdoc cref="Publish(string, ReadOnlySpan{byte}, string?, NasHeaders?, bool, CancellationToken)"/>
    public ValueTask PublishAsync(string subject, ReadOnlyMemory<byte> payload, string? replyTo = null, NasHeaders? headers = null, bool useNamespace = true, CancellationToken cancel = default)
    {
        var head = HeadOf(subject, useNamespace);
        var replyTopic = ReplyTopic(replyTo, useNamespace);
        var block = HeaderBlock(headers);
        return IsReady && _outbox.TryPublish(head, replyTopic, block, payload.Span, null) is var need and 0
            ? default
            : PublishLaterAsync(head, replyTopic, block, payload, null, cancel);
    }

    /// <inheritdoc cref="PublishAsync(string, ReadOnlyMemory{byte}, string?, NasHeaders?, bool, CancellationToken)"/>
    /// <param name="text">The payload, sent as UTF-8.</param>
#pragma warning disable CS1573
    public ValueTask PublishAsync(string subject, string text, string? replyTo = null, NasHeaders? headers = null, bool useNamespace = true, CancellationToken cancel = default)
#pragma warning restore CS1573
    {
        var head = HeadOf(subject, useNamespace);
        var replyTopic = ReplyTopic(replyTo, useNamespace);
        var block = HeaderBlock(headers);
        return IsReady && _outbox.TryPublish(head, replyTopic, block, default, text) == 0
            ? default
            : PublishLaterAsync(head, replyTopic, block, default, text, cancel);
    }

    /// <summary>
    /// Returns when the server has processed all that was published before. Publishes that the server denied since the last
    /// flush are an error here, once; each is also an event of <see cref="Notified"/> when it happens.
    /// </summary>
    /// <exception cref="NasException">PermissionDenied, Timeout, ConnectionLost, NotConnected, ConnectionClosed.</exception>
    public async Task FlushAsync(TimeSpan? timeout = null, CancellationToken cancel = default)
    {
        await PingAsync(timeout, cancel).ConfigureAwait(false);
        var denied = Denials.Take(publishesOnly: true);
        if (denied.Count == 0) return;
        throw denied.Count == 1 ? denied[0] : new NasException(NasError.PermissionDenied, string.Join(" ", denied.Select(e => e.Message)))
        {
            Target = denied[0].Target,
            IsServers = true,
        };
    }

    /// <summary>Asks the server for a sign of life, behind all that was published before.</summary>
    /// <returns>The round-trip time.</returns>
    /// <exception cref="NasException">Timeout, ConnectionLost, NotConnected, ConnectionClosed.</exception>
    public async Task<TimeSpan> PingAsync(TimeSpan? timeout = null, CancellationToken cancel = default)
    {
        var limit = timeout ?? Options.OperationTimeout;
        var deadline = Deadline.In(limit);
        try
        {
            if (!IsReady) await ReadyAsync(cancel).Observed().WaitAsync(Deadline.Left(deadline), cancel).ConfigureAwait(false);
            return await FenceAsync([], deadline, cancel).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            throw new NasException(NasError.Timeout, $"The server did not answer within {limit.TotalSeconds:0.###} s.");
        }
    }

    /// <summary>Writes operations with a PING behind them and waits for its PONG.</summary>
    private async Task<TimeSpan> FenceAsync(byte[] operations, Deadline deadline, CancellationToken cancel)
    {
        var pong = new TaskCompletionSource<TimeSpan>(TaskCreationOptions.RunContinuationsAsynchronously);
        _outbox.WriteFence(operations, pong);
        return await pong.Task.WaitAsync(Deadline.Left(deadline), cancel).ConfigureAwait(false);
    }

    internal void Publish(PublishHead head, string? replyTopic, byte[]? headers, ReadOnlySpan<byte> payload, string? text, CancellationToken cancel, Haste haste = Haste.Soon)
    {
        if (!IsReady) ReadyAsync(cancel).GetAwaiter().GetResult();
        var need = _outbox.TryPublish(head, replyTopic, headers, payload, text, haste);
        if (need == 0) return;
        var deadline = Deadline.In(Options.SendTimeout);
        do
        {
            _outbox.WaitForRoom(need, deadline, cancel);
            need = _outbox.TryPublish(head, replyTopic, headers, payload, text, haste);
        }
        while (need > 0);
    }

    /// <summary>Sends what was gathered with <see cref="Haste.Together"/>.</summary>
    internal void Hasten() => _outbox.Hasten();

    private async ValueTask PublishLaterAsync(PublishHead head, string? replyTopic, byte[]? headers, ReadOnlyMemory<byte> payload, string? text, CancellationToken cancel)
    {
        if (!IsReady) await ReadyAsync(cancel).ConfigureAwait(false);
        var deadline = Deadline.In(Options.SendTimeout);
        while (_outbox.TryPublish(head, replyTopic, headers, payload.Span, text) is var need and > 0)
            await _outbox.WaitForRoomAsync(need, deadline, cancel).ConfigureAwait(false);
    }

    /// <summary>Has it been connected once? Then the outbox knows what to do.</summary>
    private bool IsReady => ServerInfo is not null || State == NasConnectionState.Closed;

    /// <summary>Connects where nobody has, unless the user wants to do it himself.</summary>
    private Task ReadyAsync(CancellationToken cancel)
    {
        if (State == NasConnectionState.Disconnected && !Options.AutoConnect && Parent is null)
            throw new NasException(NasError.NotConnected, "The connection is not open: connect first.");
        return ConnectAsync(cancel);
    }

    internal PublishHead HeadOf(string subject, bool useNamespace)
    {
        var last = _lastHead;
        return last is not null && last.IsFor(subject, useNamespace)
            ? last
            : _lastHead = new PublishHead(Namespace, subject, useNamespace, Options.InboxPrefix);
    }

    /// <summary>The subject on the wire, which errors name.</summary>
    internal string TopicOf(string subject, bool useNamespace) =>
        Subjects.ToWire(Namespace, subject, useNamespace, Options.InboxPrefix);

    internal string? ReplyTopic(string? replyTo, bool useNamespace)
    {
        if (replyTo is null) return null;
        Subjects.CheckReply(replyTo);
        return Subjects.ToWire(Namespace, replyTo, useNamespace, Options.InboxPrefix);
    }

    private byte[]? HeaderBlock(NasHeaders? headers) => headers is null || headers.Count == 0 ? null : HeaderBlock(headers.ToBytes(), isOwn: true);

    /// <summary>A header block as the present server takes it.</summary>
    /// <param name="block">The block.</param>
    /// <param name="isOwn">Did the user ask for these headers? Else they are left out where the server takes none.</param>
    /// <exception cref="NasException">InvalidHeader: the server takes no headers, and the user wants some.</exception>
    internal byte[]? HeaderBlock(byte[]? block, bool isOwn) =>
        block is null || ServerInfo is not { Headers: false } ? block : isOwn ? throw Headerless.Refused(Server) : null;
}

using System.Runtime.CompilerServices;
using System.Text;
using NasPubSub.Diagnostics;
using NasPubSub.Protocol;
using NasPubSub.Threading;

namespace NasPubSub.Connection;

/// <summary>
/// Gives messages to the send buffer: connects first where nobody has, and waits for room where there is none.
/// Thread-safe.
/// </summary>
internal sealed class MessageSender(NasOptions options, SendBuffer buffer, ConnectionStatus status, ReconnectLoop loop)
{
    /// <summary>Sends, and blocks where it has to wait.</summary>
    /// <exception cref="NasException">Those of <see cref="SendBuffer.TryWrite"/>, of a connect, and
    /// BufferFull.</exception>
    public void Send(in OutgoingMessage message, FlushMode mode, CancellationToken cancel)
    {
        if (Tracing.IsEnabled)
        {
            SendTraced(message, mode, cancel);
        }
        else
        {
            Write(message, mode, cancel);
        }
    }

    /// <summary>Sends, and waits without a thread where it has to.</summary>
    /// <exception cref="NasException">As <see cref="Send"/>.</exception>
    public ValueTask SendAsync(in OutgoingMessage message, CancellationToken cancel) =>
        Tracing.IsEnabled ? SendTracedAsync(message, cancel) : WriteAsync(message, cancel);

    /// <summary>Sends in time, or not at all.</summary>
    /// <exception cref="TimeoutException">There was no connection, or no room, by then.</exception>
    /// <exception cref="NasException">As <see cref="Send"/>.</exception>
    public async ValueTask SendAsync(OutgoingMessage message, Deadline deadline, CancellationToken cancel)
    {
        using var late = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        late.CancelAfter(deadline.Left);
        try
        {
            await SendLaterAsync(message, late.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancel.IsCancellationRequested)
        {
            throw new TimeoutException();
        }
    }

    /// <summary>
    /// Starts the span of a message, and adds its trace context to the headers, unless the user gave one.
    /// </summary>
    public NasSpan? StartSpan(SpanOperation operation, ref OutgoingMessage message)
    {
        var subject = new SpanSubject(
            message.Subject.Wire,
            Template: null,
            QueueGroup: null,
            message.Text is { } text ? Encoding.UTF8.GetByteCount(text) : message.Payload.Length,
            options.InboxPrefix,
            status.Address,
            status.ServerInfo
        );
        var given = message.Headers is { } headers ? TraceHeaders.Read(NasHeaders.Parse(headers.Block)) : default;
        var span = Tracing.Start(operation, subject, given);
        var context = Tracing.ContextOf(span);
        if (given.Parent is null && context.Parent is not null && subject.Info is not { Headers: false })
        {
            var added = TraceHeaders.Add(message.Headers, context);
            // A message must not fail for its trace.
            if (subject.Size + added.Block.Length <= (subject.Info?.MaxPayload ?? long.MaxValue))
            {
                message = message with { Headers = added };
            }
        }
        return span;
    }

    /// <summary>Connects where nobody has, unless the user wants to do that himself.</summary>
    /// <exception cref="NasException">NotConnected, and those of a connect.</exception>
    public async Task ReadyAsync(CancellationToken cancel)
    {
        if (status.IsReady)
        {
            return;
        }
        if (status.State == NasConnectionState.Disconnected && !options.AutoConnect)
        {
            throw new NasException(NasError.NotConnected, "The connection is not open: connect first.");
        }
        var connected = loop.ConnectAsync();
        if (!options.RetryOnFailedConnect)
        {
            await connected.Observed().WaitAsync(cancel).ConfigureAwait(false);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private void Write(in OutgoingMessage message, FlushMode mode, CancellationToken cancel)
    {
        if (!status.IsReady)
        {
            ReadyAsync(cancel).GetAwaiter().GetResult();
        }
        var need = buffer.TryWrite(message, mode);
        if (need > 0)
        {
            SendWhenRoom(message, mode, need, cancel);
        }
    }

    private ValueTask WriteAsync(in OutgoingMessage message, CancellationToken cancel) =>
        status.IsReady && buffer.TryWrite(message, FlushMode.Queued) == 0 ? default : SendLaterAsync(message, cancel);

    private void SendTraced(OutgoingMessage message, FlushMode mode, CancellationToken cancel)
    {
        using var span = StartSpan(SpanOperation.Publish, ref message);
        try
        {
            Write(message, mode, cancel);
        }
        catch (Exception e)
        {
            span?.Fail(e);
            throw;
        }
    }

    private async ValueTask SendTracedAsync(OutgoingMessage message, CancellationToken cancel)
    {
        using var span = StartSpan(SpanOperation.Publish, ref message);
        try
        {
            await WriteAsync(message, cancel).ConfigureAwait(false);
        }
        catch (Exception e)
        {
            span?.Fail(e);
            throw;
        }
    }

    private async ValueTask SendLaterAsync(OutgoingMessage message, CancellationToken cancel)
    {
        await ReadyAsync(cancel).ConfigureAwait(false);
        var deadline = Deadline.In(options.SendTimeout);
        while (buffer.TryWrite(message, FlushMode.Queued) is var need and > 0)
        {
            await buffer.Room.WaitAsync(need, deadline, cancel).ConfigureAwait(false);
        }
    }

    private void SendWhenRoom(in OutgoingMessage message, FlushMode mode, int need, CancellationToken cancel)
    {
        var deadline = Deadline.In(options.SendTimeout);
        do
        {
            buffer.Room.Wait(need, deadline, cancel);
            need = buffer.TryWrite(message, mode);
        } while (need > 0);
    }
}

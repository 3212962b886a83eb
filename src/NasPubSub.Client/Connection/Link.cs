using System.Text;
using NasPubSub.Protocol;
using NasPubSub.Threading;
using NasPubSub.Transport;

namespace NasPubSub.Connection;

/// <summary>
/// One connection to one server, from handshake to end: a socket, a parser, the fences under way, and two loops. It is
/// used once: a reconnect makes another.
/// </summary>
internal sealed class Link : IDisposable
{
    private readonly ByteTransport _transport;
    private readonly NasOptions _options;
    private readonly Parser _parser;
    private readonly ReadBuffer _buffer;
    private readonly FenceQueue _fences = new();
    private readonly TaskCompletionSource<NasException> _ended = new(
        TaskCreationOptions.RunContinuationsAsynchronously
    );
    private readonly TaskCompletionSource<bool> _abandoned = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TimeSpan _opened = MonotonicClock.Now;
    private SendBuffer? _sendBuffer;
    private PoolWork? _inlineWork;
    private long _stamp;
    private volatile Task? _pause;
    private volatile IMigrationBuffer? _migration;
    private NasException? _closingError;
    private Task _reading = Task.CompletedTask,
        _writing = Task.CompletedTask;

    /// <param name="transport">The open connection; the link closes it.</param>
    /// <param name="address">The server.</param>
    /// <param name="info">Its INFO.</param>
    /// <param name="rest">What it sent after the handshake.</param>
    /// <param name="roundTrip">How long its first PONG took; null when not measured.</param>
    /// <param name="options">The connection's options.</param>
    public Link(
        ByteTransport transport,
        NasServerAddress address,
        NasServerInfo info,
        byte[] rest,
        TimeSpan? roundTrip,
        NasOptions options
    )
    {
        _transport = transport;
        _options = options;
        _parser = new Parser(options.IncomingBytes(info.MaxPayload));
        _buffer = new ReadBuffer(rest);
        (Address, Info, RoundTrip) = (address, info, roundTrip);
    }

    public NasServerAddress Address { get; }

    /// <summary>The server's latest INFO.</summary>
    public NasServerInfo Info { get; private set; }

    /// <summary>The last measured round trip.</summary>
    public TimeSpan? RoundTrip { get; private set; }

    public bool IsTls => _transport.IsTls;

    public TimeSpan Age => MonotonicClock.Now - _opened;

    /// <summary>What the write loop waits on.</summary>
    public WriteSignal WriteSignal { get; } = new();

    /// <summary>The migration that this link takes part in, if any.</summary>
    public IMigrationBuffer? Migration => _migration;

    /// <summary>Did the user ask for another connection?</summary>
    public bool ReconnectRequested { get; private set; }

    /// <summary>Is reading paused until a subscription has room?</summary>
    public bool IsPaused => _pause is not null;

    /// <summary>Completed with the reason when the link can no longer be used.</summary>
    public Task<NasException> Ended => _ended.Task;

    /// <summary>
    /// Bytes of the last write that the network took, or may have taken. Valid after <see cref="CloseAsync"/>.
    /// </summary>
    public int Taken { get; private set; }

    /// <summary>Starts to read.</summary>
    public void Start(IMessageReader reader, IServerListener listener) => _reading = ReadAsync(reader, listener);

    /// <summary>Starts to send what the buffer gives.</summary>
    public void StartWriting(SendBuffer buffer)
    {
        _sendBuffer = buffer;
        _writing = WriteAsync(buffer);
    }

    /// <summary>Sends before <see cref="StartWriting"/>.</summary>
    public Task SendAsync(byte[] bytes) => _transport.SendAllAsync(bytes);

    /// <summary>Takes part in a migration from now on.</summary>
    public void Join(IMigrationBuffer migration) => _migration = migration;

    /// <summary>The migration is over.</summary>
    public void Leave(IMigrationBuffer migration) => Interlocked.CompareExchange(ref _migration, null, migration);

    /// <summary>
    /// Pauses reading until the task completes, so that the server waits. Blocks no thread. Read loop only.
    /// </summary>
    public void PauseUntil(Task room) => _pause = room;

    /// <summary>
    /// Runs this on the read loop's thread when the loop waits for bytes again, instead of waking another thread. Read
    /// loop only.
    /// </summary>
    public void RunInline(PoolWork work)
    {
        _inlineWork?.Queue();
        _inlineWork = work;
    }

    /// <summary>
    /// A PING was written: its fence waits for the PONG. Called in the order in which PINGs are written.
    /// </summary>
    public void Expect(Fence fence) => _fences.Add(fence);

    /// <summary>Counts a ping of the keep-alive.</summary>
    /// <returns>False when too many have no answer.</returns>
    public bool TryCountPing(int most) => _fences.TryCountPing(most);

    /// <summary>Ends the connection, since the user asks for another.</summary>
    public void RequestReconnect()
    {
        ReconnectRequested = true;
        Fail(new NasException(NasError.ConnectionLost, "A reconnect was requested."));
    }

    /// <summary>Ends the link. The first reason counts.</summary>
    public void Fail(NasException reason) => _ended.TrySetResult(reason);

    /// <summary>Closes, and returns when both loops have ended. What was read is still handled.</summary>
    public async Task CloseAsync()
    {
        End();
        _sendBuffer?.Nudge();
        await _reading.ConfigureAwait(false);
        await _writing.ConfigureAwait(false);
        _fences.Close();
    }

    /// <summary>Closes at once: what was read and not handled yet is dropped.</summary>
    public void Dispose()
    {
        _abandoned.TrySetResult(true);
        End();
    }

    private void End()
    {
        _ended.TrySetResult(new NasException(NasError.ConnectionClosed, "The connection was closed."));
        _transport.Dispose();
    }

    private async Task ReadAsync(IMessageReader reader, IServerListener listener)
    {
        await Task.Yield();
        try
        {
            Handle(reader, listener);
            while (await WaitWhilePausedAsync(reader, listener).ConfigureAwait(false) && !_ended.Task.IsCompleted)
            {
                var free = _buffer.Free(_parser.Needed);
                var receiving = _transport.ReceiveAsync(free.Array!, free.Offset, free.Count);
                var work = _inlineWork;
                _inlineWork = null;
                var count = work is null
                    ? await receiving.ConfigureAwait(false)
                    : await new InlineResume(receiving, work);
                if (count == 0)
                {
                    Fail(
                        _closingError
                            ?? new NasException(NasError.ConnectionLost, $"The server {Address} closed the connection.")
                    );
                    return;
                }
                _buffer.Add(count);
                Handle(reader, listener);
            }
        }
        catch (Exception e)
        {
            Fail(_closingError ?? AsBroken(e));
        }
        finally
        {
            _inlineWork?.Queue();
        }
    }

    /// <returns>False when the link was closed meanwhile.</returns>
    private async ValueTask<bool> WaitWhilePausedAsync(IMessageReader reader, IServerListener listener)
    {
        while (_pause is { } room)
        {
            _inlineWork?.Queue();
            _inlineWork = null;
            if (await Task.WhenAny(room, _abandoned.Task).ConfigureAwait(false) != room)
            {
                return false;
            }
            _pause = null;
            Handle(reader, listener);
        }
        return true;
    }

    private void Handle(IMessageReader reader, IServerListener listener)
    {
        var now = NextStamp();
        try
        {
            while (_pause is null && _parser.Read(_buffer.Unread, out var operation) is var used and > 0)
            {
                if (operation.Kind == OperationKind.Message)
                {
                    // A tick of 100 ns later than the message before it: the times tell their order.
                    reader.OnMessage(ref operation, now++);
                }
                else
                {
                    reader.Flush();
                    HandleOther(ref operation, listener);
                }
                _buffer.Skip(used);
            }
        }
        finally
        {
            _stamp = now;
            reader.Flush();
        }
    }

    /// <summary>
    /// The time of the next message: not before that of the last read, whose messages count on from its start. A clock
    /// that was set back is followed.
    /// </summary>
    private long NextStamp()
    {
        var now = WallClock.UtcTicks;
        return now < _stamp && _stamp - now < TimeSpan.TicksPerSecond ? _stamp : now;
    }

    private void HandleOther(ref ServerOperation operation, IServerListener listener)
    {
        switch (operation.Kind)
        {
            case OperationKind.Ping:
                listener.OnPing(this);
                break;
            case OperationKind.Pong when _fences.Take() is { } fence:
                RoundTrip = fence.Age;
                listener.OnConfirmed(fence.Published);
                fence.Complete();
                break;
            case OperationKind.Info:
                Info = NasServerInfo.Parse(operation.Text);
                _parser.Accept(_options.IncomingBytes(Info.MaxPayload));
                listener.OnInfo(this);
                break;
            case OperationKind.Error:
                OnError(ServerErrors.Read(Encoding.UTF8.GetString(operation.Text)), listener);
                break;
        }
    }

    private void OnError(ServerErrors error, IServerListener listener)
    {
        if (error.Closes)
        {
            // The server closes the connection; the reason outlives the broken socket.
            _closingError = error.ToException(Address.ToString());
        }
        else
        {
            listener.OnError(this, error);
        }
    }

    private async Task WriteAsync(SendBuffer buffer)
    {
        await Task.Yield();
        var ranInline = false;
        try
        {
            while (true)
            {
                if (!buffer.TryTake(this, ranInline, out var next, out var wait))
                {
                    ranInline = false;
                    await wait.ConfigureAwait(false);
                    continue;
                }
                if (next.Count == 0)
                {
                    return;
                }
                Taken = 0;
                await SendAllAsync(next).ConfigureAwait(false);
                buffer.MarkSent(this);
                Taken = 0;
                ranInline = WriteSignal.EndInline();
            }
        }
        catch (Exception e)
        {
            // The server's last error may still arrive. The reader ends with it, or shortly without.
            await Task.WhenAny(_reading, Task.Delay(200)).ConfigureAwait(false);
            Fail(_closingError ?? AsBroken(e));
        }
    }

    private async ValueTask SendAllAsync(ArraySegment<byte> bytes)
    {
        try
        {
            while (Taken < bytes.Count)
            {
                Taken += await _transport
                    .SendAsync(bytes.Array!, bytes.Offset + Taken, bytes.Count - Taken)
                    .ConfigureAwait(false);
            }
        }
        catch
        {
            // At most once: what the server may have received is not sent again, but counted as unconfirmed.
            Taken += _transport.InDoubt;
            throw;
        }
    }

    private NasException AsBroken(Exception e) =>
        e as NasException
        ?? new NasException(NasError.ConnectionLost, $"The connection to {Address} broke: {e.Message}", e);
}

using NasPubSub.Protocol;
using NasPubSub.Threading;

namespace NasPubSub.Connection;

/// <summary>
/// The bytes on their way to the server. Publishers append whole operations to one array under a short lock; the write
/// loop swaps it for another and gives it to the network in one call. What it does with an operation depends on its
/// <see cref="SendState"/>. Thread-safe.
/// </summary>
internal sealed class SendBuffer
{
    private readonly Gate _gate = new(LockLevel.SendBuffer);
    private readonly NasOptions _options;
    private readonly DoubleBuffer _bytes;
    private readonly FlushTiming _timing;
    private readonly OutgoingFences _fences;
    private readonly byte[] _trackedReplies;
    private readonly PongLimit _pongs = new();
    private volatile SendState _state = SendState.Detached;
    private long _epoch,
        _links;
    private Link? _link;
    private ServerLimits _limits = ServerLimits.Unknown;
    private NasException? _refusal;
    private WriteSignal? _idle;

    /// <param name="options">The limits.</param>
    /// <param name="trackedReplies">What the reply subjects of numbered messages begin with; null for none.</param>
    public SendBuffer(NasOptions options, byte[]? trackedReplies = null)
    {
        (_options, _trackedReplies) = (options, trackedReplies ?? []);
        _bytes = new DoubleBuffer(options.SendBufferBytes);
        _fences = new OutgoingFences(_bytes, Ledger);
        Room = new RoomWaiters(_gate, MayHaveRoom);
        _timing = new FlushTiming(Math.Min(16 * 1024, options.SendBufferBytes / 2), OnTick);
    }

    public PublishLedger Ledger { get; } = new();

    /// <summary>Where publishers wait that <see cref="TryWrite"/> had no room for.</summary>
    public RoomWaiters Room { get; }

    /// <summary>What the present server accepts, by its latest INFO.</summary>
    public ServerLimits Limits
    {
        get => Volatile.Read(ref _limits);
        set => Volatile.Write(ref _limits, value);
    }

    public SendState State => _state;

    /// <summary>The number of the attached link, from 1 on; 0 while there is none.</summary>
    public long Epoch => Interlocked.Read(ref _epoch);

    /// <summary>Bytes that the network has not taken.</summary>
    public int Pending
    {
        get
        {
            using var _ = _gate.Enter();
            return _bytes.Filled + _bytes.Sending;
        }
    }

    /// <summary>Appends one message, where there is room.</summary>
    /// <returns>0; or the room it needs, which the caller waits for before it tries again.</returns>
    /// <exception cref="NasException">PayloadTooLarge, InvalidSubject, InvalidHeader, BufferFull (while detached),
    /// ConnectionClosed.</exception>
    public int TryWrite(in OutgoingMessage message, FlushMode mode)
    {
        WriteSignal? wake;
        using (_gate.Enter())
        {
            var frame = new PublishFrame(message, _limits);
            if (!HasRoom(frame.MaxLength))
            {
                return frame.MaxLength;
            }
            _bytes.Advance(frame.Write(_bytes.Reserve(frame.MaxLength)));
            Ledger.AddPublished(frame.Size);
            wake = _timing.MayWait(mode, _bytes.Filled) ? null : TakeWake();
        }
        wake?.Start(mode);
        return 0;
    }

    /// <summary>
    /// Appends a message for one link alone. It takes the room it needs, since its sender bounds what is unanswered.
    /// </summary>
    /// <returns>False where the link of this <see cref="Epoch"/> is gone.</returns>
    /// <exception cref="NasException">PayloadTooLarge, InvalidSubject, InvalidHeader, ConnectionClosed.</exception>
    public bool TryWriteNumbered(in NumberedMessage message, long epoch, FlushMode mode)
    {
        WriteSignal? wake;
        using (_gate.Enter())
        {
            if (_epoch != epoch || epoch == 0)
            {
                return false;
            }
            message.Check(_refusal is null ? _limits : throw _refusal);
            _bytes.Advance(message.Write(_bytes.Reserve(message.MaxLength)));
            Ledger.AddTracked(message.Size);
            wake = _timing.MayWait(mode, _bytes.Filled) ? null : TakeWake();
        }
        wake?.Start(mode);
        return true;
    }

    /// <summary>Appends SUB and UNSUB. While detached they are dropped: the next link restores them.</summary>
    public void WriteControl(ReadOnlySpan<byte> operations)
    {
        using var _ = _gate.Enter();
        if (_link is null || _state == SendState.Closed)
        {
            return;
        }
        _bytes.Append(operations);
        WakeWriter();
    }

    /// <summary>Answers a PING. A server that sends them without end and takes no answers gets no more.</summary>
    public void WritePong()
    {
        if (_pongs.TryAdd())
        {
            WriteControl(ClientLines.Pong);
        }
    }

    /// <summary>Appends operations and a PING behind them.</summary>
    /// <param name="operations">SUB and UNSUB, or nothing.</param>
    /// <param name="waiter">Completed by the PONG, or failed when the connection breaks; may be null.</param>
    /// <exception cref="NasException">NotConnected, ConnectionClosed.</exception>
    public void WriteFence(ReadOnlySpan<byte> operations, TaskCompletionSource<TimeSpan>? waiter)
    {
        WriteSignal? wake;
        using (_gate.Enter())
        {
            ThrowIfNotAttached();
            _bytes.Append(operations);
            if (_state == SendState.Paused)
            {
                _fences.Keep(waiter);
            }
            else
            {
                _fences.Append(_link!, waiter);
            }
            wake = TakeWake();
        }
        wake?.RunInline();
    }

    /// <summary>Sends what is batched now: no more messages follow.</summary>
    public void FlushBatched()
    {
        using var _ = _gate.Enter();
        if (_bytes.Filled > 0)
        {
            WakeWriter();
        }
    }

    /// <summary>Starts to send over a link: first the subscriptions, then what was kept.</summary>
    /// <returns>How many kept messages this server does not take; they are dropped.</returns>
    public LeftOut Attach(Link link, ReadOnlySpan<byte> subscriptions)
    {
        using var _ = _gate.Enter();
        var kept = _bytes.FilledBytes.ToArray();
        _bytes.Clear();
        _pongs.Clear();
        (_link, _limits) = (link, ServerLimits.Of(link));
        Interlocked.Exchange(ref _epoch, ++_links);
        _fences.CancelPause();
        _fences.Restart();
        Enter(SendState.Flowing);
        _bytes.Append(subscriptions);
        var leftOut = KeptMessages.Append(kept, _trackedReplies, _limits, _bytes);
        Ledger.LeaveOut(leftOut.Count);
        _fences.AppendKept(link);
        WakeWriter();
        Room.Release();
        return leftOut;
    }

    /// <summary>Stops sending over a link. Messages that the network did not take whole are kept.</summary>
    /// <param name="link">The link, closed.</param>
    /// <param name="taken">Bytes of the last write that the network took, or may have taken.</param>
    public void Detach(Link link, int taken)
    {
        using var _ = _gate.Enter();
        if (_link != link)
        {
            return;
        }
        Ledger.Break(KeptMessages.Keep(_bytes, _trackedReplies, taken));
        _fences.Fail();
        _link = null;
        Interlocked.Exchange(ref _epoch, 0);
        Enter(SendState.Detached);
        WakeIdle();
    }

    /// <summary>
    /// Sends what is there, these operations and a PING, and keeps what follows, in order, for another link:
    /// <see cref="Attach"/> or <see cref="Resume"/> ends the pause.
    /// </summary>
    /// <exception cref="NasException">NotConnected, ConnectionClosed.</exception>
    public void Pause(Link link, TaskCompletionSource<TimeSpan> fence, ReadOnlySpan<byte> operations)
    {
        using var _ = _gate.Enter();
        ThrowIfNotAttached();
        if (_link != link)
        {
            throw NotConnected();
        }
        _bytes.Append(operations);
        Enter(SendState.Pausing);
        _fences.BeginPause(fence);
        WakeWriter();
    }

    /// <summary>Ends a pause: everything goes over the link that is attached still.</summary>
    public void Resume()
    {
        using var _ = _gate.Enter();
        if (_state is not (SendState.Pausing or SendState.Paused))
        {
            return;
        }
        Enter(SendState.Flowing);
        _fences.CancelPause();
        _fences.AppendKept(_link!);
        WakeWriter();
    }

    /// <summary>Refuses every publish from now on. What was accepted before is still sent.</summary>
    public void Refuse(NasException reason)
    {
        using var _ = _gate.Enter();
        _refusal ??= reason;
        Room.Release();
    }

    /// <summary>Takes and sends nothing more. Publishers that wait for room are told.</summary>
    public void Close(NasException reason)
    {
        using var _ = _gate.Enter();
        _refusal ??= reason;
        Enter(SendState.Closed);
        _fences.Fail();
        _timing.Dispose();
        WakeIdle();
    }

    /// <summary>Gives the write loop everything that is due; nothing, when the loop is to end.</summary>
    /// <param name="link">Whose write loop asks.</param>
    /// <param name="ranInline">Its last turn ran on a caller's thread, which is free now: for more it waits for one of
    /// the pool.</param>
    /// <param name="bytes">What to send.</param>
    /// <param name="wait">Ends when the loop is to ask again.</param>
    /// <returns>False when it is to wait.</returns>
    public bool TryTake(Link link, bool ranInline, out ArraySegment<byte> bytes, out ValueTask wait)
    {
        (bytes, wait) = (default, default);
        using var _ = _gate.Enter();
        if (_link != link || _state == SendState.Closed || link.Ended.IsCompleted)
        {
            return true;
        }
        var hasWork =
            _state == SendState.Pausing || (_state == SendState.Flowing && _bytes.Filled > 0 && _timing.IsDue);
        if (!hasWork || ranInline)
        {
            wait = link.WriteSignal.WaitAsync();
            if (hasWork)
            {
                link.WriteSignal.Queue();
            }
            else
            {
                _idle = link.WriteSignal;
            }
            return false;
        }
        if (_state == SendState.Pausing)
        {
            _fences.AppendPause(link);
            Enter(SendState.Paused);
        }
        else if (_fences.IsConfirmDue)
        {
            _fences.Append(link, null);
        }
        bytes = _bytes.Swap();
        _pongs.Clear();
        _timing.MarkTaken();
        Room.Release();
        return true;
    }

    /// <summary>The network took all of what <see cref="TryTake"/> gave.</summary>
    public void MarkSent(Link link)
    {
        using var _ = _gate.Enter();
        if (_link == link)
        {
            _bytes.MarkSent();
        }
    }

    /// <summary>Makes the write loop look whether its link still lives.</summary>
    public void Nudge()
    {
        using var _ = _gate.Enter();
        WakeIdle();
    }

    // The members below run under the lock.

    private void Enter(SendState next)
    {
        if (_state != SendState.Closed)
        {
            _state = next;
        }
    }

    private void ThrowIfNotAttached()
    {
        if (_state == SendState.Closed)
        {
            throw _refusal!;
        }
        if (_link is null)
        {
            throw NotConnected();
        }
    }

    private static NasException NotConnected() =>
        new(NasError.NotConnected, "The connection is broken; the session is reconnecting.");

    private bool MayHaveRoom(int need) =>
        _refusal is not null || _link is null || _bytes.Filled == 0 || _bytes.Filled + need <= _options.SendBufferBytes;

    private bool HasRoom(int need)
    {
        if (_refusal is not null)
        {
            throw _refusal;
        }
        if (_link is null && _bytes.Filled + need > _options.ReconnectBufferBytes)
        {
            throw RoomWaiters.Full("is full while the connection is broken");
        }
        return MayHaveRoom(need);
    }

    /// <summary>What is buffered is due.</summary>
    /// <returns>The signal of a write loop that waits and has something to do now.</returns>
    private WriteSignal? TakeWake()
    {
        _timing.MarkDue();
        if (_idle is null || _state is not (SendState.Flowing or SendState.Pausing))
        {
            return null;
        }
        var wake = _idle;
        _idle = null;
        return wake;
    }

    private void WakeWriter() => TakeWake()?.Queue();

    /// <summary>Lets the write loop look, whatever it has to do.</summary>
    private void WakeIdle()
    {
        _idle?.Queue();
        _idle = null;
        Room.Release();
    }

    private void OnTick()
    {
        using var _ = _gate.Enter();
        if (_state == SendState.Closed)
        {
            return;
        }
        if (_bytes.Filled == 0 || _link is null)
        {
            _timing.StopBatching();
            return;
        }
        WakeWriter();
    }
}

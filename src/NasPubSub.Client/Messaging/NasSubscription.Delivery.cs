using NasPubSub.Messaging;

namespace NasPubSub;

/// <summary>The bounded buffer between the read loop, which fills it, and the handler or readers.</summary>
public sealed partial class NasSubscription
{
    private readonly object _gate = new();
    private TaskCompletionSource<bool>? _completion;
    private NasMessage?[] _ring = [];
    private int _head, _count;
    private long _bytes;
    private long _dropped;
    private bool _isSlow;
    private bool _ended, _discarded, _completed;
    private bool _pumping;
    private HandlerPump? _pump;
    private int _blocked;
    private NasMessage? _overflow;
    private TaskCompletionSource<bool>? _room;
    private TaskCompletionSource<bool>? _arrival;

    /// <summary>Messages that wait to be handled or read.</summary>
    public int PendingMessages
    {
        get { lock (_gate) return _count; }
    }

    /// <summary>Payload and header bytes that wait to be handled or read.</summary>
    public long PendingBytes
    {
        get { lock (_gate) return _bytes; }
    }

    /// <summary>Messages dropped since the buffer was full.</summary>
    public long Dropped => Interlocked.Read(ref _dropped);

    /// <summary>False once unsubscribed, at its maximum, denied, or the connection closed. What is buffered may still be read.</summary>
    public bool IsActive
    {
        get { lock (_gate) return !_ended; }
    }

    /// <summary>Has it ended, and is everything read?</summary>
    public bool IsCompleted
    {
        get { lock (_gate) return _ended && _count == 0; }
    }

    /// <summary>Ends when the subscription has, and every message was handled or read.</summary>
    public Task WaitCompletedAsync(CancellationToken cancel = default)
    {
        lock (_gate)
        {
            _completion ??= new(TaskCreationOptions.RunContinuationsAsynchronously);
            if (_completed) _completion.TrySetResult(true);
            return _completion.Task.WaitAsync(cancel);
        }
    }

    /// <summary>Takes messages in, without telling anyone yet: <see cref="Announce"/> does. Read loop only.</summary>
    /// <returns>Was the last of the maximum among them?</returns>
    internal bool Deliver(ReadOnlySpan<NasMessage> messages)
    {
        bool last = false, becameSlow;
        lock (_gate)
        {
            var wasSlow = _isSlow;
            foreach (var message in messages)
            {
                if (_ended || (_max > 0 && _received >= _max)) break;
                last = ++_received == _max;
                var size = message.Size;
                if (IsFull(size) ? MakeRoom(size) : _overflow is null) Put(message, size);
                else if (Limits.Overflow == NasOverflow.Wait && !_isSlow) SetAside(message);
                else Drop();
            }
            becameSlow = _isSlow && !wasSlow;
        }
        if (becameSlow) Connection.OnSlow(this);
        return last;
    }

    /// <summary>Wakes whoever waits for messages: a reader, or the handler's pump.</summary>
    internal void Announce()
    {
        bool startPump;
        TaskCompletionSource<bool>? arrival;
        lock (_gate)
        {
            if (_count == 0) return;
            if (_blocked > 0) Monitor.PulseAll(_gate);
            (arrival, _arrival) = (_arrival, null);
            startPump = _handler is not null && !_pumping;
            if (startPump) _pumping = true;
        }
        arrival?.TrySetResult(true);
        if (startPump) (_pump ??= new HandlerPump(this)).Queue();
    }

    /// <summary>No more messages come.</summary>
    internal void End(Exception? error, bool discard)
    {
        TaskCompletionSource<bool>? arrival;
        var empty = false;
        lock (_gate)
        {
            if (error is not null) Error ??= error;
            _ended = true;
            if (_overflow is { } waiting) Put(waiting, waiting.Size);
            _overflow = null;
            _room?.TrySetResult(true);
            if (discard)
            {
                _discarded = true;
                _ring = [];
                _count = 0;
                _bytes = 0;
            }
            empty = _count == 0 && !_pumping;
            (arrival, _arrival) = (_arrival, null);
            Monitor.PulseAll(_gate);
        }
        arrival?.TrySetResult(true);
        if (empty) Complete();
    }

    /// <summary>Takes back the last ones that came, where they are more than the maximum set now. They count as delivered.</summary>
    internal void DropBeyond(long max)
    {
        lock (_gate)
        {
            var excess = Delivered - max;
            if (excess > 0 && _overflow is not null)
            {
                excess--;
                _overflow = null;
            }
            for (; excess > 0 && _count > 0; excess--)
            {
                ref var last = ref _ring[(_head + --_count) & (_ring.Length - 1)];
                _bytes -= last!.Size;
                last = null;
            }
        }
    }

    private bool IsFull(int size) => _count > 0 && (_count >= Limits.MaxPendingMessages || _bytes + size > Limits.MaxPendingBytes);

    /// <summary>Drops old messages where the policy says so.</summary>
    /// <returns>Does it fit now?</returns>
    private bool MakeRoom(int size)
    {
        while (Limits.Overflow == NasOverflow.DropOld && IsFull(size))
        {
            Take();
            Drop();
        }
        return !IsFull(size);
    }

    private void Drop()
    {
        Interlocked.Increment(ref _dropped);
        Connection.OnDropped();
        _isSlow = true;
    }

    /// <summary>Keeps the one message that finds no room; the read loop waits until it has some. Under the lock.</summary>
    private void SetAside(NasMessage message)
    {
        // While the client moves to another server, what was held back comes in one piece: in doubt it is delivered.
        if (_overflow is { } earlier) Put(earlier, earlier.Size);
        _overflow = message;
        _room = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }

    /// <summary>Is a message set aside? Read loop only.</summary>
    internal bool LacksRoom => _overflow is not null;

    /// <summary>Ends when the message set aside has room, or has waited too long and is dropped; null where there is none.</summary>
    internal Task? WaitForRoom()
    {
        lock (_gate) return _overflow is null ? null : WaitForRoomAsync(_room!.Task);
    }

    private async Task WaitForRoomAsync(Task room)
    {
        try
        {
            await room.WaitAsync(Deadline.ForTimer(Limits.MaxWait)).ConfigureAwait(false);
            return;
        }
        catch (TimeoutException)
        {
            lock (_gate)
            {
                if (_overflow is null) return;
                _overflow = null;
                Drop();
            }
        }
        Connection.OnSlow(this);
    }

    private void Put(NasMessage message, int size)
    {
        if (_count == _ring.Length)
        {
            var larger = new NasMessage?[Math.Max(4, _ring.Length * 2)];
            for (var i = 0; i < _count; i++) larger[i] = _ring[(_head + i) & (_ring.Length - 1)];
            (_ring, _head) = (larger, 0);
        }
        _ring[(_head + _count++) & (_ring.Length - 1)] = message;
        _bytes += size;
    }

    private NasMessage Take()
    {
        var message = _ring[_head]!;
        _ring[_head] = null;
        _head = (_head + 1) & (_ring.Length - 1);
        _bytes -= message.Size;
        if (--_count <= Limits.MaxPendingMessages / 2 && _bytes <= Limits.MaxPendingBytes / 2) _isSlow = false;
        if (_overflow is { } waiting && !IsFull(waiting.Size))
        {
            _overflow = null;
            Put(waiting, waiting.Size);
            _room!.TrySetResult(true);
        }
        return message;
    }

    /// <summary>Takes up to so many as fit. Under the lock.</summary>
    private int TakeMany(Span<NasMessage> to)
    {
        var taken = Math.Min(to.Length, _count);
        for (var i = 0; i < taken; i++) to[i] = Take();
        if (_ended && _count == 0 && !_pumping) Complete();
        return taken;
    }

    private void Complete()
    {
        lock (_gate)
        {
            _completed = true;
            _completion?.TrySetResult(true);
        }
    }
}

using NasPubSub.Threading;

namespace NasPubSub.Messaging;

/// <summary>
/// The bounded buffer of one subscription: the read loop fills it, the handler or the readers empty it. It is its own
/// lock, one object less for each subscription. Thread-safe.
/// </summary>
/// <param name="subscription">The owner of the messages.</param>
/// <param name="limits">How much it holds, and what happens when it is full.</param>
/// <param name="max">Messages after which no more are taken; 0 for no maximum.</param>
internal sealed class MessageBuffer(NasSubscription subscription, NasSubscriptionOptions limits, long max)
    : Gate(LockLevel.MessageBuffer)
{
    private MessageRing _ring;
    private int _blockedReaders;
    private long _dropped,
        _max = max,
        _received;
    private bool _isSlow,
        _isEnded,
        _isCompleted,
        _isHandling;
    private NasMessage? _overflow;
    private TaskCompletionSource<bool>? _room,
        _arrival,
        _completion;

    public NasSubscriptionOptions Limits => limits;

    /// <summary>Messages that wait.</summary>
    public int Count
    {
        get
        {
            using var _ = Enter();
            return _ring.Count;
        }
    }

    /// <summary>Bytes of their payloads and headers.</summary>
    public long Bytes
    {
        get
        {
            using var _ = Enter();
            return _ring.Bytes;
        }
    }

    /// <summary>Messages received, including dropped ones.</summary>
    public long Received => Interlocked.Read(ref _received);

    /// <summary>Messages dropped because the buffer was full.</summary>
    public long Dropped => Interlocked.Read(ref _dropped);

    /// <summary>Messages after which no more are taken; 0 for no maximum.</summary>
    public long Max
    {
        get => Interlocked.Read(ref _max);
        set => Interlocked.Exchange(ref _max, value);
    }

    /// <summary>Are no more messages taken?</summary>
    public bool IsEnded
    {
        get
        {
            using var _ = Enter();
            return _isEnded;
        }
    }

    /// <summary>Has it ended, and was everything handed out?</summary>
    public bool IsEmptied
    {
        get
        {
            using var _ = Enter();
            return _isEnded && _ring.Count == 0;
        }
    }

    /// <summary>Were the waiting messages discarded? Then a handler gets no more of them.</summary>
    public bool IsDiscarded { get; private set; }

    /// <summary>Completed when the buffer has ended and everything was handled or read.</summary>
    public Task WaitCompletedAsync(CancellationToken cancel)
    {
        using var _ = Enter();
        _completion ??= new(TaskCreationOptions.RunContinuationsAsynchronously);
        if (_isCompleted)
        {
            _completion.TrySetResult(true);
        }
        return _completion.Task.WaitAsync(cancel);
    }

    /// <summary>Takes messages in. Nobody is woken yet: the result says whom to wake. Read loop only.</summary>
    /// <param name="messages">The messages.</param>
    /// <param name="hasHandler">Does a handler take them? It is to be started when the result says so.</param>
    public Delivery Add(ReadOnlySpan<NasMessage> messages, bool hasHandler)
    {
        using var _ = Enter();
        var wasSlow = _isSlow;
        var delivery = Delivery.None;
        foreach (var message in messages)
        {
            if (_isEnded || (_max > 0 && _received >= _max))
            {
                break;
            }

            delivery |= ++_received == _max ? Delivery.ReachedMax : Delivery.None;
            AddOne(message);
        }

        if (hasHandler)
        {
            delivery |= _isHandling || _ring.Count == 0 ? Delivery.None : Delivery.StartHandler;
            _isHandling |= _ring.Count > 0;
        }
        else if (_blockedReaders > 0 || _arrival is not null)
        {
            delivery |= Delivery.WakeReader;
        }

        delivery |= _isSlow && !wasSlow ? Delivery.BecameSlow : Delivery.None;
        return delivery | (_overflow is not null ? Delivery.LacksRoom : Delivery.None);
    }

    /// <summary>Wakes whoever waits to read.</summary>
    public void WakeReaders()
    {
        TaskCompletionSource<bool>? arrival;
        using (Enter())
        {
            if (_ring.Count == 0)
            {
                return;
            }

            if (_blockedReaders > 0)
            {
                PulseAll();
            }

            (arrival, _arrival) = (_arrival, null);
        }

        arrival?.TrySetResult(true);
    }

    /// <summary>No more messages come.</summary>
    /// <param name="discard">Discards the messages that wait.</param>
    public void End(bool discard)
    {
        TaskCompletionSource<bool>? arrival;
        using (Enter())
        {
            _isEnded = true;
            TakeOverflow();
            if (discard)
            {
                IsDiscarded = true;
                _ring = default;
            }
            CompleteIfDone();
            (arrival, _arrival) = (_arrival, null);
            PulseAll();
        }
        arrival?.TrySetResult(true);
    }

    /// <summary>Drops the last messages beyond a maximum set now. They count as received.</summary>
    public void DropBeyond(long max)
    {
        using var _ = Enter();
        var excess = _received - max;
        if (excess > 0 && _overflow is not null)
        {
            excess--;
            _overflow = null;
        }
        for (; excess > 0 && _ring.Count > 0; excess--)
        {
            _ring.RemoveLast();
        }
    }

    /// <summary>Takes the available messages, without waiting.</summary>
    /// <param name="to">Receives the messages, up to its length.</param>
    /// <param name="isEnded">Do no more come?</param>
    public int Take(Span<NasMessage> to, out bool isEnded)
    {
        using var _ = Enter();
        isEnded = _isEnded;
        return TakeMany(to);
    }

    /// <summary>Blocks until there is a message, the end, or the time is over.</summary>
    /// <returns>How many messages were taken.</returns>
    public int BlockAndTake(Span<NasMessage> to, Deadline deadline, CancellationToken cancel)
    {
        using var _ = Enter();
        while (_ring.Count == 0 && !_isEnded)
        {
            cancel.ThrowIfCancellationRequested();
            if (deadline.IsPast)
            {
                return 0;
            }
            _blockedReaders++;
            Wait(deadline.Left);
            _blockedReaders--;
        }
        return TakeMany(to);
    }

    /// <summary>Takes one message.</summary>
    /// <param name="message">The message; null at the end.</param>
    /// <returns>False when there is none yet.</returns>
    public bool TryTakeOne(out NasMessage? message)
    {
        using var _ = Enter();
        message = null;
        if (_ring.Count > 0)
        {
            message = TakeOne();
            CompleteIfDone();
            return true;
        }
        return _isEnded;
    }

    /// <summary>Makes blocked readers check their cancellation.</summary>
    public void Interrupt()
    {
        using var _ = Enter();
        PulseAll();
    }

    /// <summary>Completed when there may be a message or the end; null where there is one already.</summary>
    public Task? WaitForArrival()
    {
        using var _ = Enter();
        return _ring.Count > 0 || _isEnded
            ? null
            : (_arrival ??= new(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
    }

    /// <summary>Takes one message for the handler.</summary>
    /// <param name="hasMore">Are there more? The other overload takes many at once.</param>
    /// <returns>Null when the handler is to stop, until it is started again.</returns>
    public NasMessage? TakeForHandler(out bool hasMore)
    {
        using var _ = Enter();
        if (_ring.Count > 0)
        {
            var message = TakeOne();
            hasMore = _ring.Count > 0;
            return message;
        }

        hasMore = false;
        _isHandling = false;
        CompleteIfDone();
        return null;
    }

    /// <returns>Messages taken for the handler. With 0 it stops until it is started again.</returns>
    public int TakeForHandler(Span<NasMessage> to)
    {
        using var _ = Enter();
        var taken = TakeMany(to);
        if (taken == 0)
        {
            _isHandling = false;
            CompleteIfDone();
        }
        return taken;
    }

    /// <summary>
    /// Completed when the message that waits for room has some, or has waited too long and is dropped; null where none
    /// waits.
    /// </summary>
    public Task? WaitForRoomAsync()
    {
        using var _ = Enter();
        return _overflow is null ? null : DropLaterAsync(_room!.Task);
    }

    private async Task DropLaterAsync(Task room)
    {
        try
        {
            await room.WaitAsync(Deadline.ForTimer(limits.MaxWait)).ConfigureAwait(false);
            return;
        }
        catch (TimeoutException)
        {
            using var _ = Enter();
            if (_overflow is null)
            {
                return;
            }
            _overflow = null;
            Drop();
        }
        subscription.ReportSlow();
    }

    // The members below run under the lock.

    private void AddOne(NasMessage message)
    {
        if (IsFull(message.Size) ? DropOldFor(message.Size) : _overflow is null)
        {
            _ring.Add(message);
        }
        else if (limits.Overflow == NasOverflow.Wait && !_isSlow)
        {
            // A migration delivers all messages that it kept at once: they are taken.
            TakeOverflow();
            _overflow = message;
            _room = new(TaskCreationOptions.RunContinuationsAsynchronously);
        }
        else
        {
            Drop();
        }
    }

    private bool IsFull(int size) =>
        _ring.Count > 0 && (_ring.Count >= limits.MaxPendingMessages || _ring.Bytes + size > limits.MaxPendingBytes);

    /// <returns>Is there room now?</returns>
    private bool DropOldFor(int size)
    {
        while (limits.Overflow == NasOverflow.DropOld && IsFull(size))
        {
            TakeOne();
            Drop();
        }
        return !IsFull(size);
    }

    private void Drop()
    {
        Interlocked.Increment(ref _dropped);
        subscription.CountDropped();
        _isSlow = true;
    }

    private void TakeOverflow()
    {
        if (_overflow is { } waiting)
        {
            _overflow = null;
            _ring.Add(waiting);
            _room!.TrySetResult(true);
        }
    }

    private NasMessage TakeOne()
    {
        var message = _ring.TakeFirst();
        if (_isSlow)
        {
            _isSlow = _ring.Count > limits.MaxPendingMessages / 2 || _ring.Bytes > limits.MaxPendingBytes / 2;
        }
        if (_overflow is { } waiting && !IsFull(waiting.Size))
        {
            TakeOverflow();
        }
        return message;
    }

    private int TakeMany(Span<NasMessage> to)
    {
        var taken = 0;
        while (taken < to.Length && _ring.Count > 0)
        {
            to[taken++] = TakeOne();
        }
        CompleteIfDone();
        return taken;
    }

    private void CompleteIfDone()
    {
        if (_isEnded && _ring.Count == 0 && !_isHandling)
        {
            _isCompleted = true;
            _completion?.TrySetResult(true);
        }
    }
}

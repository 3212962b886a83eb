using NasPubSub.Protocol;

namespace NasPubSub.Connection;

/// <summary>The write loop's side, and what becomes of the buffer when its connection changes.</summary>
internal sealed partial class Outbox
{
    /// <summary>Gives the write loop the whole buffer; nothing when the loop is to end.</summary>
    /// <param name="link">Whose write loop asks.</param>
    /// <param name="isLent">It runs on a thread lent for one turn, which is over: for more it is to wait for a thread of the pool.</param>
    /// <param name="bytes">What to send.</param>
    /// <param name="wait">Ends when the loop should ask again.</param>
    /// <returns>False when it is to wait.</returns>
    public bool TryTake(Link link, bool isLent, out ArraySegment<byte> bytes, out ValueTask wait)
    {
        (bytes, wait) = (default, default);
        lock (_gate)
        {
            if (_link != link || link.Ended.IsCompleted) return true;
            var isEmpty = (_filled == 0 || _held || !_isDue) && _holdFence is null;
            if (isEmpty || isLent)
            {
                wait = link.WriteSignal.WaitAsync();
                if (isEmpty) _idle = link.WriteSignal;
                else link.WriteSignal.Queue();
                return false;
            }
            if (_holdFence is not null) HoldHere();
            else if (_published > (_lastFence?.Published ?? _confirmed) && (_lastFence is null || _lastFence.Age > ConfirmEvery)) AppendFence(null);
            (_filling, _sending) = (_sending, _filling);
            Trim(ref _filling);
            (_sendingCount, _filled, _pongs, _isDue) = (_filled, 0, 0, false);
            FreeRoom();
            bytes = new ArraySegment<byte>(_sending, 0, _sendingCount);
            return true;
        }
    }

    /// <summary>Makes the write loop look again whether its link still lives.</summary>
    public void Nudge()
    {
        WriteSignal? wake;
        lock (_gate) (wake, _idle) = (_idle, null);
        wake?.Queue();
    }

    /// <summary>The network took the whole of what NextAsync gave.</summary>
    public void Sent(Link link)
    {
        lock (_gate) if (_link == link) _sendingCount = 0;
    }

    /// <summary>Starts sending over a connection: first the subscriptions, then what was kept.</summary>
    /// <returns>Messages kept that this server does not take, left out: those over its max_payload, and those with headers where it has none.</returns>
    public (int TooLarge, int WithHeaders) Attach(Link link, ReadOnlySpan<byte> subscriptions)
    {
        WriteSignal? wake;
        int tooLarge = 0, withHeaders = 0;
        lock (_gate)
        {
            var kept = _filling.AsSpan(0, _filled).ToArray();
            _filled = _pongs = 0;
            _link = link;
            _lastFence = null;
            _held = false;
            Append(subscriptions);
            _maxPayload = link.Info.MaxPayload;
            _headerless = link.Info.Headers ? null : link.Address;
            for (var at = 0; at < kept.Length;)
            {
                var (length, isPublish, size) = ClientLines.Measure(kept.AsSpan(at));
                var operation = kept.AsSpan(at, length);
                at += length;
                if (!isPublish) continue;
                if (_headerless is not null && operation[0] == 'H')
                {
                    if (ClientLines.WithoutHeaders(operation) is not { } plain)
                    {
                        withHeaders++;
                        continue;
                    }
                    operation = plain;
                    (_, _, size) = ClientLines.Measure(plain);
                }
                if (size > _maxPayload) tooLarge++;
                else Append(operation);
            }
            var leftOut = tooLarge + withHeaders;
            _leftOut += leftOut;
            // They count as lost here and now, and not once more when this connection breaks.
            _unconfirmed += leftOut;
            _confirmed += leftOut;
            ReleaseFences();
            wake = TakeWake();
            FreeRoom();
        }
        wake?.Queue();
        return (tooLarge, withHeaders);
    }

    /// <summary>
    /// Stops sending. What the network did not take whole is kept for the next connection: publishes only, in order, from
    /// the first that was not taken to its last byte.
    /// </summary>
    public void Detach(Link link, int taken)
    {
        lock (_gate)
        {
            if (_link != link) return;
            _link = null;
            var kept = new List<byte[]>();
            var bytes = Keep(_sending.AsSpan(0, _sendingCount), taken, kept) + Keep(_filling.AsSpan(0, _filled), 0, kept);
            _sendingCount = _filled = 0;
            foreach (var message in kept) Append(message);
            var handed = _published - kept.Count;
            if (handed > _confirmed) _unconfirmed += handed - _confirmed;
            _confirmed = handed;
            _lastFence = null;
            _held = false;
            foreach (var fence in _heldFences) fence.Fail(Lost());
            _heldFences.Clear();
            _holdFence?.Fail(Lost());
            _holdFence = null;
            _idle?.Queue();
            _idle = null;
            FreeRoom();
        }
    }

    /// <summary>
    /// Sends what is there, these operations and a PING behind it, and holds back what comes after, so that it can go over another
    /// connection in order: <see cref="Attach"/> or <see cref="Release"/> ends that.
    /// </summary>
    public void Hold(TaskCompletionSource<TimeSpan> fence, ReadOnlySpan<byte> operations)
    {
        WriteSignal? wake;
        lock (_gate)
        {
            if (_link is null) throw new NasException(NasError.NotConnected, "The connection is broken; another is being made.");
            Append(operations);
            _holdFence = fence;
            wake = TakeWake();
        }
        wake?.Queue();
    }

    public void Release()
    {
        WriteSignal? wake;
        lock (_gate)
        {
            _held = false;
            _holdFence = null;
            if (_link is not null) ReleaseFences();
            wake = TakeWake();
        }
        wake?.Queue();
    }

    /// <summary>Takes no more messages; waiting publishers get the error. What is there can still be sent and flushed.</summary>
    public void Refuse(NasException reason)
    {
        lock (_gate)
        {
            _refused ??= reason;
            FreeRoom();
        }
    }

    /// <summary>Takes nothing more; waiting publishers get the error.</summary>
    public void Close(NasException reason)
    {
        lock (_gate)
        {
            _closed = _refused = reason;
            _gathering?.Dispose();
            _idle?.Queue();
            _idle = null;
            FreeRoom();
        }
    }

    private static int Keep(ReadOnlySpan<byte> operations, int taken, List<byte[]> kept)
    {
        var bytes = 0;
        for (var at = 0; at < operations.Length;)
        {
            var (length, isPublish, _) = ClientLines.Measure(operations.Slice(at));
            if (isPublish && at + length > taken)
            {
                kept.Add(operations.Slice(at, length).ToArray());
                bytes += length;
            }
            at += length;
        }
        return bytes;
    }

    private void ReleaseFences()
    {
        foreach (var fence in _heldFences) AppendFence(fence);
        _heldFences.Clear();
    }

    private void HoldHere()
    {
        AppendFence(_holdFence);
        _holdFence = null;
        _held = true;
    }
}

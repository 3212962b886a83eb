using System.Text;
using NasPubSub.Messaging;
using NasPubSub.Protocol;

namespace NasPubSub.Connection;

/// <summary>
/// Bytes on their way to the server. Publishers write whole operations into one buffer under a short lock; the write loop
/// swaps it for the other and hands it to the network in one call. While no connection is attached the buffer keeps
/// what is published, up to a limit. Thread-safe.
/// </summary>
internal sealed class Outbox(NasOptions options)
{
    private const int InitialBytes = 32 * 1024, MostPongs = 1000;
    private static readonly TimeSpan ConfirmEvery = TimeSpan.FromMilliseconds(100);

    private readonly object _gate = new();
    private byte[] _filling = new byte[InitialBytes];
    private int _filled;
    private byte[] _sending = new byte[InitialBytes];
    private int _sendingCount;
    private Link? _link;
    private NasException? _closed;
    private bool _held;
    private TaskCompletionSource<TimeSpan>? _holdFence;
    private readonly List<TaskCompletionSource<TimeSpan>> _heldFences = [];
    private WriteSignal? _idle;
    private TaskCompletionSource<bool>? _room;
    private int _blocked, _pongs;
    private long _published, _publishedBytes, _confirmed, _unconfirmed;
    private Fence? _lastFence;
    private long _maxPayload = long.MaxValue;

    public long Published => Interlocked.Read(ref _published);
    public long PublishedBytes => Interlocked.Read(ref _publishedBytes);
    public long Unconfirmed => Interlocked.Read(ref _unconfirmed);

    /// <summary>Bytes published that the network has not taken.</summary>
    public int Pending
    {
        get { lock (_gate) return _filled + _sendingCount; }
    }

    /// <summary>Puts one message in the buffer, where there is room.</summary>
    /// <returns>0, or the room it needs: the caller waits for it and comes again.</returns>
    /// <exception cref="NasException">PayloadTooLarge, BufferFull (while disconnected), ConnectionClosed.</exception>
    public int TryPublish(PublishHead head, string? replyTopic, byte[]? headers, ReadOnlySpan<byte> payload, string? text, bool sendNow = false)
    {
        var size = (headers?.Length ?? 0) + (text is null ? payload.Length : Encoding.UTF8.GetByteCount(text));
        WriteSignal? wake;
        lock (_gate)
        {
            if (size > _maxPayload) throw TooLarge(head, size, _maxPayload);
            var start = headers is null ? head.Pub : head.HPub;
            var most = start.Length + (replyTopic is null ? 0 : Encoding.UTF8.GetMaxByteCount(replyTopic.Length) + 1) + 26 + size;
            if (!HasRoom(most)) return most;
            var to = _filling.AsSpan(_filled);
            start.CopyTo(to);
            var at = start.Length;
            if (replyTopic is not null)
            {
                at += Encoding.UTF8.GetBytes(replyTopic.AsSpan(), to.Slice(at));
                to[at++] = (byte)' ';
            }
            if (headers is not null)
            {
                at += ClientLines.WriteNumber(to.Slice(at), headers.Length);
                to[at++] = (byte)' ';
            }
            at += ClientLines.WriteNumber(to.Slice(at), size);
            to[at++] = (byte)'\r';
            to[at++] = (byte)'\n';
            if (headers is not null)
            {
                headers.CopyTo(to.Slice(at));
                at += headers.Length;
            }
            if (text is null)
            {
                payload.CopyTo(to.Slice(at));
                at += payload.Length;
            }
            else
            {
                at += Encoding.UTF8.GetBytes(text.AsSpan(), to.Slice(at));
            }
            to[at++] = (byte)'\r';
            to[at++] = (byte)'\n';
            _filled += at;
            _published++;
            _publishedBytes += size;
            wake = TakeWake();
        }
        if (sendNow) wake?.Lend();
        else wake?.Queue();
        return 0;
    }

    /// <summary>Writes operations other than publishes; while disconnected they are not kept: the next connection restores them.</summary>
    public void WriteControl(ReadOnlySpan<byte> operations)
    {
        WriteSignal? wake;
        lock (_gate)
        {
            if (_link is null) return;
            Append(operations);
            wake = TakeWake();
        }
        wake?.Queue();
    }

    /// <summary>Answers a PING. A server that sends them without end and takes no answers gets no more: they would pile up.</summary>
    public void WritePong()
    {
        lock (_gate) if (_pongs++ >= MostPongs) return;
        WriteControl(ClientLines.Pong);
    }

    /// <summary>Writes operations and a PING behind them.</summary>
    /// <exception cref="NasException">NotConnected, ConnectionClosed.</exception>
    public void WriteFence(ReadOnlySpan<byte> operations, TaskCompletionSource<TimeSpan>? waiter)
    {
        WriteSignal? wake;
        lock (_gate)
        {
            if (_closed is not null) throw _closed;
            if (_link is null) throw new NasException(NasError.NotConnected, "The connection is broken; another is being made.");
            Append(operations);
            AppendFence(waiter);
            wake = TakeWake();
        }
        wake?.Lend();
    }

    /// <summary>Blocks until there may be room.</summary>
    /// <exception cref="NasException">BufferFull: there was none in time.</exception>
    public void WaitForRoom(int need, DateTime deadline, CancellationToken cancel)
    {
        using var registration = cancel.Register(static gate => { lock (gate!) Monitor.PulseAll(gate!); }, _gate);
        lock (_gate)
        {
            cancel.ThrowIfCancellationRequested();
            if (IsFree(need)) return;
            var left = Deadline.Left(deadline);
            _blocked++;
            try
            {
                if (left == TimeSpan.Zero || !Monitor.Wait(_gate, left)) throw Full("did not empty in time");
            }
            finally
            {
                _blocked--;
            }
            cancel.ThrowIfCancellationRequested();
        }
    }

    /// <summary>Waits until there may be room, without a thread.</summary>
    /// <exception cref="NasException">BufferFull: there was none in time.</exception>
    public async Task WaitForRoomAsync(int need, DateTime deadline, CancellationToken cancel)
    {
        Task room;
        lock (_gate)
        {
            if (IsFree(need)) return;
            room = (_room ??= new(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
        }
        try
        {
            await room.WaitAsync(Deadline.Left(deadline), cancel).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            throw Full("did not empty in time");
        }
    }

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
            var isEmpty = (_filled == 0 || _held) && _holdFence is null;
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
            (_sendingCount, _filled, _pongs) = (_filled, 0, 0);
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

    /// <summary>INFO may come at any time.</summary>
    public void SetMaxPayload(long bytes)
    {
        lock (_gate) _maxPayload = bytes;
    }

    public void Confirm(Fence fence)
    {
        lock (_gate) if (fence.Published > _confirmed) _confirmed = fence.Published;
    }

    /// <summary>Starts sending over a connection: first the subscriptions, then what was kept.</summary>
    /// <returns>Messages kept that this server's max_payload forbids: they are left out.</returns>
    public int Attach(Link link, ReadOnlySpan<byte> subscriptions)
    {
        WriteSignal? wake;
        var refused = 0;
        lock (_gate)
        {
            var kept = _filling.AsSpan(0, _filled).ToArray();
            _filled = _pongs = 0;
            _link = link;
            _lastFence = null;
            _held = false;
            Append(subscriptions);
            _maxPayload = link.Info.MaxPayload;
            for (var at = 0; at < kept.Length;)
            {
                var (length, isPublish, size) = ClientLines.Measure(kept.AsSpan(at));
                if (size > _maxPayload) refused++;
                else if (isPublish) Append(kept.AsSpan(at, length));
                at += length;
            }
            ReleaseFences();
            wake = TakeWake();
            FreeRoom();
        }
        wake?.Queue();
        return refused;
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
            foreach (var fence in _heldFences) fence.TrySetException(Lost());
            _heldFences.Clear();
            _holdFence?.TrySetException(Lost());
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

    /// <summary>Nothing more is taken; waiting publishers are told.</summary>
    public void Close(NasException reason)
    {
        lock (_gate)
        {
            _closed = reason;
            _idle?.Queue();
            _idle = null;
            FreeRoom();
        }
    }

    private bool IsFree(int need) =>
        _closed is not null || _link is null || _filled == 0 || _filled + need <= options.SendBufferBytes;

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

    private bool HasRoom(int most)
    {
        if (_closed is not null) throw _closed;
        if (_link is null)
        {
            if (_filled + most > options.ReconnectBufferBytes) throw Full("is full while the connection is broken");
        }
        else if (_filled + most > options.SendBufferBytes && _filled > 0)
        {
            return false;
        }
        Reserve(most);
        return true;
    }

    private void Append(ReadOnlySpan<byte> bytes)
    {
        Reserve(bytes.Length);
        bytes.CopyTo(_filling.AsSpan(_filled));
        _filled += bytes.Length;
    }

    private void AppendFence(TaskCompletionSource<TimeSpan>? waiter)
    {
        if (_held)
        {
            // Behind all that is held back, on whatever link that goes.
            if (waiter is not null) _heldFences.Add(waiter);
            return;
        }
        Append(ClientLines.Ping);
        _link!.Expect(_lastFence = new Fence(waiter, _published));
    }

    private void ReleaseFences()
    {
        foreach (var fence in _heldFences) AppendFence(fence);
        _heldFences.Clear();
    }

    private static NasException Lost() => new(NasError.ConnectionLost, "The connection broke before the server answered.");

    private void HoldHere()
    {
        AppendFence(_holdFence);
        _holdFence = null;
        _held = true;
    }

    private void Reserve(int more)
    {
        if (_filling.Length - _filled >= more) return;
        Array.Resize(ref _filling, (int)Math.Min(int.MaxValue - 64, Math.Max((long)_filling.Length * 2, (long)_filled + more)));
    }

    /// <summary>A buffer grown for large messages goes when they are over: what is to be sent now would need far less.</summary>
    private void Trim(ref byte[] buffer)
    {
        if (buffer.Length > 2 * Math.Max(options.SendBufferBytes, InitialBytes) && _filled < buffer.Length / 4) buffer = new byte[InitialBytes];
    }

    /// <returns>The signal of a write loop that waits, and now has something to do.</returns>
    private WriteSignal? TakeWake()
    {
        if (_idle is null || _link is null || _held) return null;
        var wake = _idle;
        _idle = null;
        return wake;
    }

    private void FreeRoom()
    {
        if (_blocked > 0) Monitor.PulseAll(_gate);
        _room?.TrySetResult(true);
        _room = null;
    }

    private NasException Full(string why) => new(NasError.BufferFull, $"The buffer of messages to send {why}; nothing of this message was sent.");

    private static NasException TooLarge(PublishHead head, long size, long max) =>
        new(NasError.PayloadTooLarge, $"The message on '{head.Subject}' has {size:N0} bytes with its headers; the server takes {max:N0}.") { Target = head.Subject };
}

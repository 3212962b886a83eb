using System.Text;
using NasPubSub.Messaging;
using NasPubSub.Protocol;

namespace NasPubSub.Connection;

/// <summary>
/// Bytes on their way to the server. Publishers write whole operations into one buffer under a short lock; the write loop
/// swaps it for the other and hands it to the network in one call. While no connection is attached the buffer keeps
/// what is published, up to a limit. Thread-safe.
/// </summary>
internal sealed partial class Outbox(NasOptions options)
{
    private const int InitialBytes = 32 * 1024, MostPongs = 1000;
    private static readonly TimeSpan ConfirmEvery = TimeSpan.FromMilliseconds(100);

    private readonly object _gate = new();
    private byte[] _filling = new byte[InitialBytes];
    private int _filled;
    private byte[] _sending = new byte[InitialBytes];
    private int _sendingCount;
    private Link? _link;
    private NasException? _refused, _closed;
    private bool _held;
    private TaskCompletionSource<TimeSpan>? _holdFence;
    private readonly List<TaskCompletionSource<TimeSpan>> _heldFences = [];
    private WriteSignal? _idle;
    private TaskCompletionSource<bool>? _room;
    private int _blocked, _pongs;
    private long _published, _publishedBytes, _confirmed, _unconfirmed, _leftOut;
    private Fence? _lastFence;
    private long _maxPayload = long.MaxValue;
    private NasServerAddress? _headerless;

    public long Published => Interlocked.Read(ref _published);
    public long PublishedBytes => Interlocked.Read(ref _publishedBytes);
    public long Unconfirmed => Interlocked.Read(ref _unconfirmed);

    /// <summary>Messages kept that a later server did not take; they are in <see cref="Unconfirmed"/> as well.</summary>
    public long LeftOut => Interlocked.Read(ref _leftOut);

    /// <summary>Bytes published that the network has not taken.</summary>
    public int Pending
    {
        get { lock (_gate) return _filled + _sendingCount; }
    }

    /// <summary>Puts one message in the buffer, where there is room.</summary>
    /// <returns>0, or the room it needs: the caller waits for it and comes again.</returns>
    /// <exception cref="NasException">PayloadTooLarge, InvalidSubject, InvalidHeader, BufferFull (while disconnected), ConnectionClosed.</exception>
    public int TryPublish(PublishHead head, string? replyTopic, byte[]? headers, ReadOnlySpan<byte> payload, string? text, Haste haste = Haste.Soon)
    {
        var size = (headers?.Length ?? 0) + (text is null ? payload.Length : Encoding.UTF8.GetByteCount(text));
        WriteSignal? wake;
        lock (_gate)
        {
            if (headers is not null && _headerless is not null)
            {
                if (!Headerless.TryMake(headers, size == headers.Length, out var other)) throw Headerless.Refused(_headerless.ToString());
                size -= headers.Length;
                headers = null;
                if (other is not null)
                {
                    payload = other;
                    size = other.Length;
                    text = null;
                }
            }
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
                if (at > ClientLines.MostOfPublish) throw ClientLines.TooLong(head.Subject, "subject with its namespace and reply subject");
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
            wake = haste == Haste.Together && Gathers() ? null : TakeWake();
        }
        if (haste == Haste.Now) wake?.Lend();
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

    /// <summary>INFO may come at any time.</summary>
    public void SetMaxPayload(long bytes)
    {
        lock (_gate) _maxPayload = bytes;
    }

    public void Confirm(Fence fence)
    {
        lock (_gate) if (fence.Published > _confirmed) _confirmed = fence.Published;
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

    private static NasException Lost() => new(NasError.ConnectionLost, "The connection broke before the server answered.");

    /// <summary>What is there is to leave now.</summary>
    /// <returns>The signal of a write loop that waits, and now has something to do.</returns>
    private WriteSignal? TakeWake()
    {
        _isDue = true;
        if (_idle is null || _link is null || _held) return null;
        var wake = _idle;
        _idle = null;
        return wake;
    }
}

using NasPubSub.Protocol;
using NasPubSub.Transport;

namespace NasPubSub.Connection;

/// <summary>Takes what a link reads. Called on the link's read loop: no user code, no waiting.</summary>
internal interface ILinkHandler
{
    void OnOperation(Link link, ref ServerOperation operation, long utcTicks);

    /// <summary>All that one read brought has been handled.</summary>
    void OnReadEnd(Link link);
}

/// <summary>
/// One connection to one server, from handshake to end, with a parser and two loops of its own. It is never used again:
/// a reconnect makes another.
/// </summary>
internal sealed class Link : IDisposable
{
    private const int InitialBytes = 64 * 1024, MostKept = 8 * InitialBytes, MostBytes = 0x7FFFFFC7;

    private readonly ByteTransport _transport;
    private readonly Parser _parser;
    private readonly Queue<Fence> _fences = new();
    private readonly TaskCompletionSource<NasException> _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TimeSpan _opened = MonotonicClock.Now;
    private Outbox? _outbox;
    private readonly TaskCompletionSource<bool> _abandoned = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly NasOptions _options;
    private NasServerInfo _info;
    private bool _isClosed;
    private volatile Task? _pause;
    private PoolWork? _work;
    private byte[] _buffer;
    private int _start, _end;
    private Task _reading = Task.CompletedTask, _writing = Task.CompletedTask;

    public Link(ByteTransport transport, NasServerAddress address, NasServerInfo info, byte[] rest, NasOptions options)
    {
        _transport = transport;
        _parser = new Parser(options.IncomingBytes(info.MaxPayload));
        _options = options;
        Address = address;
        _info = info;
        _buffer = new byte[Math.Max(InitialBytes, rest.Length)];
        rest.CopyTo(_buffer, 0);
        _end = rest.Length;
    }

    public NasServerAddress Address { get; }

    /// <summary>What the server last said of itself. Set by the read loop only.</summary>
    public NasServerInfo Info
    {
        get => _info;
        set
        {
            _info = value;
            _parser.Accept(_options.IncomingBytes(value.MaxPayload));
        }
    }

    public bool IsTls => _transport.IsTls;
    public TimeSpan? RoundTrip { get; set; }

    /// <summary>Whose the last message was: read loop only.</summary>
    public NasSubscription? LastSubscription { get; set; }
    public MessageOrigin? LastOrigin { get; set; }
    public Deliveries? Deliveries { get; set; }

    /// <summary>What its write loop waits on.</summary>
    public WriteSignal WriteSignal { get; } = new();

    /// <summary>Set while the client moves from this link, or to it.</summary>
    public volatile Overlap? Overlap;

    /// <summary>Is it the one moved to?</summary>
    public bool IsNew { get; set; }

    /// <summary>Were its subscriptions ended, since another link has them?</summary>
    public bool HasLeft { get; set; }

    /// <summary>Does the user want it replaced?</summary>
    public bool IsLeft { get; set; }

    public TimeSpan Age => MonotonicClock.Now - _opened;

    /// <summary>Pings of the keep-alive without answer.</summary>
    public int PingsOut { get; set; }

    /// <summary>The last error the server told, which is why it will close.</summary>
    public NasException? ServerError { get; set; }

    /// <summary>Ends, with the reason, once the connection is of no more use.</summary>
    public Task<NasException> Ended => _ended.Task;

    /// <summary>Bytes of the last buffer that the network took, or may have taken; good once <see cref="CloseAsync"/> is done.</summary>
    public int Taken { get; private set; }

    public void Start(ILinkHandler handler) => _reading = ReadAsync(handler);

    public void StartWriting(Outbox outbox)
    {
        _outbox = outbox;
        _writing = WriteAsync(outbox);
    }

    /// <summary>Does it read nothing for now?</summary>
    public bool IsPaused => _pause is not null;

    /// <summary>Reads nothing more until then, so that the server waits. Blocks no thread.</summary>
    public void PauseUntil(Task room) => _pause = room;

    /// <summary>Work that a read brought; it gets the read loop's thread when the loop waits again. Read loop only.</summary>
    public void HandOver(PoolWork work)
    {
        _work?.Queue();
        _work = work;
    }

    /// <summary>Called by the outbox, in the order the PINGs are written.</summary>
    public void Expect(Fence fence)
    {
        lock (_fences)
        {
            if (!_isClosed)
            {
                _fences.Enqueue(fence);
                return;
            }
        }
        // Between this link's end and the moment the outbox knows of it.
        fence.Failed(Lost());
    }

    /// <returns>The fence a PONG belongs to; null for one nobody asked for.</returns>
    public Fence? OnPong()
    {
        PingsOut = 0;
        Fence? fence;
        lock (_fences)
        {
            if (_fences.Count == 0) return null;
            fence = _fences.Dequeue();
        }
        RoundTrip = fence.Age;
        return fence;
    }

    /// <summary>Sends before an outbox is attached.</summary>
    public Task SendAsync(byte[] bytes) => _transport.SendAllAsync(bytes);

    /// <summary>The connection is of no more use. The first reason counts.</summary>
    public void Fail(NasException reason) => _ended.TrySetResult(reason);

    /// <summary>Closes, and returns when both loops have ended.</summary>
    public async Task CloseAsync()
    {
        End();
        _outbox?.Nudge();
        await _reading.ConfigureAwait(false);
        await _writing.ConfigureAwait(false);
        FailFences();
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

    private void FailFences()
    {
        Fence[] fences;
        lock (_fences)
        {
            _isClosed = true;
            fences = [.. _fences];
            _fences.Clear();
        }
        foreach (var fence in fences) fence.Failed(Lost());
    }

    private async Task ReadAsync(ILinkHandler handler)
    {
        await Task.Yield();
        try
        {
            Handle(handler);
            while (true)
            {
                while (_pause is { } room)
                {
                    _work?.Queue();
                    _work = null;
                    if (await Task.WhenAny(room, _abandoned.Task).ConfigureAwait(false) != room) return;
                    _pause = null;
                    Handle(handler);
                }
                if (_ended.Task.IsCompleted) return;
                MakeRoom();
                var receiving = _transport.ReceiveAsync(_buffer, _end, _buffer.Length - _end);
                var work = _work;
                _work = null;
                var count = work is null ? await receiving.ConfigureAwait(false) : await new HandOver(receiving, work);
                if (count == 0)
                {
                    Fail(ServerError ?? new NasException(NasError.ConnectionLost, $"The server {Address} closed the connection."));
                    return;
                }
                _end += count;
                Handle(handler);
            }
        }
        catch (Exception e)
        {
            Fail(ServerError ?? AsBroken(e));
        }
        finally
        {
            _work?.Queue();
        }
    }

    private void Handle(ILinkHandler handler)
    {
        var now = WallClock.UtcNow.Ticks;
        try
        {
            while (_start < _end)
            {
                var used = _parser.Read(_buffer.AsSpan(_start, _end - _start), out var operation);
                if (used == 0) break;
                handler.OnOperation(this, ref operation, now);
                _start += used;
                if (_pause is not null) break;
            }
        }
        finally
        {
            handler.OnReadEnd(this);
        }
        if (_start == _end) _start = _end = 0;
    }

    /// <summary>
    /// Room for the next read. The buffer grows by doubling as bytes really arrive, never on the word of a server alone,
    /// and shrinks when the large message is through.
    /// </summary>
    private void MakeRoom()
    {
        if (_start == 0 && _end == 0)
        {
            if (_buffer.Length > MostKept && _parser.Needed < InitialBytes) _buffer = new byte[InitialBytes];
            return;
        }
        if (_end < _buffer.Length && Math.Max(_parser.Needed, _end - _start) <= _buffer.Length - _start) return;
        var length = _end - _start;
        var to = length * 2 > _buffer.Length ? new byte[Math.Min(_buffer.Length * 2L, MostBytes)] : _buffer;
        Buffer.BlockCopy(_buffer, _start, to, 0, length);
        _buffer = to;
        (_start, _end) = (0, length);
    }

    private async Task WriteAsync(Outbox outbox)
    {
        await Task.Yield();
        var isLent = false;
        try
        {
            while (true)
            {
                if (!outbox.TryTake(this, isLent, out var next, out var wait))
                {
                    isLent = false;
                    await wait.ConfigureAwait(false);
                    continue;
                }
                if (next.Count == 0) return;
                Taken = 0;
                await SendAllAsync(next).ConfigureAwait(false);
                outbox.Sent(this);
                Taken = 0;
                isLent = WriteSignal.EndLoan();
            }
        }
        catch (Exception e)
        {
            // The server's last words may still be on their way: the reader ends with them, or soon without.
            var reading = _reading;
            await Task.WhenAny(reading, Task.Delay(200)).ConfigureAwait(false);
            Fail(ServerError ?? AsBroken(e));
        }
    }

    private async ValueTask SendAllAsync(ArraySegment<byte> bytes)
    {
        try
        {
            while (Taken < bytes.Count)
                Taken += await _transport.SendAsync(bytes.Array!, bytes.Offset + Taken, bytes.Count - Taken).ConfigureAwait(false);
        }
        catch
        {
            // A message of NATS comes once at most: what may have arrived is not sent again, but counted as unconfirmed.
            Taken += _transport.InDoubt;
            throw;
        }
    }

    private static NasException Lost() => new(NasError.ConnectionLost, "The connection broke before the server answered.");

    private NasException AsBroken(Exception e) =>
        e as NasException ?? new NasException(NasError.ConnectionLost, $"The connection to {Address} broke: {e.Message}", e);
}

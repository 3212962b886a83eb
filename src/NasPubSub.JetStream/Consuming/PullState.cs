namespace NasPubSub.JetStream.Consuming;

/// <summary>How a pull ends.</summary>
internal enum PullMode
{
    /// <summary>It asks again whenever half of what it asked for has come (ADR-37).</summary>
    Endless,

    /// <summary>One request; it is over with it.</summary>
    Fetch,

    /// <summary>It asks for what is there, and is over when there is nothing more.</summary>
    Available,
}

/// <summary>
/// What was asked of a consumer and has not come yet (ADR-37): the one state machine behind every pull. It only counts:
/// it has no socket and no clock. Not thread-safe.
/// </summary>
/// <param name="mode">How it ends.</param>
/// <param name="batch">Messages asked for at most and not come yet.</param>
/// <param name="maxBytes">The same in bytes; 0 for no limit. With it <paramref name="batch"/> does not count, except
/// for a fetch.</param>
/// <param name="total">Messages after which it is over; 0 for never.</param>
/// <param name="threshold">Messages or bytes below which it asks again; 0 for half.</param>
internal sealed class PullState(PullMode mode, long batch, long maxBytes = 0, long total = 0, long threshold = 0)
{
    /// <summary>What a request asks for that is limited by its bytes (ADR-37).</summary>
    public const long UnlimitedBatch = 1_000_000;

    private long _pending,
        _pendingBytes,
        _received,
        _sinceRequest;
    private bool _hasAsked,
        _isLost,
        _isAskedToWait;

    /// <summary>Messages that were asked for and have not come.</summary>
    public long Pending => _pending;

    /// <summary>Bytes that were asked for and have not come.</summary>
    public long PendingBytes => _pendingBytes;

    /// <summary>Messages that came.</summary>
    public long Received => _received;

    /// <summary>Is the size of messages needed?</summary>
    public bool CountsBytes => MaxBytes > 0;

    /// <summary>The most bytes that a request asks for; 0 for no limit.</summary>
    public long MaxBytes { get; private set; } = maxBytes;

    /// <summary>The most messages that a request asks for.</summary>
    public long Batch { get; private set; } = maxBytes > 0 && mode != PullMode.Fetch ? UnlimitedBatch : batch;

    /// <summary>The most bytes that the consumer's configuration allows; 0 for no limit.</summary>
    public long MostBytes { get; private set; }

    /// <summary>The id of the pin, taken from the last message that had one.</summary>
    public string? PinId { get; set; }

    /// <summary>No more messages come.</summary>
    public bool IsEnded { get; private set; }

    /// <summary>Is it time to ask for more?</summary>
    public bool IsDue => !IsEnded && Wanted() > 0;

    /// <summary>Keeps to what the configuration of the consumer allows.</summary>
    /// <param name="mostMessages">The most messages of one request; 0 for no limit.</param>
    /// <param name="mostBytes">The most bytes of one request; 0 for no limit.</param>
    /// <returns>Is less asked for than the caller wanted?</returns>
    public bool Limit(long mostMessages, long mostBytes)
    {
        MostBytes = mostBytes;
        var isLess = false;
        if (mostMessages > 0 && Batch > mostMessages)
        {
            isLess = !CountsBytes;
            Batch = mostMessages;
        }
        if (mostBytes > 0 && (MaxBytes > mostBytes || MaxBytes == 0))
        {
            // A request without a limit in bytes is refused where the consumer has one.
            isLess |= MaxBytes > mostBytes;
            MaxBytes = mostBytes;
        }
        return isLess;
    }

    /// <summary>What to ask for now; it counts as asked.</summary>
    /// <returns>False when enough is under way.</returns>
    public bool TryAsk(out PullRequest request)
    {
        request = default;
        var wanted = IsEnded ? 0 : Wanted();
        if (wanted <= 0)
        {
            return false;
        }
        var bytes = CountsBytes ? Math.Max(1, MaxBytes - _pendingBytes) : 0;
        request = new PullRequest(
            wanted,
            bytes,
            mode == PullMode.Available && !_isAskedToWait,
            _isLost || _isAskedToWait,
            PinId
        );
        _pending += wanted;
        _pendingBytes += bytes;
        _sinceRequest = 0;
        _hasAsked = true;
        return true;
    }

    /// <summary>A message came.</summary>
    /// <param name="size">Subject, acknowledgement subject, headers and payload, where bytes count.</param>
    /// <param name="isRead">False where the reader has no use for it: it does not count for the total.</param>
    public void OnMessage(long size = 0, bool isRead = true)
    {
        _isLost = false;
        _received += isRead ? 1 : 0;
        _sinceRequest++;
        _pending = Math.Max(0, _pending - 1);
        _pendingBytes = _pending == 0 ? 0 : Math.Max(0, _pendingBytes - size);
        if ((isRead && _received == total) || (mode == PullMode.Fetch && _pending == 0))
        {
            IsEnded = true;
        }
    }

    /// <summary>
    /// The requests are lost, with a connection or a leader: nothing is under way. The next one lives shortly, until
    /// something comes.
    /// </summary>
    public void Reset()
    {
        _pending = _pendingBytes = 0;
        _hasAsked = false;
        _isLost = true;
    }

    /// <summary>A status came.</summary>
    public PullVerdict OnStatus(PullStatus status)
    {
        if (status.Code == 503)
        {
            Reset();
            return PullVerdict.NoResponders;
        }
        _isLost = false;
        return status.Code switch
        {
            < 200 => PullVerdict.Continue,
            404 => OnEmpty(),
            408 when status.Says("Requests Pending") => OnOthersFirst(),
            408 => OnExpired(status),
            409 => OnConflict(status),
            423 => OnUnpinned(status),
            _ => Fail(PullVerdict.Refused),
        };
    }

    /// <summary>It is over, for a reason that no status told.</summary>
    public void End() => IsEnded = true;

    private PullVerdict OnEmpty()
    {
        _pending = _pendingBytes = 0;
        return mode == PullMode.Endless ? PullVerdict.Continue : Finish();
    }

    /// <summary>Requests that wait are served first: without waiting there is nothing to be had.</summary>
    private PullVerdict OnOthersFirst()
    {
        _pending = _pendingBytes = 0;
        _hasAsked = false;
        _isAskedToWait = true;
        return PullVerdict.AskAgain;
    }

    private PullVerdict OnExpired(PullStatus status)
    {
        Subtract(status);
        return mode == PullMode.Endless ? PullVerdict.Continue : Finish();
    }

    private PullVerdict OnConflict(PullStatus status)
    {
        if (status.Says("Leadership Change"))
        {
            Reset();
            return PullVerdict.AskAgain;
        }
        if (status.Says("Server Shutdown"))
        {
            Subtract(status);
            _hasAsked = _pending > 0;
            return PullVerdict.Continue;
        }
        if (status.Says("Batch Completed"))
        {
            Subtract(status);
            return mode == PullMode.Fetch ? Finish() : PullVerdict.Continue;
        }
        if (status.Says("Message Size Exceeds MaxBytes"))
        {
            return OnLargeMessage(status);
        }
        if (status.Says("Exceeded MaxWaiting"))
        {
            Reset();
            return PullVerdict.TooManyRequests;
        }
        if (status.Says("Exceeded Max"))
        {
            Reset();
            return PullVerdict.TooLarge;
        }
        return Fail(
            status.Says("Consumer Deleted") ? PullVerdict.Deleted
            : status.Says("Consumer is push based") ? PullVerdict.IsPush
            : PullVerdict.Refused
        );
    }

    /// <summary>The next message does not fit into the rest of a request, or into none at all.</summary>
    private PullVerdict OnLargeMessage(PullStatus status)
    {
        Subtract(status);
        if (mode == PullMode.Fetch)
        {
            return _received > 0 ? Finish() : Fail(PullVerdict.MaxBytesExceeded);
        }
        if (_sinceRequest > 0 || _pending > 0)
        {
            return PullVerdict.Continue;
        }
        var most = MostBytes > 0 ? MostBytes : int.MaxValue;
        if (MaxBytes >= most)
        {
            return Fail(PullVerdict.MaxBytesExceeded);
        }
        MaxBytes = Math.Min(most, MaxBytes * 2);
        return PullVerdict.MaxBytesRaised;
    }

    private PullVerdict OnUnpinned(PullStatus status)
    {
        PinId = null;
        Subtract(status);
        _hasAsked = false;
        return PullVerdict.Unpinned;
    }

    private void Subtract(PullStatus status)
    {
        // Without the headers nobody knows which request it was.
        _pending = status.PendingMessages is { } messages ? Math.Max(0, _pending - messages) : 0;
        _pendingBytes =
            _pending > 0 && status.PendingBytes is { } bytes ? Math.Max(0, _pendingBytes - bytes) : 0;
    }

    private PullVerdict Finish() => Fail(PullVerdict.End);

    private PullVerdict Fail(PullVerdict verdict)
    {
        IsEnded = true;
        return verdict;
    }

    private long Wanted()
    {
        var rest = total > 0 ? total - _received - _pending : long.MaxValue;
        if (mode == PullMode.Fetch)
        {
            return _hasAsked ? 0 : Math.Min(rest, Batch - _received - _pending);
        }
        if (mode == PullMode.Available)
        {
            return _pending > 0 ? 0 : Math.Min(rest, Batch);
        }
        if (CountsBytes && _pending > 0)
        {
            var least = threshold > 0 ? threshold : (MaxBytes + 1) / 2;
            return _pendingBytes >= Math.Min(least, MaxBytes) ? 0 : Math.Min(rest, Batch);
        }
        var due = threshold > 0 && !CountsBytes ? Math.Min(threshold, Batch) : (Batch + 1) / 2;
        return _pending >= due ? 0 : Math.Min(rest, Batch - _pending);
    }
}

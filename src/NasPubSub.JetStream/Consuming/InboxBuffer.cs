namespace NasPubSub.JetStream.Consuming;

/// <summary>
/// Messages that were taken from a subscription, many under one lock, and wait for their reader. Not thread-safe.
/// </summary>
internal sealed class InboxBuffer
{
    private const int Chunk = 256;

    private NasMessage[] _items = new NasMessage[Chunk];
    private int _next,
        _end;

    public bool IsEmpty => _next == _end;

    /// <summary>
    /// Where a reader that waits puts what comes: only while it is empty, and <see cref="Restart"/> follows.
    /// </summary>
    public NasMessage[] Space => _items;

    /// <summary>Takes the next message.</summary>
    public NasMessage Take()
    {
        var message = _items[_next];
        _items[_next++] = null!;
        return message;
    }

    /// <summary>Begins with what was put into <see cref="Space"/>.</summary>
    public void Restart(int count) => (_next, _end) = (0, count);

    /// <summary>Adds what has come, without waiting.</summary>
    /// <returns>Has anything come?</returns>
    public bool Fill(NasSubscription subscription)
    {
        if (IsEmpty)
        {
            Restart(subscription.Read(_items, TimeSpan.Zero));
            return _end > 0;
        }
        if (_end == _items.Length)
        {
            Array.Resize(ref _items, _items.Length * 2);
        }
        var more = new NasMessage[Math.Min(Chunk, _items.Length - _end)];
        var came = subscription.Read(more, TimeSpan.Zero);
        more.AsSpan(0, came).CopyTo(_items.AsSpan(_end));
        _end += came;
        return came > 0;
    }

    /// <summary>What waits, in its order. It stays.</summary>
    public NasMessage[] ToArray() => _items.AsSpan(_next, _end - _next).ToArray();
}

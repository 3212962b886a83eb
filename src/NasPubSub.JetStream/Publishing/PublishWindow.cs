namespace NasPubSub.JetStream.Publishing;

/// <summary>
/// The messages of a publisher that have no result yet, in order, limited by count and bytes; results leave in the same
/// order. No socket, no clock. Not thread-safe.
/// </summary>
/// <param name="idPrefix">The ids that it gives messages begin with it.</param>
/// <param name="maxMessages">Messages at most.</param>
/// <param name="maxBytes">Bytes of headers and payloads at most; one larger message goes alone.</param>
internal sealed class PublishWindow(byte[] idPrefix, int maxMessages, long maxBytes)
{
    private readonly PayloadChunks _chunks = new();
    private readonly byte[] _id = [.. idPrefix, .. new byte[20]];
    private PublishSlot[] _slots = [];
    private long _bytes;

    /// <summary>The number of the first message without a result.</summary>
    public long First { get; private set; } = 1;

    /// <summary>The number that the next message gets.</summary>
    public long Next { get; private set; } = 1;

    /// <summary>The number of the next message to send.</summary>
    public long SendNext { get; set; } = 1;

    public int Count => (int)(Next - First);

    /// <summary>Is there so much room that it is worth waking a caller?</summary>
    public bool HasGoodRoom => Count == 0 || (Count <= maxMessages - maxMessages / 4 && _bytes <= maxBytes / 4 * 3);

    public PublishSlot this[long number] => _slots[(int)number & (_slots.Length - 1)];

    public bool Contains(long number) => number >= First && number < Next;

    /// <summary>The id that the window gives a message.</summary>
    public string IdOf(long number) =>
        System.Text.Encoding.ASCII.GetString(idPrefix)
        + number.ToString(System.Globalization.CultureInfo.InvariantCulture);

    /// <summary>Takes a message.</summary>
    /// <returns>Null where there is no room.</returns>
    public PublishSlot? TryAdd(PublishTarget target, in OutgoingBody body, TimeSpan now)
    {
        if (Count >= maxMessages)
        {
            return null;
        }
        var id = MakeId(Next);
        var headerLength = body.HeaderLength(id.Length);
        var length = headerLength + body.PayloadLength;
        if (Count > 0 && _bytes + length > maxBytes)
        {
            return null;
        }
        if (Count == _slots.Length)
        {
            Grow();
        }
        var slot = this[Next];
        slot.Start(Next, target, body, now);
        slot.Chunk = _chunks.Take(length, out slot.Offset);
        (slot.Length, slot.HeaderLength) = (length, headerLength);
        body.Write(slot.Chunk.Bytes.AsSpan(slot.Offset, length), id);
        _bytes += length;
        Next++;
        return slot;
    }

    /// <summary>Takes the first message out, whose result is known.</summary>
    /// <returns>Null where the first has none yet. It is good until the next message is added.</returns>
    public PublishSlot? TakeDone()
    {
        if (Count == 0 || this[First] is not { IsDone: true } slot)
        {
            return null;
        }
        _bytes -= slot.Length;
        _chunks.Release(slot.Chunk);
        First++;
        SendNext = Math.Max(SendNext, First);
        return slot;
    }

    private ReadOnlySpan<byte> MakeId(long number)
    {
        var digits = 1;
        for (var rest = number / 10; rest > 0; rest /= 10)
        {
            digits++;
        }
        for (var at = idPrefix.Length + digits - 1; at >= idPrefix.Length; at--, number /= 10)
        {
            _id[at] = (byte)('0' + number % 10);
        }
        return _id.AsSpan(0, idPrefix.Length + digits);
    }

    /// <summary>Numbers that differ modulo n differ modulo 2n.</summary>
    private void Grow()
    {
        var larger = new PublishSlot[Math.Max(16, _slots.Length * 2)];
        for (var number = First; number < Next; number++)
        {
            larger[(int)number & (larger.Length - 1)] = this[number];
        }
        for (var i = 0; i < larger.Length; i++)
        {
            larger[i] ??= new PublishSlot();
        }
        _slots = larger;
    }
}

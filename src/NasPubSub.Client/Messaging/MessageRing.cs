namespace NasPubSub.Messaging;

/// <summary>
/// A queue of messages in an array that grows by doubling, with the sum of their sizes. A field, not an object.
/// </summary>
internal struct MessageRing
{
    private NasMessage?[]? _slots;
    private int _head;

    public int Count { get; private set; }

    public long Bytes { get; private set; }

    public void Add(NasMessage message)
    {
        var slots = _slots ?? [];
        if (Count == slots.Length)
        {
            _slots = slots = Grow(slots);
        }
        slots[(_head + Count++) & (slots.Length - 1)] = message;
        Bytes += message.Size;
    }

    public NasMessage TakeFirst()
    {
        var slots = _slots!;
        var message = slots[_head]!;
        slots[_head] = null;
        _head = (_head + 1) & (slots.Length - 1);
        Count--;
        Bytes -= message.Size;
        return message;
    }

    public void RemoveLast()
    {
        ref var slot = ref _slots![(_head + --Count) & (_slots.Length - 1)];
        Bytes -= slot!.Size;
        slot = null;
    }

    private NasMessage?[] Grow(NasMessage?[] slots)
    {
        var larger = new NasMessage?[Math.Max(4, slots.Length * 2)];
        for (var i = 0; i < Count; i++)
        {
            larger[i] = slots[(_head + i) & (slots.Length - 1)];
        }
        _head = 0;
        return larger;
    }
}

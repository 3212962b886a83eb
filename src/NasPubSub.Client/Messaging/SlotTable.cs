namespace NasPubSub.Messaging;

/// <summary>What a <see cref="SlotTable{T}"/> holds: its id is given once, by the table.</summary>
internal interface ISlotItem
{
    long Id { get; set; }
}

/// <summary>
/// Items by ids that only grow, found by <c>id &amp; mask</c>: no hashing, no collision, since an id whose slot is
/// taken is never given out. Ids are not used again, so that a late message finds nobody rather than a stranger.
/// Writers lock outside; <see cref="Find"/> needs no lock.
/// </summary>
/// <param name="after">Ids begin behind this one.</param>
internal sealed class SlotTable<T>(long after = 0)
    where T : class, ISlotItem
{
    private T?[] _slots = new T?[16];
    private long _last = after;

    public int Count { get; private set; }

    public T? Find(long id)
    {
        var slots = Volatile.Read(ref _slots);
        var item = Volatile.Read(ref slots[(int)id & (slots.Length - 1)]);
        return item is not null && item.Id == id ? item : null;
    }

    public void Add(T item)
    {
        if (Count * 2 >= _slots.Length)
        {
            Grow();
        }

        do
        {
            _last++;
        } while (_slots[(int)_last & (_slots.Length - 1)] is not null);
        item.Id = _last;
        Volatile.Write(ref _slots[(int)_last & (_slots.Length - 1)], item);
        Count++;
    }

    public bool Remove(T item)
    {
        ref var slot = ref _slots[(int)item.Id & (_slots.Length - 1)];
        if (!ReferenceEquals(slot, item))
        {
            return false;
        }

        Volatile.Write(ref slot, null);
        Count--;
        return true;
    }

    public List<T> ToList()
    {
        var items = new List<T>(Count);
        foreach (var item in _slots)
        {
            if (item is not null)
            {
                items.Add(item);
            }
        }

        items.Sort(static (a, b) => a.Id.CompareTo(b.Id));
        return items;
    }

    private void Grow()
    {
        var larger = new T?[_slots.Length * 2];
        // Ids that differ modulo n differ modulo 2n.
        foreach (var item in _slots)
        {
            if (item is not null)
            {
                larger[(int)item.Id & (larger.Length - 1)] = item;
            }
        }

        Volatile.Write(ref _slots, larger);
    }
}

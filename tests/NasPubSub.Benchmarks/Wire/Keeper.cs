namespace NasPubSub.Benchmarks.Wire;

/// <summary>
/// What a client has to do besides reading, and nothing else: a payload belongs to who receives it, so each becomes an
/// array of its own; and who receives it does so on a thread of the pool, since no user's code may hold up the reading.
/// </summary>
internal sealed class Keeper(int payload, int wire) : IThreadPoolWorkItem
{
    private readonly object _gate = new();
    private readonly List<byte[]> _read = [];
    private List<byte[]> _waiting = [],
        _handled = [];
    private bool _runs;
    private long _seen;
    private int _rest;

    /// <summary>
    /// Takes one read's bytes, for an array of the payload's length for each message's length on the wire.
    /// </summary>
    public void Take(ReadOnlySpan<byte> bytes)
    {
        for (_rest += bytes.Length; _rest >= wire; _rest -= wire)
        {
            var copy = GC.AllocateUninitializedArray<byte>(payload);
            var from = bytes[Math.Max(0, Math.Min(bytes.Length - payload, bytes.Length - _rest))..];
            from[..Math.Min(from.Length, payload)].CopyTo(copy);
            _read.Add(copy);
        }
        lock (_gate)
        {
            _waiting.AddRange(_read);
            _read.Clear();
            if (_runs || _waiting.Count == 0)
            {
                return;
            }

            _runs = true;
        }
        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    /// <summary>Returns when all that was taken has been handled.</summary>
    public void Finish()
    {
        lock (_gate)
        {
            while (_runs)
            {
                Monitor.Wait(_gate);
            }
        }
    }

    void IThreadPoolWorkItem.Execute()
    {
        while (true)
        {
            lock (_gate)
            {
                if (_waiting.Count == 0)
                {
                    _runs = false;
                    Monitor.PulseAll(_gate);
                    return;
                }
                (_waiting, _handled) = (_handled, _waiting);
            }
            foreach (var array in _handled)
            {
                _seen += array.Length;
            }

            _handled.Clear();
        }
    }
}

using NasPubSub.Threading;

namespace NasPubSub.Connection;

/// <summary>The PINGs of one link whose PONGs have not come, in order. Thread-safe.</summary>
internal sealed class FenceQueue
{
    private readonly Gate _gate = new(LockLevel.Link);
    private readonly Queue<Fence> _fences = new();
    private int _pingsOut;
    private bool _isClosed;

    /// <summary>A PING was written. On a closed link the fence fails at once.</summary>
    public void Add(Fence fence)
    {
        using (_gate.Enter())
        {
            if (!_isClosed)
            {
                _fences.Enqueue(fence);
                return;
            }
        }
        fence.Fail();
    }

    /// <summary>A PONG came.</summary>
    /// <returns>Its fence; null for a PONG that nobody asked for.</returns>
    public Fence? Take()
    {
        using var _ = _gate.Enter();
        _pingsOut = 0;
        return _fences.Count > 0 ? _fences.Dequeue() : null;
    }

    /// <summary>Counts a ping of the keep-alive.</summary>
    /// <returns>False when so many have no answer already.</returns>
    public bool TryCountPing(int most)
    {
        using var _ = _gate.Enter();
        return _pingsOut++ < most;
    }

    /// <summary>No more PONGs come: all fences fail.</summary>
    public void Close()
    {
        Fence[] fences;
        using (_gate.Enter())
        {
            _isClosed = true;
            fences = [.. _fences];
            _fences.Clear();
        }
        foreach (var fence in fences)
        {
            fence.Fail();
        }
    }
}

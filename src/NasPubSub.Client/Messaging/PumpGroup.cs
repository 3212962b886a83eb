using System.Collections.Concurrent;
using NasPubSub.Threading;

namespace NasPubSub.Messaging;

/// <summary>
/// The handlers of the subscriptions that one read reached, as one work item of the pool instead of one for each. Every
/// thread that runs it queues it once more while handlers are left, so a handler that blocks delays only its own
/// subscription.
/// </summary>
internal sealed class PumpGroup : PoolWork
{
    private const int MaxIdle = 16;
    private static readonly ConcurrentQueue<PumpGroup> Idle = new();

    private HandlerPump?[] _pumps = new HandlerPump?[64];
    private int _count,
        _next,
        _threads;

    public static PumpGroup Rent() => Idle.TryDequeue(out var group) ? group : new PumpGroup();

    public void Add(HandlerPump pump)
    {
        if (_count == _pumps.Length)
        {
            Array.Resize(ref _pumps, _count * 2);
        }
        _pumps[_count++] = pump;
    }

    public void Start()
    {
        _next = 0;
        _threads = 1;
        Queue();
    }

    public override void Run()
    {
        if (Volatile.Read(ref _next) < _count - 1)
        {
            Interlocked.Increment(ref _threads);
            Queue();
        }
        while (Interlocked.Increment(ref _next) - 1 is var i && i < _count)
        {
            _pumps[i]!.Run();
        }
        if (Interlocked.Decrement(ref _threads) == 0)
        {
            Release();
        }
    }

    private void Release()
    {
        Array.Clear(_pumps, 0, _count);
        _count = 0;
        if (Idle.Count < MaxIdle)
        {
            Idle.Enqueue(this);
        }
    }
}

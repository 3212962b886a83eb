using System.Collections.Concurrent;

namespace NasPubSub.Connection;

/// <summary>Brings events to the user's handlers, one at a time and in order, away from the connection's own loops.</summary>
internal sealed class EventPump(NasConnection connection)
{
    /// <summary>What a server can cause without end is not kept beyond this for a handler that hangs.</summary>
    private const int MostWaiting = 1000;

    private readonly ConcurrentQueue<NasEvent> _waiting = new();
    private int _running;

    public event Action<NasEvent>? Handlers;

    public void Add(NasEvent what)
    {
        if (Handlers is null || (what.Kind is NasEventKind.Error or NasEventKind.ServersDiscovered or NasEventKind.ConnectAttemptFailed && _waiting.Count >= MostWaiting)) return;
        _waiting.Enqueue(what);
        if (Interlocked.CompareExchange(ref _running, 1, 0) == 0) ThreadPool.UnsafeQueueUserWorkItem(static p => ((EventPump)p!).Run(), this);
    }

    /// <summary>A handler that throws keeps the event from no other; its error is the connection's last one.</summary>
    private void Raise(Action<NasEvent> handler, NasEvent what)
    {
        try
        {
            handler(what);
        }
        catch (Exception e)
        {
            connection.Remember(e);
        }
    }

    private void Run()
    {
        do
        {
            while (_waiting.TryDequeue(out var next))
            {
                foreach (var handler in Handlers?.GetInvocationList() ?? []) Raise((Action<NasEvent>)handler, next);
            }
            Interlocked.Exchange(ref _running, 0);
        }
        while (!_waiting.IsEmpty && Interlocked.CompareExchange(ref _running, 1, 0) == 0);
    }
}

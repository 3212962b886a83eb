using System.Collections.Concurrent;
using NasPubSub.Threading;

namespace NasPubSub.Connection;

/// <summary>
/// Brings events to the user's handlers, one at a time and in order, on the pool instead of the connection's loops.
/// </summary>
/// <param name="handlerFailed">Gets the error of a handler that throws. The other handlers get the event all the
/// same.</param>
internal sealed class EventQueue(Action<Exception> handlerFailed) : PoolWork
{
    /// <summary>Events kept for a slow handler at most, of those that a server can cause without end.</summary>
    private const int MaxWaiting = 1000;

    private readonly ConcurrentQueue<NasEvent> _waiting = new();
    private int _isRunning;

    public event Action<NasEvent>? Handlers;

    public void Add(NasEvent what)
    {
        var isRepeatable =
            what.Kind is NasEventKind.Error or NasEventKind.ServersDiscovered or NasEventKind.ConnectAttemptFailed;
        if (Handlers is null || (isRepeatable && _waiting.Count >= MaxWaiting))
        {
            return;
        }
        _waiting.Enqueue(what);
        if (Interlocked.CompareExchange(ref _isRunning, 1, 0) == 0)
        {
            Queue();
        }
    }

    public override void Run()
    {
        do
        {
            while (_waiting.TryDequeue(out var next))
            {
                foreach (var handler in Handlers?.GetInvocationList() ?? [])
                {
                    Raise((Action<NasEvent>)handler, next);
                }
            }
            Interlocked.Exchange(ref _isRunning, 0);
        } while (!_waiting.IsEmpty && Interlocked.CompareExchange(ref _isRunning, 1, 0) == 0);
    }

    private void Raise(Action<NasEvent> handler, NasEvent what)
    {
        try
        {
            handler(what);
        }
        catch (Exception e)
        {
            handlerFailed(e);
        }
    }
}

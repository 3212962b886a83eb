using NasPubSub.Connection;

namespace NasPubSub.Messaging;

/// <summary>
/// The messages of one read on their way to their subscriptions. Consecutive messages for one subscription are added
/// under one lock, and waiters are woken once for each read: a wake-up costs more than a hundred messages. Read loop
/// only.
/// </summary>
/// <param name="link">Their link. It pauses while a subscription that makes the server wait has no room.</param>
/// <param name="traffic">Counts them.</param>
/// <param name="pausesOften">May the link have to pause after any message?</param>
internal sealed class DeliveryBatch(Link link, TrafficCounter traffic, bool pausesOften)
{
    private readonly NasMessage[] _run = new NasMessage[pausesOften ? 1 : 64];
    private readonly List<NasSubscription> _waiting = [];
    private NasSubscription? _subscription;
    private HandlerPump? _pump;
    private PumpGroup? _group;
    private int _count;
    private long _messages,
        _bytes;

    public void Add(NasSubscription subscription, NasMessage message)
    {
        if (subscription != _subscription)
        {
            Deliver();
            _subscription = subscription;
        }
        _run[_count++] = message;
        if (_count == _run.Length)
        {
            Deliver();
        }
    }

    public void Count(int bytes)
    {
        _messages++;
        _bytes += bytes;
    }

    /// <summary>Makes what was counted so far visible.</summary>
    public void FlushCounts()
    {
        traffic.AddReceived(_messages, _bytes);
        _messages = _bytes = 0;
    }

    /// <summary>The read is over: delivers what is left, starts handlers and wakes readers.</summary>
    public void End()
    {
        Deliver();
        if (_messages > 0)
        {
            FlushCounts();
        }
        StartHandlers();
        if (_waiting.Count > 0)
        {
            WakeReaders();
        }
    }

    private void Deliver()
    {
        if (_count == 0)
        {
            return;
        }
        var subscription = _subscription!;
        var run = _run.AsSpan(0, _count);
        var delivery = subscription.Deliver(run);
        run.Clear();
        _count = 0;
        _subscription = null;
        if (delivery == Delivery.None)
        {
            return;
        }

        if ((delivery & Delivery.StartHandler) != 0)
        {
            AddHandler(subscription.Pump!);
        }

        if ((delivery & Delivery.WakeReader) != 0 && !_waiting.Contains(subscription))
        {
            _waiting.Add(subscription);
        }

        if ((delivery & Delivery.LacksRoom) != 0 && subscription.Buffer.WaitForRoomAsync() is { } room)
        {
            link.PauseUntil(room);
        }
    }

    /// <summary>One handler is started by itself; several are one work item together.</summary>
    private void AddHandler(HandlerPump pump)
    {
        if (_pump is null)
        {
            _pump = pump;
            return;
        }

        (_group ??= PumpGroup.Rent()).Add(pump);
    }

    private void StartHandlers()
    {
        if (_group is { } group)
        {
            group.Add(_pump!);
            group.Start();
            _group = null;
        }
        else
        {
            _pump?.Queue();
        }

        _pump = null;
    }

    private void WakeReaders()
    {
        foreach (var subscription in _waiting)
        {
            subscription.Buffer.WakeReaders();
        }

        _waiting.Clear();
    }
}

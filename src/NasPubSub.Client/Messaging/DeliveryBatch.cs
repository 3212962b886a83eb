using NasPubSub.Connection;

namespace NasPubSub.Messaging;

/// <summary>
/// The messages of one read on their way to their subscriptions. Messages in a row for one subscription go in under one
/// lock, and whoever waits is woken once a read: a wake-up costs more than a hundred messages. Read loop only.
/// </summary>
/// <param name="link">Where they come from. It pauses while a subscription that makes the server wait has no
/// room.</param>
/// <param name="traffic">Counts them.</param>
/// <param name="pausesOften">Is it a connection that may have to pause after any message?</param>
internal sealed class DeliveryBatch(Link link, TrafficCounter traffic, bool pausesOften)
{
    private readonly NasMessage[] _run = new NasMessage[pausesOften ? 1 : 64];
    private readonly List<NasSubscription> _reached = [];
    private NasSubscription? _subscription;
    private PumpGroup? _pumps;
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

    /// <summary>The read is over: everything is delivered, and everybody is woken.</summary>
    public void End()
    {
        Deliver();
        if (_messages > 0)
        {
            FlushCounts();
        }
        if (_reached.Count > 0)
        {
            Announce();
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
        if (_reached.Count == 0 || _reached[_reached.Count - 1] != subscription)
        {
            _reached.Add(subscription);
        }
        if ((delivery & Delivery.LacksRoom) != 0 && subscription.Buffer.WaitForRoomAsync() is { } room)
        {
            link.PauseUntil(room);
        }
    }

    private void Announce()
    {
        HandlerPump? first = null;
        foreach (var subscription in _reached)
        {
            if (subscription.Announce() is not { } pump)
            {
                continue;
            }
            if (first is null)
            {
                first = pump;
                continue;
            }
            (_pumps ??= PumpGroup.Rent()).Add(pump);
        }
        _reached.Clear();
        if (_pumps is { } group)
        {
            group.Add(first!);
            _pumps = null;
            group.Start();
        }
        else
        {
            first?.Queue();
        }
    }
}

namespace NasPubSub.Connection;

/// <summary>
/// Messages of one read on their way to their subscriptions. Those in a row for one subscription go in under one lock, and
/// who waits for messages is woken once a read: a wake-up costs more than a hundred messages. Read loop only.
/// </summary>
internal sealed class Deliveries(NasConnection connection)
{
    private readonly NasMessage[] _run = new NasMessage[64];
    private readonly List<NasSubscription> _reached = [];
    private NasSubscription? _subscription;
    private int _count;
    private long _messages, _bytes;

    public void Add(NasSubscription subscription, NasMessage message)
    {
        if (subscription != _subscription || _count == _run.Length) Hand();
        _subscription = subscription;
        _run[_count++] = message;
    }

    public void Count(int bytes)
    {
        _messages++;
        _bytes += bytes;
    }

    /// <summary>The read is through: everything goes out, and everybody hears of it.</summary>
    public void End()
    {
        Hand();
        CountUp();
        foreach (var subscription in _reached) subscription.Announce();
        _reached.Clear();
    }

    private void Hand()
    {
        if (_subscription is not { } subscription) return;
        CountUp();
        if (_reached.Count == 0 || _reached[_reached.Count - 1] != subscription) _reached.Add(subscription);
        if (subscription.Deliver(_run.AsSpan(0, _count))) connection.EndSubscription(subscription, null);
        _run.AsSpan(0, _count).Clear();
        _count = 0;
        _subscription = null;
    }

    private void CountUp()
    {
        connection.CountIn(_messages, _bytes);
        _messages = _bytes = 0;
    }
}

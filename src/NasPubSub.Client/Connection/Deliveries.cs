namespace NasPubSub.Connection;

/// <summary>
/// Messages of one read on their way to their subscriptions. Those in a row for one subscription go in under one lock, and
/// who waits for messages is woken once a read: a wake-up costs more than a hundred messages. Read loop only.
/// </summary>
/// <param name="connection">Whose they are.</param>
/// <param name="link">Where they come from; it pauses while a subscription that makes the server wait has no room.</param>
internal sealed class Deliveries(NasConnection connection, Link link)
{
    // A dedicated connection may have to stop after any message.
    private readonly NasMessage[] _run = new NasMessage[connection.Parent is null ? 64 : 1];
    private readonly List<NasSubscription> _reached = [];
    private NasSubscription? _subscription;
    private int _count;
    private long _messages, _bytes;

    public void Add(NasSubscription subscription, NasMessage message)
    {
        if (subscription != _subscription) Hand();
        _subscription = subscription;
        _run[_count++] = message;
        if (_count == _run.Length) Hand();
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
        if (subscription.LacksRoom && subscription.WaitForRoom() is { } room) link.PauseUntil(room);
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

namespace NasPubSub.Recording;

/// <summary>
/// The subscriptions of a recording. The end of one of them is an error of the cmdlet that records, and of no other.
/// </summary>
internal sealed class SubjectFeed
{
    private readonly List<NasSubscription> _subscriptions = [];

    /// <summary>What they receive; null before <see cref="Begin"/>.</summary>
    public MergedReader? Reader { get; private set; }

    /// <summary>The first of them, as the target of an error.</summary>
    public NasSubscription First => _subscriptions[0];

    /// <summary>Those that the server ended.</summary>
    public IReadOnlyList<NasSubscription> Failed => [.. _subscriptions.Where(s => s.Error is not null)];

    /// <summary>Messages that came faster than they were recorded.</summary>
    public long Dropped => _subscriptions.Sum(s => s.Dropped);

    /// <summary>The subjects on the wire, as a sentence quotes them.</summary>
    public string Topics => string.Join("', '", _subscriptions.Select(s => s.Topic));

    public void Add(NasSubscription subscription) => _subscriptions.Add(subscription);

    /// <summary>All subscriptions are made.</summary>
    public MergedReader Begin()
    {
        First.Connection.Denials.Claiming += Claims;
        return Reader = new MergedReader(_subscriptions);
    }

    public void Unsubscribe()
    {
        foreach (var subscription in _subscriptions)
        {
            subscription.Unsubscribe();
            subscription.Connection.Denials.Claiming -= Claims;
        }
    }

    private bool Claims(NasException error, NasSubscription? subscription) =>
        subscription is not null && _subscriptions.Contains(subscription);
}

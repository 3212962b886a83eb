using NasPubSub.Protocol;

namespace NasPubSub.Connection;

/// <summary>
/// The time in which two servers deliver to one client that moves from the one to the other. What the old link delivers is
/// noted; what the new link brings is held back until the old one is empty, and then delivered without the copies.
/// Messages have no identity but their content, and equal ones are common, such as heartbeats. A message of the new link is a copy only
/// where that is certain: it came while the old server still had the subscription, so that one of the equal messages noted
/// is this one; or a single message was noted that is equal, when the new subscription had long been known. In doubt it is
/// delivered, and may be a double. Messages of queue groups come by one of the two servers only.
/// </summary>
internal sealed class Overlap
{
    /// <summary>The number of notes, that the move itself stays within bounds. Without a note, a copy is delivered.</summary>
    private const int MostNotes = 1_000_000;

    /// <summary>How long a message may take longer by the old server than by the new.</summary>
    private static readonly TimeSpan Margin = TimeSpan.FromMilliseconds(100);

    private readonly object _gate = new();
    private readonly Dictionary<(long Sid, ulong Hash), Notes> _notes = [];
    private readonly Dictionary<long, Lane> _lanes = [];
    private TimeSpan _leftAt = TimeSpan.MaxValue;
    private bool _isLate;
    private volatile bool _isReleased;

    /// <summary>Equal messages that the old link delivered.</summary>
    /// <param name="Total">How many.</param>
    /// <param name="Left">How many of them were not recognized as copies.</param>
    /// <param name="IsLate">Was the last one noted when the new subscription was known in the whole cluster?</param>
    private readonly record struct Notes(int Total, int Left, bool IsLate);

    private sealed record Held(NasMessage Message, (long Sid, ulong Hash) Key, TimeSpan Arrived);

    /// <summary>What is held back of one subscription.</summary>
    private sealed class Lane(NasSubscription subscription)
    {
        public NasSubscription Subscription { get; } = subscription;
        public List<Held> Held { get; } = [];
        public long Bytes { get; set; }

        /// <summary>There was no room to hold more back: what comes is delivered at once.</summary>
        public bool IsOpen { get; set; }

        public bool HasRoom(int size) =>
            Held.Count < Subscription.Limits.MaxPendingMessages && Bytes + size <= Subscription.Limits.MaxPendingBytes;
    }

    /// <summary>Is what the new link brings held back?</summary>
    public bool IsHolding => !_isReleased;

    /// <summary>No room to go on: the move must come to its end now.</summary>
    public bool IsFull
    {
        get { lock (_gate) return _notes.Count >= MostNotes; }
    }

    /// <summary>From now on the new subscriptions are known in the whole cluster: what the old link delivers has a copy.</summary>
    public void EnterLastMoments()
    {
        lock (_gate) _isLate = true;
    }

    /// <summary>The subscriptions of the old link are about to end.</summary>
    public void Leave()
    {
        lock (_gate) _leftAt = MonotonicClock.Now;
    }

    /// <summary>Notes what the old link delivered.</summary>
    public void Note(ref ServerOperation operation)
    {
        var key = Key(ref operation);
        lock (_gate)
        {
            if (!_notes.TryGetValue(key, out var notes) && _notes.Count >= MostNotes) return;
            _notes[key] = new Notes(notes.Total + 1, notes.Left + 1, _isLate);
        }
    }

    /// <summary>Holds back what the new link brings, as far as the limits of its subscription allow.</summary>
    /// <returns>Messages to deliver now, in order.</returns>
    public IReadOnlyList<NasMessage> Hold(NasSubscription subscription, NasMessage message, ref ServerOperation operation)
    {
        var held = new Held(message, Key(ref operation), MonotonicClock.Now);
        lock (_gate)
        {
            if (_isReleased) return CameAlready(held, subscription) ? [] : [message];
            if (!_lanes.TryGetValue(subscription.Sid, out var lane)) _lanes[subscription.Sid] = lane = new Lane(subscription);
            lane.IsOpen |= !lane.HasRoom(message.Size);
            lane.Held.Add(held);
            lane.Bytes += message.Size;
            return lane.IsOpen ? Empty(lane) : [];
        }
    }

    /// <summary>Is this message, which came after the hand-over, a copy of one that the old link delivered?</summary>
    public bool IsCopy(NasSubscription? subscription, ref ServerOperation operation)
    {
        lock (_gate) return subscription is not null && _notes.Count > 0 && CameAlready(new Held(null!, Key(ref operation), MonotonicClock.Now), subscription);
    }

    /// <summary>Delivers what was held, in order; the new link waits meanwhile and then delivers by itself.</summary>
    public void Release(Action<NasSubscription, NasMessage> deliver)
    {
        lock (_gate)
        {
            foreach (var lane in _lanes.Values)
                foreach (var message in Empty(lane)) deliver(lane.Subscription, message);
            _lanes.Clear();
            _isReleased = true;
        }
    }

    private List<NasMessage> Empty(Lane lane)
    {
        List<NasMessage> due = [.. lane.Held.Where(h => !CameAlready(h, lane.Subscription)).Select(h => h.Message)];
        lane.Held.Clear();
        lane.Bytes = 0;
        return due;
    }

    private bool CameAlready(Held held, NasSubscription subscription)
    {
        if (subscription.QueueGroup is not null || !_notes.TryGetValue(held.Key, out var notes) || notes.Left == 0) return false;
        // Before the end of the old subscription both servers deliver everything.
        var isCertain = held.Arrived < _leftAt - Margin;
        if (!isCertain && notes is not { Total: 1, IsLate: true }) return false;
        _notes[held.Key] = notes with { Left = notes.Left - 1 };
        return true;
    }

    private static (long Sid, ulong Hash) Key(ref ServerOperation operation) =>
        (operation.Sid, Mix(Mix(Mix(Mix(14695981039346656037, operation.Subject), operation.ReplyTo), operation.Headers), operation.Payload));

    // FNV-1a, with the length between the parts.
    private static ulong Mix(ulong hash, ReadOnlySpan<byte> bytes)
    {
        foreach (var b in bytes) hash = (hash ^ b) * 1099511628211;
        return (hash ^ (ulong)bytes.Length) * 1099511628211;
    }
}

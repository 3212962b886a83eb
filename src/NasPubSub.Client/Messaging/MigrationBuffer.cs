using NasPubSub.Connection;
using NasPubSub.Protocol;
using NasPubSub.Threading;

namespace NasPubSub.Messaging;

/// <summary>
/// The time in which two servers deliver to one client that moves from one to the other. What the old link delivers is
/// noted; what the new link brings is kept until the old one is empty, and then delivered without the copies. Messages
/// have no identity but their content, and equal ones are common, such as heartbeats. A message of the new link is a
/// copy only where that is certain: it came while the old server still had the subscription, so that one of the equal
/// messages noted is this one; or a single message was noted that is equal, when the new subscription had long been
/// known. In doubt it is delivered, and may be a double. Messages of queue groups come by one of the two servers only.
/// Thread-safe.
/// </summary>
/// <param name="next">The link that the client moves to.</param>
/// <param name="batch">Delivers what was kept.</param>
internal sealed class MigrationBuffer(Link next, DeliveryBatch batch) : IMigrationBuffer
{
    /// <summary>
    /// The most notes, so that the migration stays within bounds. Without a note, a copy is delivered.
    /// </summary>
    private const int MaxNotes = 1_000_000;

    /// <summary>How much longer a message may take by the old server than by the new one.</summary>
    private static readonly TimeSpan Margin = TimeSpan.FromMilliseconds(100);

    private readonly Gate _gate = new(LockLevel.Migration);
    private readonly Dictionary<(long Sid, ulong Hash), Note> _notes = [];
    private readonly Dictionary<long, Lane> _lanes = [];
    private TimeSpan _leftAt = TimeSpan.MaxValue;
    private bool _isLate;
    private volatile bool _isReleased;

    /// <summary>Is what the new link brings kept?</summary>
    public bool IsKeeping => !_isReleased;

    public bool IsFull
    {
        get
        {
            using var _ = _gate.Enter();
            return _notes.Count >= MaxNotes;
        }
    }

    /// <summary>Does the client move to this link, or away from it?</summary>
    public bool IsNext(Link link) => link == next;

    public void EnterLastMoments()
    {
        using var _ = _gate.Enter();
        _isLate = true;
    }

    public void Leave()
    {
        using var _ = _gate.Enter();
        _leftAt = MonotonicClock.Now;
    }

    public void Release()
    {
        using var _ = _gate.Enter();
        foreach (var lane in _lanes.Values)
        {
            foreach (var message in Empty(lane))
            {
                batch.Count(message.Size);
                batch.Add(lane.Subscription, message);
            }
        }
        batch.End();
        _lanes.Clear();
        _isReleased = true;
    }

    /// <summary>Notes what the old link delivered.</summary>
    public void AddNote(ref ServerOperation operation)
    {
        var key = Key(ref operation);
        using var _ = _gate.Enter();
        if (_notes.TryGetValue(key, out var note) || _notes.Count < MaxNotes)
        {
            _notes[key] = new Note(note.Total + 1, note.Left + 1, _isLate);
        }
    }

    /// <summary>Keeps what the new link brings, as far as the limits of its subscription allow.</summary>
    /// <returns>Messages to deliver now, in order.</returns>
    public IReadOnlyList<NasMessage> Keep(
        NasSubscription subscription,
        NasMessage message,
        ref ServerOperation operation
    )
    {
        var kept = new Kept(message, Key(ref operation), MonotonicClock.Now);
        using var _ = _gate.Enter();
        if (_isReleased)
        {
            return CameAlready(kept, subscription) ? [] : [message];
        }
        if (!_lanes.TryGetValue(subscription.Sid, out var lane))
        {
            _lanes[subscription.Sid] = lane = new Lane(subscription);
        }
        lane.IsOpen |= !lane.HasRoom(message.Size);
        lane.Kept.Add(kept);
        lane.Bytes += message.Size;
        return lane.IsOpen ? Empty(lane) : [];
    }

    /// <summary>Is this message, which came after the release, a copy of one that the old link delivered?</summary>
    public bool IsCopy(NasSubscription? subscription, ref ServerOperation operation)
    {
        var key = Key(ref operation);
        using var _ = _gate.Enter();
        return subscription is not null && CameAlready(new Kept(null!, key, MonotonicClock.Now), subscription);
    }

    // The members below run under the lock.

    private List<NasMessage> Empty(Lane lane)
    {
        List<NasMessage> due = [.. lane.Kept.Where(k => !CameAlready(k, lane.Subscription)).Select(k => k.Message)];
        lane.Kept.Clear();
        lane.Bytes = 0;
        return due;
    }

    private bool CameAlready(Kept kept, NasSubscription subscription)
    {
        if (subscription.QueueGroup is not null || !_notes.TryGetValue(kept.Key, out var note) || note.Left == 0)
        {
            return false;
        }
        // Before the end of the old subscription both servers deliver everything.
        var isCertain = kept.Arrived < _leftAt - Margin;
        if (!isCertain && note is not { Total: 1, IsLate: true })
        {
            return false;
        }
        _notes[kept.Key] = note with { Left = note.Left - 1 };
        return true;
    }

    private static (long Sid, ulong Hash) Key(ref ServerOperation operation)
    {
        var hash = Mix(Mix(14695981039346656037, operation.Subject), operation.ReplyTo);
        return (operation.Sid, Mix(Mix(hash, operation.Headers), operation.Payload));
    }

    // FNV-1a, with the length between the parts.
    private static ulong Mix(ulong hash, ReadOnlySpan<byte> bytes)
    {
        foreach (var b in bytes)
        {
            hash = (hash ^ b) * 1099511628211;
        }
        return (hash ^ (ulong)bytes.Length) * 1099511628211;
    }

    /// <summary>Equal messages that the old link delivered.</summary>
    /// <param name="Total">How many.</param>
    /// <param name="Left">How many of them were not recognized as copies.</param>
    /// <param name="IsLate">Was the last one noted when the new subscription was known in the whole cluster?</param>
    private readonly record struct Note(int Total, int Left, bool IsLate);

    private sealed record Kept(NasMessage Message, (long Sid, ulong Hash) Key, TimeSpan Arrived);

    /// <summary>What is kept for one subscription.</summary>
    private sealed class Lane(NasSubscription subscription)
    {
        public NasSubscription Subscription => subscription;

        public List<Kept> Kept { get; } = [];

        public long Bytes { get; set; }

        /// <summary>There was no room to keep more: what comes is delivered at once.</summary>
        public bool IsOpen { get; set; }

        public bool HasRoom(int size) =>
            Kept.Count < subscription.Limits.MaxPendingMessages && Bytes + size <= subscription.Limits.MaxPendingBytes;
    }
}

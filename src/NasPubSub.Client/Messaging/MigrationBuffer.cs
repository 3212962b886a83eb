using NasPubSub.Connection;
using NasPubSub.Protocol;
using NasPubSub.Threading;

namespace NasPubSub.Messaging;

/// <summary>
/// Removes duplicates while two servers deliver to a client that moves from one to the other. It notes what the old
/// link delivers, keeps what the new link delivers until the old one is empty, and then delivers it without the copies.
/// Messages are identified by their content, and equal ones are common, such as heartbeats. So a message of the new
/// link counts as a copy only if that is certain: it arrived while the old server still had the subscription, or
/// exactly one equal message was noted after the new subscription was known in the whole cluster. In doubt it is
/// delivered, possibly twice. A message for a queue group comes from one of the two servers only.
/// Thread-safe.
/// </summary>
/// <param name="next">The link that the client moves to.</param>
/// <param name="batch">Delivers what was kept.</param>
internal sealed class MigrationBuffer(Link next, DeliveryBatch batch) : IMigrationBuffer
{
    /// <summary>
    /// Notes at most. A message without a note is delivered even if it is a copy.
    /// </summary>
    private const int MaxNotes = 1_000_000;

    /// <summary>How much later a message may arrive from the old server than from the new one.</summary>
    private static readonly TimeSpan Margin = TimeSpan.FromMilliseconds(100);

    private readonly Gate _gate = new(LockLevel.Migration);
    private readonly Dictionary<(long Sid, ulong Hash), Note> _notes = [];
    private readonly Dictionary<long, Lane> _lanes = [];
    private TimeSpan _leftAt = TimeSpan.MaxValue;
    private bool _isLate;
    private volatile bool _isReleased;

    /// <summary>Are messages of the new link kept for now?</summary>
    public bool IsKeeping => !_isReleased;

    public bool IsFull
    {
        get
        {
            using var _ = _gate.Enter();
            return _notes.Count >= MaxNotes;
        }
    }

    /// <summary>Is this the link that the client moves to?</summary>
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

    /// <summary>Keeps a message of the new link, within the limits of its subscription.</summary>
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

        /// <summary>The limits were reached: further messages are delivered at once.</summary>
        public bool IsOpen { get; set; }

        public bool HasRoom(int size) =>
            Kept.Count < subscription.Limits.MaxPendingMessages && Bytes + size <= subscription.Limits.MaxPendingBytes;
    }
}

using NasPubSub.Protocol;

namespace NasPubSub.Connection;

/// <summary>
/// The time in which two servers deliver to one client that moves from the one to the other. What the old link delivered is
/// noted; what the new link brings is held back until the old one is empty, and then delivered without what came already.
/// A copy may be late, on its way between the servers: the notes of the last moments stay a while. Earlier ones do not: from
/// before the new subscription there is no copy, and the note would swallow a later message that looks the same.
/// Messages of queue groups come by one of the two only, and replies are told apart by their request.
/// </summary>
/// <param name="isQueue">Is it a subscription of a queue group?</param>
internal sealed class Overlap(Func<long, bool> isQueue)
{
    /// <summary>So many notes or held messages at most, that the move itself stays within bounds.</summary>
    private const int Most = 1_000_000;

    private readonly object _gate = new();
    private readonly Dictionary<(long Sid, ulong Hash), int> _early = [];
    private readonly Dictionary<(long Sid, ulong Hash), int> _late = [];
    private List<Held>? _held = [];
    private bool _isLate;

    public sealed record Held(long Sid, byte[] Topic, byte[] ReplyTo, byte[] Headers, byte[] Payload, long UtcTicks)
    {
        public ServerOperation ToOperation() => new()
        {
            Kind = OperationKind.Message,
            Sid = Sid,
            Subject = Topic,
            ReplyTo = ReplyTo,
            Headers = Headers,
            Payload = Payload,
        };
    }

    /// <summary>No room to go on: the move must come to its end now.</summary>
    public bool IsFull
    {
        get { lock (_gate) return _early.Count + _late.Count >= Most || _held?.Count >= Most; }
    }

    /// <summary>What is noted from now on may have a copy that is late.</summary>
    public void EnterLastMoments()
    {
        lock (_gate) _isLate = true;
    }

    /// <summary>Notes what the old link delivered.</summary>
    public void Note(ref ServerOperation operation)
    {
        var key = (operation.Sid, Hash(ref operation));
        lock (_gate)
        {
            var notes = _isLate ? _late : _early;
            notes.TryGetValue(key, out var count);
            notes[key] = count + 1;
        }
    }

    /// <summary>Takes what the new link brings: holds it back, or knows it for a copy.</summary>
    /// <returns>False when it is to be delivered.</returns>
    public bool Take(ref ServerOperation operation, long utcTicks)
    {
        lock (_gate)
        {
            if (_held is null) return CameAlready(ref operation);
            _held.Add(new Held(operation.Sid, operation.Subject.ToArray(), operation.ReplyTo.ToArray(), operation.Headers.ToArray(), operation.Payload.ToArray(), utcTicks));
            return true;
        }
    }

    /// <summary>Delivers what was held, in order; the new link waits meanwhile and then delivers by itself.</summary>
    public void Release(Action<Held> deliver)
    {
        lock (_gate)
        {
            foreach (var held in _held ?? [])
            {
                var operation = held.ToOperation();
                if (!CameAlready(ref operation)) deliver(held);
            }
            _held = null;
            _early.Clear();
        }
    }

    private bool CameAlready(ref ServerOperation operation)
    {
        if (isQueue(operation.Sid)) return false;
        var key = (operation.Sid, Hash(ref operation));
        return Strike(_early, key) || Strike(_late, key);
    }

    private static bool Strike(Dictionary<(long Sid, ulong Hash), int> notes, (long Sid, ulong Hash) key)
    {
        if (!notes.TryGetValue(key, out var count)) return false;
        if (count == 1) notes.Remove(key);
        else notes[key] = count - 1;
        return true;
    }

    private static ulong Hash(ref ServerOperation operation) =>
        Mix(Mix(Mix(Mix(14695981039346656037, operation.Subject), operation.ReplyTo), operation.Headers), operation.Payload);

    // FNV-1a, with the length between the parts.
    private static ulong Mix(ulong hash, ReadOnlySpan<byte> bytes)
    {
        foreach (var b in bytes) hash = (hash ^ b) * 1099511628211;
        return (hash ^ (ulong)bytes.Length) * 1099511628211;
    }
}

using NasPubSub.Protocol;

namespace NasPubSub.Connection;

/// <summary>
/// The time in which two servers deliver to one client that moves from the one to the other. What the old link delivered is
/// noted; what the new link brings is held back until the old one is empty, and then delivered without what came already.
/// Messages of queue groups come by one of the two only, and replies are told apart by their request.
/// </summary>
internal sealed class Overlap
{
    /// <summary>So many notes or held messages at most, that the move itself stays within bounds.</summary>
    private const int Most = 1_000_000;

    private readonly object _gate = new();
    private readonly Dictionary<(long Sid, ulong Hash), int> _seen = [];
    private List<Held>? _held = [];

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
        get { lock (_gate) return _seen.Count >= Most || _held?.Count >= Most; }
    }

    /// <summary>Notes what the old link delivered.</summary>
    public void Note(ref ServerOperation operation)
    {
        var key = (operation.Sid, Hash(ref operation));
        lock (_gate)
        {
            _seen.TryGetValue(key, out var count);
            _seen[key] = count + 1;
        }
    }

    /// <returns>False once the new link delivers by itself.</returns>
    public bool Hold(ref ServerOperation operation, long utcTicks)
    {
        lock (_gate)
        {
            if (_held is null) return false;
            _held.Add(new Held(operation.Sid, operation.Subject.ToArray(), operation.ReplyTo.ToArray(), operation.Headers.ToArray(), operation.Payload.ToArray(), utcTicks));
            return true;
        }
    }

    /// <summary>Delivers what was held, in order; the new link waits meanwhile and then delivers by itself.</summary>
    /// <param name="deliver">Takes one message.</param>
    /// <param name="isQueue">Is it a subscription of a queue group?</param>
    public void Release(Action<Held> deliver, Func<long, bool> isQueue)
    {
        lock (_gate)
        {
            foreach (var held in _held ?? [])
            {
                var operation = held.ToOperation();
                var key = (held.Sid, Hash(ref operation));
                if (!isQueue(held.Sid) && _seen.TryGetValue(key, out var count) && count > 0) _seen[key] = count - 1;
                else deliver(held);
            }
            _held = null;
            _seen.Clear();
        }
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

namespace NasPubSub.JetStream.Copying;

/// <summary>
/// What an earlier copy has done, read from the ids at the end of the destination. Messages of one window may have been
/// stored in another order, or not at all, when it ended; so what its last window lacks is copied again.
/// </summary>
internal sealed class CopiedBefore
{
    private readonly Dictionary<ulong, HashSet<int>> _parts = [];

    private CopiedBefore(ulong from) => From = from;

    /// <summary>The first sequence of the source that may not have been copied.</summary>
    public ulong From { get; private set; }

    /// <summary>Is this part of a message there already?</summary>
    public bool Has(ulong sequence, int part) => _parts.TryGetValue(sequence, out var parts) && parts.Contains(part);

    public static async Task<CopiedBefore> FindAsync(
        NasStoredMessages messages,
        NasStream destination,
        string prefix,
        int window,
        CancellationToken cancel
    )
    {
        var found = new CopiedBefore(1);
        var (end, width, count) = (destination.LastSequence, (ulong)window * 2, 0);
        ulong last = 0;
        while (destination.Messages > 0 && count < window * 2 && end >= destination.FirstSequence && end > 0)
        {
            var start = end - destination.FirstSequence < width ? destination.FirstSequence : end - width + 1;
            var range = new NasMessageRange
            {
                FromSequence = start,
                ToSequence = end,
                // A copy of the stream may not have the last ones yet.
                FromLeader = destination.Replicas > 1,
            };
            await foreach (
                var message in messages.GetRangeAsync(destination.Stream, range, cancel).ConfigureAwait(false)
            )
            {
                if (message.HasHeaders && CopyId.Parse(prefix, message.Headers["Nats-Msg-Id"]) is { } id)
                {
                    found.Add(id);
                    last = Math.Max(last, id.Sequence);
                    count++;
                }
            }
            (end, width) = (start - 1, width * 4);
        }
        if (count > 0)
        {
            var first = found._parts.Keys.Min();
            found.From = Math.Max(first, last >= (ulong)window ? last - (ulong)window + 1 : 1);
        }
        return found;
    }

    private void Add(CopyId id)
    {
        if (!_parts.TryGetValue(id.Sequence, out var parts))
        {
            _parts[id.Sequence] = parts = [];
        }
        parts.Add(id.Part);
    }
}

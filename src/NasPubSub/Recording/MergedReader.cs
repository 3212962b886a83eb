namespace NasPubSub.Recording;

/// <summary>
/// What several subscriptions of one connection receive, in the order of the messages' times, which is that of their
/// arrival. A message that several of them get comes once. One reads at a time.
/// </summary>
internal sealed class MergedReader(IReadOnlyList<NasSubscription> subscriptions)
{
    /// <summary>
    /// How many milliseconds a message may take from its arrival to the reader: longer than any pause of the thread
    /// pool.
    /// </summary>
    private const int SettleLimit = 2000;

    private readonly Task<NasMessage?>[] _heads =
    [
        .. subscriptions.Skip(subscriptions.Count == 1 ? 1 : 0).Select(Next),
    ];

    private readonly long[] _taken = new long[subscriptions.Count];

    /// <summary>Have all ended, and is everything read?</summary>
    public bool IsCompleted =>
        _heads.Length == 0
            ? subscriptions[0].IsCompleted
            : Array.TrueForAll(_heads, h => h.Status == TaskStatus.RanToCompletion && h.Result is null);

    /// <summary>Blocks until there is a message, the end, or the time-out.</summary>
    /// <returns>How many messages were taken.</returns>
    /// <exception cref="OperationCanceledException">By <paramref name="cancel"/>.</exception>
    public int Read(NasMessage[] to, TimeSpan timeout, CancellationToken cancel)
    {
        if (_heads.Length == 0)
        {
            return subscriptions[0].Read(to, timeout, cancel);
        }
        var open = Array.FindAll(_heads, h => h.Status != TaskStatus.RanToCompletion || h.Result is not null);
        if (open.Length == 0 || Task.WaitAny(open, (int)timeout.TotalMilliseconds, cancel) < 0)
        {
            return 0;
        }
        var taken = 0;
        while (taken < to.Length && Earliest() is var i and >= 0)
        {
            var message = _heads[i].Result!;
            _taken[i]++;
            _heads[i] = Next(subscriptions[i]);
            if (IsFirstOf(i, message))
            {
                to[taken++] = message;
            }
        }
        return taken;
    }

    /// <summary>No token ends it: the end of the subscription does.</summary>
    private static Task<NasMessage?> Next(NasSubscription subscription) =>
        subscription.ReadAsync(CancellationToken.None).AsTask();

    /// <returns>Which subscription has the earliest message; -1 where none has one.</returns>
    private int Earliest()
    {
        var earliest = EarliestHead(out var isAnyEmpty);
        // Meanwhile an earlier one may have arrived for a subscription that had none.
        return earliest >= 0 && isAnyEmpty ? EarliestHead(out _) : earliest;
    }

    private int EarliestHead(out bool isAnyEmpty)
    {
        isAnyEmpty = false;
        var earliest = -1;
        for (var i = 0; i < _heads.Length; i++)
        {
            Settle(i);
            isAnyEmpty |= !_heads[i].IsCompleted;
            if (
                _heads[i] is { Status: TaskStatus.RanToCompletion, Result: { } message }
                && (earliest < 0 || message.Timestamp < _heads[earliest].Result!.Timestamp)
            )
            {
                earliest = i;
            }
        }
        return earliest;
    }

    /// <summary>A message that has arrived, and is on its way through the task, may be the earliest.</summary>
    private void Settle(int index)
    {
        var head = _heads[index];
        if (!head.IsCompleted)
        {
            SpinWait.SpinUntil(() => head.IsCompleted || !HasMore(index), SettleLimit);
        }
    }

    private bool HasMore(int index) =>
        subscriptions[index].Delivered - subscriptions[index].Dropped > _taken[index];

    /// <summary>The server sends a message once for each subscription that matches.</summary>
    private bool IsFirstOf(int index, NasMessage message)
    {
        for (var i = 0; i < index; i++)
        {
            if (NasSubject.Matches(subscriptions[i].Topic, message.Topic))
            {
                return false;
            }
        }
        return true;
    }
}

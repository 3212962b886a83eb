namespace NasPubSub.Benchmarks.Rows;

/// <summary>
/// Tells when every subscription has had what it was to get. Each counts for itself, as handlers may run side by side.
/// </summary>
internal sealed class Arrivals
{
    private readonly Tally[] _tallies;
    private TaskCompletionSource _all = new();
    private int _open;

    public Arrivals(int subscriptions) =>
        _tallies = [.. Enumerable.Range(0, subscriptions).Select(_ => new Tally(this))];

    public Tally this[int subscription] => _tallies[subscription];

    public Task Expect(int each)
    {
        _all = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _open = _tallies.Length;
        foreach (var tally in _tallies)
        {
            tally.Left = each;
        }

        return _all.Task;
    }

    private void Complete()
    {
        if (Interlocked.Decrement(ref _open) == 0)
        {
            _all.TrySetResult();
        }
    }

    public sealed class Tally(Arrivals arrivals)
    {
        public int Left { get; set; }

        /// <summary>What a handler looked at, so that no compiler drops the look.</summary>
        public long Seen { get; set; }

        public void Add(int seen)
        {
            Seen += seen;
            if (--Left == 0)
            {
                arrivals.Complete();
            }
        }
    }
}

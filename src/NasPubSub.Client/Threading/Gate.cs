using System.Runtime.CompilerServices;

namespace NasPubSub.Threading;

/// <summary>
/// A lock with a place in the order of <see cref="LockLevel"/>. In debug builds, taking one out of order throws; in
/// release builds this is what the lock statement does.
/// </summary>
internal class Gate(LockLevel level)
{
#if DEBUG
    [ThreadStatic]
    private static List<Gate>? s_held;
#endif

    public LockLevel Level => level;

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public Holder Enter()
    {
#if DEBUG
        CheckOrder();
#endif
        Monitor.Enter(this);
#if DEBUG
        (s_held ??= []).Add(this);
#endif
        return new Holder(this);
    }

    /// <summary>Wakes every thread in <see cref="Wait"/>. The caller holds the lock.</summary>
    public void PulseAll() => Monitor.PulseAll(this);

    /// <summary>Gives the lock up until somebody calls <see cref="PulseAll"/>, or the time is over.</summary>
    /// <param name="timeout">The longest wait; infinite with <see cref="Timeout.InfiniteTimeSpan"/>.</param>
    /// <returns>False when the time is over.</returns>
    public bool Wait(TimeSpan timeout) => Monitor.Wait(this, timeout);

    public readonly ref struct Holder(Gate gate)
    {
        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Dispose()
        {
#if DEBUG
            s_held!.RemoveAt(s_held.LastIndexOf(gate));
#endif
            Monitor.Exit(gate);
        }
    }

#if DEBUG
    private void CheckOrder()
    {
        foreach (var held in s_held ?? [])
        {
            if (held != this && held.Level >= Level)
            {
                throw new InvalidOperationException($"{Level} is locked by a thread that holds {held.Level}.");
            }
        }
    }
#endif
}

namespace NasPubSub.Connection;

/// <summary>Counts the answers to PINGs that the network has not taken. Thread-safe.</summary>
internal sealed class PongLimit
{
    private const int MaxUnsent = 1000;

    private int _unsent;

    /// <returns>False where so many wait that there is to be no more.</returns>
    public bool TryAdd() => Interlocked.Increment(ref _unsent) <= MaxUnsent;

    /// <summary>The write loop took them.</summary>
    public void Clear() => Volatile.Write(ref _unsent, 0);
}

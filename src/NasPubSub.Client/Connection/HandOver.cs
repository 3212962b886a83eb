using System.Runtime.CompilerServices;

namespace NasPubSub.Connection;

/// <summary>
/// Waits for bytes, and gives the thread that waits to the work the last bytes brought: waking another thread for it takes longer than
/// most requests' work. The read loop itself goes on in whatever thread the next bytes wake, so nothing holds it up.
/// </summary>
internal readonly struct HandOver(ValueTask<int> receiving, PoolWork work) : ICriticalNotifyCompletion
{
    private readonly ConfiguredValueTaskAwaitable<int>.ConfiguredValueTaskAwaiter _awaiter = receiving.ConfigureAwait(false).GetAwaiter();

    public bool IsCompleted
    {
        get
        {
            if (!_awaiter.IsCompleted) return false;
            work.Queue();
            return true;
        }
    }

    public HandOver GetAwaiter() => this;

    public int GetResult() => _awaiter.GetResult();

    public void OnCompleted(Action goOn) => UnsafeOnCompleted(goOn);

    public void UnsafeOnCompleted(Action goOn)
    {
        _awaiter.UnsafeOnCompleted(goOn);
        work.Run();
    }
}

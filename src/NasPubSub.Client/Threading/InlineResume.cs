using System.Runtime.CompilerServices;

namespace NasPubSub.Threading;

/// <summary>
/// Awaits bytes and, while it waits, gives its thread to the work that the last bytes brought: waking another thread
/// takes longer than most requests do. The loop itself continues on the thread that the next bytes wake.
/// </summary>
internal readonly struct InlineResume(ValueTask<int> receiving, PoolWork work) : ICriticalNotifyCompletion
{
    private readonly ConfiguredValueTaskAwaitable<int>.ConfiguredValueTaskAwaiter _awaiter = receiving
        .ConfigureAwait(false)
        .GetAwaiter();

    public bool IsCompleted
    {
        get
        {
            if (!_awaiter.IsCompleted)
            {
                return false;
            }
            work.Queue();
            return true;
        }
    }

    public InlineResume GetAwaiter() => this;

    public int GetResult() => _awaiter.GetResult();

    public void OnCompleted(Action continuation) => UnsafeOnCompleted(continuation);

    public void UnsafeOnCompleted(Action continuation)
    {
        _awaiter.UnsafeOnCompleted(continuation);
        work.Run();
    }
}

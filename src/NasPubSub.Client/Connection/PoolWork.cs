namespace NasPubSub.Connection;

/// <summary>Work for a thread of the pool; to queue it allocates nothing.</summary>
internal abstract class PoolWork
#if !NETSTANDARD2_0
    : IThreadPoolWorkItem
#endif
{
    public abstract void Run();

    /// <summary>Runs it behind what waits for a thread already.</summary>
    public void Queue() =>
#if NETSTANDARD2_0
        ThreadPool.UnsafeQueueUserWorkItem(static work => ((PoolWork)work!).Run(), this);
#else
        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);

    void IThreadPoolWorkItem.Execute() => Run();
#endif
}

namespace NasPubSub.Threading;

/// <summary>Work for a thread of the pool. Queueing it allocates nothing.</summary>
internal abstract class PoolWork
#if !NETSTANDARD2_0
    : IThreadPoolWorkItem
#endif
{
    public abstract void Run();

    /// <summary>Runs it after the work that already waits for a thread.</summary>
    public void Queue() =>
#if NETSTANDARD2_0
        ThreadPool.UnsafeQueueUserWorkItem(static work => ((PoolWork)work!).Run(), this);
#else
        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);

    void IThreadPoolWorkItem.Execute() => Run();
#endif
}

namespace NasPubSub.Threading;

/// <summary>For tasks that nobody may await any more, since the wait timed out or was cancelled.</summary>
internal static class Observing
{
    /// <summary>
    /// Fails the task. Its error counts as observed, even if nobody awaits it any more.
    /// </summary>
    public static void Fail<T>(this TaskCompletionSource<T> source, Exception error)
    {
        if (source.TrySetException(error))
        {
            _ = source.Task.Exception;
        }
    }

    /// <summary>Observes a failure of the task, in case its wait is given up.</summary>
    public static Task Observed(this Task task)
    {
        Observe(task);
        return task;
    }

    /// <inheritdoc cref="Observed(Task)"/>
    public static Task<T> Observed<T>(this Task<T> task)
    {
        Observe(task);
        return task;
    }

    private static void Observe(Task task)
    {
        if (!task.IsCompleted)
        {
            task.ContinueWith(
                static t => _ = t.Exception,
                CancellationToken.None,
                TaskContinuationOptions.OnlyOnFaulted | TaskContinuationOptions.ExecuteSynchronously,
                TaskScheduler.Default
            );
        }
    }
}

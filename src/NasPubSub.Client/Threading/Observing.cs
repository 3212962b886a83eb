namespace NasPubSub.Threading;

/// <summary>For tasks that nobody may await any more, since the wait timed out or was cancelled.</summary>
internal static class Observing
{
    /// <summary>
    /// Fails the task; whoever still awaits it gets the error, and nobody else hears of it as unobserved.
    /// </summary>
    public static void Fail<T>(this TaskCompletionSource<T> source, Exception error)
    {
        if (source.TrySetException(error))
        {
            _ = source.Task.Exception;
        }
    }

    /// <summary>Looks at the task's failure, should its wait be given up.</summary>
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

namespace NasPubSub.Benchmarks.Shell;

/// <summary>
/// What scripts count with, in whatever runspace they run; public, since the engine calls public members only.
/// </summary>
public static class ShellCounter
{
    private static TaskCompletionSource _all = new();
    private static int _left;

    /// <summary>Counts one.</summary>
    public static void Add()
    {
        if (Interlocked.Decrement(ref _left) == 0)
        {
            _all.TrySetResult();
        }
    }

    internal static Task Expect(int count)
    {
        _all = new(TaskCreationOptions.RunContinuationsAsynchronously);
        _left = count;
        return _all.Task;
    }
}

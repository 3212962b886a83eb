namespace NasPubSub.Daemon;

/// <summary>Whether the current thread runs an action, which cannot wait for itself to end.</summary>
internal static class ActionThread
{
    [ThreadStatic]
    private static int _depth;

    public static bool IsCurrent => _depth > 0;

    public static void Enter() => _depth++;

    public static void Leave() => _depth--;
}

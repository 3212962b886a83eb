namespace NasPubSub.Receiving;

/// <summary>
/// What a receiving cmdlet tells those behind it in the pipeline: that it waits after the message that it outputs now,
/// so no further object may come for long. For the thread of the pipeline.
/// </summary>
internal static class LastAtHand
{
    [ThreadStatic]
    private static bool _isOutput;

    /// <summary>Is a message output after which none is at hand?</summary>
    public static bool IsOutput
    {
        get => _isOutput;
        set => _isOutput = value;
    }
}

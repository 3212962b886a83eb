namespace NasPubSub.Receiving;

/// <summary>An object that is published for a message of a consumer. Thread-safe.</summary>
/// <param name="input">The object.</param>
/// <param name="message">The message.</param>
/// <param name="connection">Where its acknowledgement goes.</param>
internal sealed class HeldInput(object? input, HeldMessage message, NasConnection connection)
{
    private static readonly TimeSpan MostWait = TimeSpan.FromSeconds(1);

    private int _isReleased;

    public object? Input { get; } = input;

    public NasConnection Connection { get; } = connection;

    /// <summary>The object is stored, or it is not; the first call counts.</summary>
    public void Release(bool isStored)
    {
        if (Interlocked.Exchange(ref _isReleased, 1) == 0)
        {
            message.Release(isStored);
        }
    }

    /// <summary>Releases several, and waits until the server has their acknowledgements.</summary>
    public static Task ReleaseAsync(IReadOnlyCollection<HeldInput> inputs, bool isStored)
    {
        foreach (var input in inputs)
        {
            input.Release(isStored);
        }
        return FlushAsync(inputs.FirstOrDefault()?.Connection);
    }

    /// <summary>Waits until the server has the acknowledgements that were sent.</summary>
    public static async Task FlushAsync(NasConnection? connection)
    {
        try
        {
            await (connection?.PingAsync(MostWait) ?? Task.CompletedTask).ConfigureAwait(false);
        }
        catch (NasException)
        {
            // What it has not got it delivers again.
        }
    }
}

using NasPubSub.Threading;

namespace NasPubSub.Connection;

/// <summary>
/// A PING on its way. Its PONG says that the server has processed everything that was written before it.
/// </summary>
/// <param name="waiter">Gets the round-trip time; may be null.</param>
/// <param name="published">Messages written before it.</param>
internal sealed class Fence(TaskCompletionSource<TimeSpan>? waiter, long published)
{
    private readonly TimeSpan _sent = MonotonicClock.Now;

    public long Published => published;

    public TimeSpan Age => MonotonicClock.Now - _sent;

    /// <summary>Its PONG came.</summary>
    public void Complete() => waiter?.TrySetResult(Age);

    /// <summary>Its connection broke.</summary>
    public void Fail() => Fail(waiter);

    /// <summary>Ends a fence that was never written.</summary>
    public static void Fail(TaskCompletionSource<TimeSpan>? waiter) =>
        waiter?.Fail(new NasException(NasError.ConnectionLost, "The connection broke before the server answered."));
}

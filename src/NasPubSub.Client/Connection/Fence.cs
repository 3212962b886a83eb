using System.Diagnostics;

namespace NasPubSub.Connection;

/// <summary>A PING on its way: when its PONG comes, the server has processed all that was written before.</summary>
internal sealed class Fence(TaskCompletionSource<TimeSpan>? waiter, long published)
{
    private readonly long _sent = Stopwatch.GetTimestamp();

    /// <summary>Messages written before this PING.</summary>
    public long Published { get; } = published;

    public TimeSpan Age => TimeSpan.FromSeconds((Stopwatch.GetTimestamp() - _sent) / (double)Stopwatch.Frequency);

    public void Arrived() => waiter?.TrySetResult(Age);

    public void Failed(Exception error) => waiter?.Fail(error);
}

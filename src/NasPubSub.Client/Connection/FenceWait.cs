using NasPubSub.Threading;

namespace NasPubSub.Connection;

/// <summary>Waits for the PONG of a fence.</summary>
internal static class FenceWait
{
    /// <summary>Waits until the server has processed everything that was written before.</summary>
    /// <returns>The round-trip time.</returns>
    /// <exception cref="TimeoutException">The PONG did not come in time.</exception>
    /// <exception cref="NasException">NotConnected, ConnectionLost, ConnectionClosed.</exception>
    public static async Task<TimeSpan> FenceAsync(this SendBuffer buffer, Deadline deadline, CancellationToken cancel)
    {
        var pong = new TaskCompletionSource<TimeSpan>(TaskCreationOptions.RunContinuationsAsynchronously);
        buffer.WriteFence(default, pong);
        return await pong.Task.WaitAsync(deadline.Left, cancel).ConfigureAwait(false);
    }
}

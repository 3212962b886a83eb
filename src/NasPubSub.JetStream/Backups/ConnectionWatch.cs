using NasPubSub.Threading;

namespace NasPubSub.JetStream.Backups;

/// <summary>
/// Notices that the connection of a transfer broke: what was on the way is lost then, and the transfer with it.
/// </summary>
/// <param name="connection">The connection; it is connected.</param>
/// <param name="what">The transfer, as in "the backup of 'orders'".</param>
internal sealed class ConnectionWatch(NasConnection connection, string what)
{
    /// <summary>How often a connection is looked at that delivers nothing.</summary>
    private static readonly TimeSpan Slice = TimeSpan.FromMilliseconds(250);

    private readonly long _reconnects = connection.Statistics.Reconnects;

    /// <exception cref="NasException">ConnectionLost.</exception>
    public void Check()
    {
        if (!connection.IsConnected || connection.Statistics.Reconnects != _reconnects)
        {
            throw new NasException(NasError.ConnectionLost, $"The connection broke during {what}.");
        }
    }

    /// <summary>Waits for an operation as long as the connection stands.</summary>
    /// <param name="task">The operation.</param>
    /// <param name="timeout">How long it may take.</param>
    /// <param name="cancel">Ends the wait.</param>
    /// <exception cref="NasException">ConnectionLost. Timeout. Or that of the operation.</exception>
    public async Task<T> WaitAsync<T>(Task<T> task, TimeSpan timeout, CancellationToken cancel)
    {
        var limit = Deadline.In(timeout);
        while (!task.IsCompleted)
        {
            using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancel);
            var isDone = await Task.WhenAny(task, Task.Delay(Slice, stop.Token)).ConfigureAwait(false) == task;
            stop.Cancel();
            cancel.ThrowIfCancellationRequested();
            if (isDone)
            {
                break;
            }
            Check();
            if (limit.IsPast)
            {
                var seconds = timeout.TotalSeconds;
                throw new NasException(NasError.Timeout, $"The server was silent for {seconds:0.###} s during {what}.");
            }
        }
        return await task.ConfigureAwait(false);
    }
}

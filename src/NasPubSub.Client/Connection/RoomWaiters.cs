using NasPubSub.Threading;

namespace NasPubSub.Connection;

/// <summary>Publishers that wait for room in a send buffer. Thread-safe, by the buffer's own lock.</summary>
/// <param name="gate">The buffer's lock.</param>
/// <param name="mayHaveRoom">Is it worth trying to write so many bytes? Called under the lock.</param>
internal sealed class RoomWaiters(Gate gate, Func<int, bool> mayHaveRoom)
{
    private int _blocked;
    private TaskCompletionSource<bool>? _room;

    /// <summary>Blocks until there may be room.</summary>
    /// <exception cref="NasException">BufferFull: there was none in time.</exception>
    public void Wait(int need, Deadline deadline, CancellationToken cancel)
    {
        using var registration = cancel.Register(static w => ((RoomWaiters)w!).Interrupt(), this);
        using (gate.Enter())
        {
            cancel.ThrowIfCancellationRequested();
            if (!mayHaveRoom(need) && !Block(deadline))
            {
                throw Full("did not empty in time");
            }
            cancel.ThrowIfCancellationRequested();
        }
    }

    /// <summary>Waits until there may be room, without a thread.</summary>
    /// <exception cref="NasException">BufferFull: there was none in time.</exception>
    public async Task WaitAsync(int need, Deadline deadline, CancellationToken cancel)
    {
        Task room;
        using (gate.Enter())
        {
            if (mayHaveRoom(need))
            {
                return;
            }
            room = (_room ??= new(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
        }
        try
        {
            await room.WaitAsync(deadline.Left, cancel).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            throw Full("did not empty in time");
        }
    }

    /// <summary>There may be room: everybody looks again. Called under the lock.</summary>
    public void Release()
    {
        if (_blocked > 0)
        {
            gate.PulseAll();
        }
        _room?.TrySetResult(true);
        _room = null;
    }

    public static NasException Full(string why) =>
        new(NasError.BufferFull, $"The send buffer {why}; the message was not sent.");

    /// <returns>False when the time is over.</returns>
    private bool Block(Deadline deadline)
    {
        if (deadline.IsPast)
        {
            return false;
        }
        _blocked++;
        try
        {
            return gate.Wait(deadline.Left);
        }
        finally
        {
            _blocked--;
        }
    }

    private void Interrupt()
    {
        using (gate.Enter())
        {
            gate.PulseAll();
        }
    }
}

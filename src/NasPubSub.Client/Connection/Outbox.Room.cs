using NasPubSub.Messaging;
using NasPubSub.Protocol;

namespace NasPubSub.Connection;

/// <summary>The limit of what waits to be sent.</summary>
internal sealed partial class Outbox
{
    /// <summary>Blocks until there may be room.</summary>
    /// <exception cref="NasException">BufferFull: there was none in time.</exception>
    public void WaitForRoom(int need, Deadline deadline, CancellationToken cancel)
    {
        using var registration = cancel.Register(static gate => { lock (gate!) Monitor.PulseAll(gate!); }, _gate);
        lock (_gate)
        {
            cancel.ThrowIfCancellationRequested();
            if (IsFree(need)) return;
            var left = Deadline.Left(deadline);
            _blocked++;
            try
            {
                if (left == TimeSpan.Zero || !Monitor.Wait(_gate, left)) throw Full("did not empty in time");
            }
            finally
            {
                _blocked--;
            }
            cancel.ThrowIfCancellationRequested();
        }
    }

    /// <summary>Waits until there may be room, without a thread.</summary>
    /// <exception cref="NasException">BufferFull: there was none in time.</exception>
    public async Task WaitForRoomAsync(int need, Deadline deadline, CancellationToken cancel)
    {
        Task room;
        lock (_gate)
        {
            if (IsFree(need)) return;
            room = (_room ??= new(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
        }
        try
        {
            await room.WaitAsync(Deadline.Left(deadline), cancel).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            throw Full("did not empty in time");
        }
    }

    private bool IsFree(int need) =>
        _refused is not null || _link is null || _filled == 0 || _filled + need <= options.SendBufferBytes;

    private bool HasRoom(int most)
    {
        if (_refused is not null) throw _refused;
        if (_link is null)
        {
            if (_filled + most > options.ReconnectBufferBytes) throw Full("is full while the connection is broken");
        }
        else if (_filled + most > options.SendBufferBytes && _filled > 0)
        {
            return false;
        }
        Reserve(most);
        return true;
    }

    private void Reserve(int more)
    {
        if (_filling.Length - _filled >= more) return;
        Array.Resize(ref _filling, (int)Math.Min(int.MaxValue - 64, Math.Max((long)_filling.Length * 2, (long)_filled + more)));
    }

    /// <summary>A buffer grown for large messages goes when they are over: what is to be sent now would need far less.</summary>
    private void Trim(ref byte[] buffer)
    {
        if (buffer.Length > 2 * Math.Max(options.SendBufferBytes, InitialBytes) && _filled < buffer.Length / 4) buffer = new byte[InitialBytes];
    }

    private void FreeRoom()
    {
        if (_blocked > 0) Monitor.PulseAll(_gate);
        _room?.TrySetResult(true);
        _room = null;
    }

    private NasException Full(string why) => new(NasError.BufferFull, $"The buffer of messages to send {why}; nothing of this message was sent.");

    private static NasException TooLarge(PublishHead head, long size, long max) =>
        new(NasError.PayloadTooLarge, $"The message on '{head.Topic}' has {size:N0} bytes with its headers; the server takes {max:N0}.") { Target = head.Subject };
}

namespace NasPubSub.Connection;

/// <summary>When a message is to leave: from this thread, with the write loop's next turn, or together with those of the next millisecond.</summary>
internal enum Haste { Now, Soon, Together }

/// <summary>Messages that leave together, for those who publish a stream of them and wait for none.</summary>
internal sealed partial class Outbox
{
    private readonly int _goodWrite = Math.Min(16 * 1024, options.SendBufferBytes / 2);
    private Timer? _gathering;
    private bool _isGathering;

    /// <summary>Is there something that waits for no more?</summary>
    private bool _isDue;

    /// <summary>Sends what was gathered: no more comes.</summary>
    public void Hasten()
    {
        WriteSignal? wake;
        lock (_gate)
        {
            if (_filled == 0) return;
            wake = TakeWake();
        }
        wake?.Queue();
    }

    /// <summary>
    /// May what was just written wait for more? The first after a calm millisecond may not; from then on for a millisecond, or
    /// until there is enough for a good write. Many small writes take from a stream of messages more than they give it.
    /// </summary>
    private bool Gathers()
    {
        if (_isGathering) return _filled < _goodWrite;
        _isGathering = true;
        (_gathering ??= new Timer(static o => ((Outbox)o!).OnGathered(), this, Timeout.Infinite, Timeout.Infinite)).Change(1, 1);
        return false;
    }

    private void OnGathered()
    {
        WriteSignal? wake;
        lock (_gate)
        {
            if (_closed is not null) return;
            if (_filled == 0 || _link is null)
            {
                _isGathering = false;
                _gathering!.Change(Timeout.Infinite, Timeout.Infinite);
                return;
            }
            wake = TakeWake();
        }
        wake?.Queue();
    }
}

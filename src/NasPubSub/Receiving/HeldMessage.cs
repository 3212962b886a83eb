namespace NasPubSub.Receiving;

/// <summary>
/// A message whose acknowledgement waits for its output and for what is published for it. Thread-safe.
/// </summary>
internal sealed class HeldMessage(NasMessage message, Action<HeldMessage> onSettled)
{
    private int _open = 1;
    private volatile bool _isRefused;

    public NasMessage Message { get; } = message;

    public bool IsSettled => Volatile.Read(ref _open) == 0;

    public bool IsStored => !_isRefused;

    public void Add() => Interlocked.Increment(ref _open);

    public void Release(bool isStored)
    {
        if (!isStored)
        {
            _isRefused = true;
        }
        if (Interlocked.Decrement(ref _open) == 0)
        {
            onSettled(this);
        }
    }
}

namespace NasPubSub.Messaging;

/// <summary>What a connection received and dropped since it was made. Thread-safe.</summary>
internal sealed class TrafficCounter
{
    private long _messages,
        _bytes,
        _dropped;

    public long Messages => Interlocked.Read(ref _messages);

    public long Bytes => Interlocked.Read(ref _bytes);

    public long Dropped => Interlocked.Read(ref _dropped);

    public void AddReceived(long messages, long bytes)
    {
        Interlocked.Add(ref _messages, messages);
        Interlocked.Add(ref _bytes, bytes);
    }

    /// <summary>Takes over what another connection counted.</summary>
    public void Add(TrafficCounter other)
    {
        AddReceived(other.Messages, other.Bytes);
        AddDropped(other.Dropped);
    }

    public void AddDropped(long messages = 1) => Interlocked.Add(ref _dropped, messages);
}

namespace NasPubSub.Jobs;

/// <summary>
/// The reply subjects that an action answered last, on the wire: a denial for one of them is an error of its job. One
/// thread adds; any thread may look, which happens only when the server denies something.
/// </summary>
internal sealed class ReplySubjects
{
    /// <summary>A server answers within milliseconds, so older subjects are overwritten. A power of two.</summary>
    private const int Capacity = 1024;

    private string?[]? _topics;
    private int _next;

    /// <summary>Has there been a reply?</summary>
    public bool Any => Volatile.Read(ref _topics) is not null;

    public void Add(string topic)
    {
        var topics = _topics ?? Create();
        Volatile.Write(ref topics[_next++ & (Capacity - 1)], topic);
    }

    public bool Contains(string topic) =>
        Volatile.Read(ref _topics) is { } topics && Array.IndexOf(topics, topic) >= 0;

    private string?[] Create()
    {
        var topics = new string?[Capacity];
        Volatile.Write(ref _topics, topics);
        return topics;
    }
}

namespace NasPubSub.Jobs;

/// <summary>
/// The reply subjects a job has answered last, on the wire: what the server says of one of them is the job's affair.
/// </summary>
internal sealed class ReplySubjects
{
    /// <summary>A server answers within milliseconds: older ones are forgotten.</summary>
    private const int Most = 1024;

    private readonly Queue<string> _order = new();
    private readonly HashSet<string> _topics = [];

    public bool IsEmpty
    {
        get
        {
            lock (_order)
            {
                return _order.Count == 0;
            }
        }
    }

    public void Add(string topic)
    {
        lock (_order)
        {
            if (!_topics.Add(topic))
            {
                return;
            }

            _order.Enqueue(topic);
            if (_order.Count > Most)
            {
                _topics.Remove(_order.Dequeue());
            }
        }
    }

    public bool Contains(string topic)
    {
        lock (_order)
        {
            return _topics.Contains(topic);
        }
    }
}

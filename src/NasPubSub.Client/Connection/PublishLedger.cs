namespace NasPubSub.Connection;

/// <summary>
/// Counts messages from the publish call to the PONG that confirms them. Written under the send buffer's lock, except
/// for <see cref="Confirm"/>; read from any thread.
/// </summary>
internal sealed class PublishLedger
{
    private long _published,
        _tracked,
        _bytes,
        _confirmed,
        _unconfirmed,
        _leftOut;

    /// <summary>
    /// Messages published, including those still buffered, except for those whose sender waits for a reply to each.
    /// </summary>
    public long Published => Interlocked.Read(ref _published);

    /// <summary>Messages whose sender waits for a reply to each, and sends them again after a break.</summary>
    public long Tracked => Interlocked.Read(ref _tracked);

    /// <summary>Bytes of their payloads and headers.</summary>
    public long Bytes => Interlocked.Read(ref _bytes);

    /// <summary>
    /// An upper bound of lost messages: sent over a connection that broke before the server confirmed them, or left
    /// out.
    /// </summary>
    public long Unconfirmed => Interlocked.Read(ref _unconfirmed);

    /// <summary>Buffered messages that were never sent, since the next server does not take them.</summary>
    public long LeftOut => Interlocked.Read(ref _leftOut);

    public void AddPublished(int bytes)
    {
        _published++;
        _bytes += bytes;
    }

    /// <summary>A break loses none of these: no fence stands behind them.</summary>
    public void AddTracked(int bytes)
    {
        _tracked++;
        _bytes += bytes;
    }

    /// <summary>Messages that the server has processed.</summary>
    public long Confirmed => Interlocked.Read(ref _confirmed);

    /// <summary>The PONG behind so many messages came. From any thread.</summary>
    public void Confirm(long published)
    {
        for (var before = Confirmed; published > before;)
        {
            var found = Interlocked.CompareExchange(ref _confirmed, published, before);
            if (found == before)
            {
                return;
            }
            before = found;
        }
    }

    /// <summary>The connection broke: everything sent over it and not confirmed may be lost.</summary>
    /// <param name="kept">Messages that were not sent, and wait for the next connection.</param>
    public void Break(int kept)
    {
        var given = _published - kept;
        _unconfirmed += Math.Max(0, given - Confirmed);
        Interlocked.Exchange(ref _confirmed, given);
    }

    /// <summary>
    /// Kept messages that the next server does not accept. They are counted as lost once.
    /// </summary>
    public void LeaveOut(int messages)
    {
        _leftOut += messages;
        _unconfirmed += messages;
        Interlocked.Add(ref _confirmed, messages);
    }
}

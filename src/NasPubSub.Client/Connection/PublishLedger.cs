namespace NasPubSub.Connection;

/// <summary>
/// Counts messages from the call that publishes them to the PONG behind them. Written under the send buffer's lock, but
/// for <see cref="Confirm"/>; read from any thread.
/// </summary>
internal sealed class PublishLedger
{
    private long _published,
        _bytes,
        _confirmed,
        _unconfirmed,
        _leftOut;

    /// <summary>Messages published, those that still wait in the buffer included.</summary>
    public long Published => Interlocked.Read(ref _published);

    /// <summary>Bytes of their payloads and headers.</summary>
    public long Bytes => Interlocked.Read(ref _bytes);

    /// <summary>
    /// Messages given to a connection that broke before the server confirmed them, and those left out: an upper bound
    /// of what was lost.
    /// </summary>
    public long Unconfirmed => Interlocked.Read(ref _unconfirmed);

    /// <summary>Buffered messages that were never sent, since the next server does not take them.</summary>
    public long LeftOut => Interlocked.Read(ref _leftOut);

    public void AddPublished(int bytes)
    {
        _published++;
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

    /// <summary>The connection broke: all that it was given and did not confirm may be lost.</summary>
    /// <param name="kept">Messages that it was not given, and that wait for the next.</param>
    public void Break(int kept)
    {
        var given = _published - kept;
        _unconfirmed += Math.Max(0, given - Confirmed);
        Interlocked.Exchange(ref _confirmed, given);
    }

    /// <summary>
    /// Kept messages that are not sent after all. They are lost now, and not once more when the connection breaks.
    /// </summary>
    public void LeaveOut(int messages)
    {
        _leftOut += messages;
        _unconfirmed += messages;
        Interlocked.Add(ref _confirmed, messages);
    }
}

using System.Buffers.Text;
using System.Text;

namespace NasPubSub.JetStream.Publishing;

/// <summary>How a message is sent.</summary>
internal enum SendForm
{
    /// <summary>Not yet.</summary>
    Wait,

    /// <summary>By itself: the stream acknowledges it by itself.</summary>
    Single,

    /// <summary>As the first of a fast batch; the others wait for the answer.</summary>
    Start,

    /// <summary>As one of a fast batch.</summary>
    Append,

    /// <summary>As the last of a fast batch; the messages behind it wait for the answer.</summary>
    Commit,
}

/// <summary>
/// Successive messages that a stream acknowledges many at a time (fast ingest, ADR-50). The mode is <c>fail</c>: behind
/// a message that is missing or refused the server stores nothing more of the batch, and answers with the number of
/// messages it has stored. The batch ends with a message, not with the empty one that the protocol knows too: other
/// subscribers of the subject would receive that. No socket, no clock. Not thread-safe.
/// </summary>
/// <remarks>
/// As seen on nats-server 2.15.1: the first answer has the sequence 0 and the interval, which is 500 at most for the
/// only open batch of a stream, and otherwise begins with 1 and doubles, up to 500 divided by the open batches. No
/// answer has the sequences of the messages in the stream. A message with a known id counts as stored. A message that
/// is too large is refused as if it were single, and the next one finds a gap; an error in its headers ends the batch.
/// What belongs to a batch that has ended, or had no message for 10 s, is refused (10208); so is a batch beyond the
/// 1,000th of a stream (10211).
/// </remarks>
/// <param name="id">Tells it apart from all other batches of the stream.</param>
/// <param name="first">The number of its first message.</param>
/// <param name="interval">Messages for each acknowledgement, at most.</param>
/// <param name="stream">The name of the stream.</param>
internal sealed class FastBatch(long id, long first, int interval, string stream)
{
    /// <summary>Acknowledgements that may be outstanding; ADR-50 says one to three.</summary>
    public const int MostOutstanding = 3;

    private const long MostMessages = 1_000_000;

    private readonly byte[] _middle = Encoding.ASCII.GetBytes($".{interval}.fail.");
    private readonly byte[] _suffix = new byte[64];
    private int _interval = interval;
    private bool _isBroken;

    public long Id { get; } = id;

    public long First { get; } = first;

    public string Stream { get; } = stream;

    public long Sent { get; private set; }

    public long Acknowledged { get; private set; }

    /// <summary>Nothing more is sent until the server answers.</summary>
    public bool IsWaiting { get; private set; }

    public bool IsCommitted { get; private set; }

    /// <summary>The number of the next message.</summary>
    public long Next => First + Sent;

    public bool HasRoom => Sent - Acknowledged < (long)MostOutstanding * _interval;

    public bool IsFull => Sent >= MostMessages - 1;

    /// <summary>Have so many been sent that the server acknowledges some without another one?</summary>
    public bool IsAckDue => IsWaiting || Sent - Acknowledged >= _interval;

    /// <summary>What the reply subject of the next message has behind the id.</summary>
    public ReadOnlySpan<byte> SuffixOf(SendForm form)
    {
        _middle.CopyTo(_suffix, 0);
        Utf8Formatter.TryFormat(Sent + 1, _suffix.AsSpan(_middle.Length), out var digits);
        var at = _middle.Length + digits;
        var end = form switch
        {
            SendForm.Start => ".0.$FI"u8,
            SendForm.Append => ".1.$FI"u8,
            _ => ".2.$FI"u8,
        };
        end.CopyTo(_suffix.AsSpan(at));
        return _suffix.AsSpan(0, at + end.Length);
    }

    public void OnSent(SendForm form)
    {
        Sent++;
        (IsWaiting, IsCommitted) = (form != SendForm.Append, form == SendForm.Commit);
    }

    /// <summary>The server has stored the first messages, or has them already, and says how it goes on.</summary>
    public void OnFlow(long count, int interval)
    {
        (Acknowledged, _interval) = (Math.Max(Acknowledged, count), Math.Max(1, interval));
        IsWaiting &= IsCommitted || _isBroken;
    }

    /// <summary>The server stores nothing more of it, and its last answer follows.</summary>
    public void OnBroken() => IsWaiting = _isBroken = true;
}

using System.Text;

namespace NasPubSub.Protocol;

/// <summary>A subject to publish to, checked and encoded once for all its messages. Immutable, thread-safe.</summary>
internal sealed class EncodedSubject
{
    private byte[]? _hpub;

    /// <exception cref="NasException">InvalidSubject: malformed, or too long for a server's control line.</exception>
    public EncodedSubject(string? ns, string subject, bool useNamespace, string inboxPrefix)
    {
        Subjects.CheckPublish(subject);
        Subject = subject;
        UseNamespace = useNamespace;
        Wire = Subjects.ToWire(ns, subject, useNamespace, inboxPrefix);
        Pub = StartOf("PUB ");
        if (Pub.Length > ClientLines.MostOfPublish)
        {
            throw ClientLines.TooLong(subject, "subject with its namespace");
        }
    }

    /// <summary>As the caller gave it.</summary>
    public string Subject { get; }

    public bool UseNamespace { get; }

    /// <summary>The subject on the wire.</summary>
    public string Wire { get; }

    /// <summary>Does it request a consumer's next message? That comes under the message's own subject.</summary>
    public bool RequestsStreamMessage =>
        Wire[0] == '$' && Wire.Contains(".CONSUMER.MSG.NEXT.", StringComparison.Ordinal);

    /// <summary>The start of a PUB.</summary>
    public byte[] Pub { get; }

    /// <summary>
    /// The start of an HPUB. Made for the first message with headers: most reply subjects never need it.
    /// </summary>
    public byte[] HPub => _hpub ??= StartOf("HPUB ");

    public bool IsFor(string subject, bool useNamespace) =>
        UseNamespace == useNamespace && ((object)subject == Subject || subject == Subject);

    /// <summary>Without a string in between: each reply and each acknowledgement has a subject of its own.</summary>
    private byte[] StartOf(string operation)
    {
        var length = operation.Length + Encoding.UTF8.GetByteCount(Wire);
        var start = new byte[length + 1];
        Encoding.UTF8.GetBytes(operation, 0, operation.Length, start, 0);
        Encoding.UTF8.GetBytes(Wire, 0, Wire.Length, start, operation.Length);
        start[length] = (byte)' ';
        return start;
    }
}

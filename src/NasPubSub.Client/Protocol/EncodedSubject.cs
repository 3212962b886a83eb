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
        RequestsStreamMessage = Wire[0] == '$' && Wire.Contains(".CONSUMER.MSG.NEXT.", StringComparison.Ordinal);
        Pub = Encoding.UTF8.GetBytes("PUB " + Wire + " ");
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
    public bool RequestsStreamMessage { get; }

    /// <summary>The start of a PUB.</summary>
    public byte[] Pub { get; }

    /// <summary>
    /// The start of an HPUB. Made for the first message with headers: most reply subjects never need it.
    /// </summary>
    public byte[] HPub => _hpub ??= Encoding.UTF8.GetBytes("HPUB " + Wire + " ");

    public bool IsFor(string subject, bool useNamespace) =>
        UseNamespace == useNamespace && ((object)subject == Subject || subject == Subject);
}

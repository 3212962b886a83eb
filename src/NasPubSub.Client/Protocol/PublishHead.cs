using System.Text;

namespace NasPubSub.Protocol;

/// <summary>The checked and encoded start of a publish, kept while the subject stays the same.</summary>
internal sealed class PublishHead
{
    private byte[]? _hpub;

    public PublishHead(string? ns, string subject, bool useNamespace, string inboxPrefix)
    {
        Subjects.CheckPublish(subject);
        Subject = subject;
        UseNamespace = useNamespace;
        Topic = Subjects.ToWire(ns, subject, useNamespace, inboxPrefix);
        AsksForStreamMessage = Topic[0] == '$' && Topic.Contains(".CONSUMER.MSG.NEXT.", StringComparison.Ordinal);
        Pub = Encoding.UTF8.GetBytes("PUB " + Topic + " ");
        if (Pub.Length > ClientLines.MostOfPublish) throw ClientLines.TooLong(subject, "subject with its namespace");
    }

    public string Subject { get; }
    public bool UseNamespace { get; }
    public string Topic { get; }
    public byte[] Pub { get; }

    /// <summary>Does it ask a consumer for its next message? That comes under the message's own subject.</summary>
    public bool AsksForStreamMessage { get; }

    /// <summary>Made when the first headers come: answers go to a new subject each, most of them without.</summary>
    public byte[] HPub => _hpub ??= Encoding.UTF8.GetBytes("HPUB " + Topic + " ");

    public bool IsFor(string subject, bool useNamespace) =>
        UseNamespace == useNamespace && ((object)subject == Subject || subject == Subject);
}

using NasPubSub.Diagnostics;

namespace NasPubSub.Protocol;

/// <summary>The rules of subjects and namespaces (ADR-6).</summary>
internal static class Subjects
{
    /// <summary>A server's default max_control_line: a longer line closes the connection.</summary>
    public const int MaxControlLine = 4096;

    /// <summary>
    /// Prefixes with a meaning of their own on the wire, which a namespace never precedes. <c>_R_.</c> and <c>_GR_.</c>
    /// are what a server makes of the reply subject of a request from another account or another cluster.
    /// </summary>
    private static readonly string[] Reserved = ["$JS.", "$SYS.", "$SRV.", "$KV.", "$O.", "_INBOX.", "_R_.", "_GR_."];

    public static bool IsReserved(string subject, string? inboxPrefix = null)
    {
        if (subject.Length == 0 || (subject[0] != '$' && subject[0] != '_' && inboxPrefix is null))
        {
            return false;
        }

        foreach (var prefix in Reserved)
        {
            if (subject.StartsWith(prefix, StringComparison.Ordinal))
            {
                return true;
            }
        }

        return inboxPrefix is not null
            && subject.Length > inboxPrefix.Length
            && subject[inboxPrefix.Length] == '.'
            && subject.StartsWith(inboxPrefix, StringComparison.Ordinal);
    }

    /// <summary>The subject as the server sees it.</summary>
    public static string ToWire(string? ns, string subject, bool useNamespace, string? inboxPrefix) =>
        ns is null || !useNamespace || IsReserved(subject, inboxPrefix) ? subject : ns + "." + subject;

    /// <summary>The subject as the user sees it: without the namespace, where it has it.</summary>
    public static string ToShown(string? ns, string topic) =>
        ns is not null
        && topic.Length > ns.Length + 1
        && topic[ns.Length] == '.'
        && topic.StartsWith(ns, StringComparison.Ordinal)
            ? topic.Substring(ns.Length + 1)
            : topic;

    /// <summary>Does <paramref name="filter"/>, which may hold wildcards, match <paramref name="subject"/>?</summary>
    public static bool Matches(string filter, string subject)
    {
        int f = 0,
            s = 0;
        while (true)
        {
            var fEnd = End(filter, f);
            if (fEnd - f == 1 && filter[f] == '>')
            {
                return s < subject.Length;
            }

            var sEnd = End(subject, s);
            if (
                !(fEnd - f == 1 && filter[f] == '*')
                && string.CompareOrdinal(filter, f, subject, s, Math.Max(fEnd - f, sEnd - s)) != 0
            )
            {
                return false;
            }

            if (fEnd == filter.Length || sEnd == subject.Length)
            {
                return fEnd == filter.Length && sEnd == subject.Length;
            }

            f = fEnd + 1;
            s = sEnd + 1;
        }

        static int End(string text, int from) => text.IndexOf('.', from) is var dot and >= 0 ? dot : text.Length;
    }

    public static void CheckPublish(string subject) =>
        Check(subject, wildcards: EndsInFilter(subject), NasError.InvalidSubject, "subject");

    public static void CheckSubscribe(string subject) =>
        Check(subject, wildcards: true, NasError.InvalidSubject, "subject");

    public static void CheckReply(string subject) =>
        Check(subject, wildcards: false, NasError.InvalidSubject, "reply subject");

    public static void CheckNamespace(string ns)
    {
        Check(ns, wildcards: false, NasError.InvalidNamespace, "namespace");
        if (ns.IndexOfAny(['*', '>']) >= 0)
        {
            throw Bad(NasError.InvalidNamespace, "namespace", ns, "it holds a wildcard");
        }

        if (IsReserved(ns + "."))
        {
            throw Bad(NasError.InvalidNamespace, "namespace", ns, "NATS itself uses this name");
        }
    }

    public static void CheckQueueGroup(string group)
    {
        if (group.Length == 0)
        {
            throw Bad(NasError.InvalidQueueGroup, "queue group", group, "it is empty");
        }

        foreach (var c in group)
        {
            if (c <= ' ' || c == '\x7f')
            {
                throw Bad(NasError.InvalidQueueGroup, "queue group", group, "it holds a blank or control character");
            }
        }
    }

    private static void Check(string subject, bool wildcards, NasError error, string what)
    {
        if (subject is null || subject.Length == 0)
        {
            throw Bad(error, what, "", "it is empty");
        }

        if (subject.Length > MaxControlLine)
        {
            throw Bad(error, what, subject, $"it is longer than {MaxControlLine} characters");
        }

        var token = 0;
        for (var i = 0; i <= subject.Length; i++)
        {
            var c = i < subject.Length ? subject[i] : '.';
            if (c is > '.' and < '\x7f')
            {
                // Most characters need no further look.
                continue;
            }

            if (c <= ' ' || c == '\x7f')
            {
                throw Bad(error, what, subject, "it holds a blank or control character");
            }

            if (char.IsSurrogate(c) && !IsPaired(subject, i))
            {
                throw Bad(error, what, subject, "it is no valid Unicode text");
            }

            if (c != '.')
            {
                continue;
            }

            if (i == token)
            {
                throw Bad(error, what, subject, "it has an empty token (a dot at its start or end, or two in a row)");
            }

            if (i - token == 1 && subject[token] is '*' or '>')
            {
                if (!wildcards)
                {
                    throw Bad(error, what, subject, "a wildcard is for subscribing only");
                }

                if (subject[token] == '>' && i < subject.Length)
                {
                    throw Bad(error, what, subject, "'>' must be the last token");
                }
            }
            token = i + 1;
        }
    }

    /// <summary>
    /// The JetStream API is called to create a consumer with its filter, whose wildcards are tokens like any other.
    /// </summary>
    private static bool EndsInFilter(string? subject) =>
        subject is not null
        && subject.StartsWith("$JS.", StringComparison.Ordinal)
        && subject.IndexOf(".CONSUMER.CREATE.", StringComparison.Ordinal) > 0;

    private static bool IsPaired(string text, int i) =>
        char.IsHighSurrogate(text[i])
            ? i + 1 < text.Length && char.IsLowSurrogate(text[i + 1])
            : i > 0 && char.IsHighSurrogate(text[i - 1]);

    private static NasException Bad(NasError error, string what, string value, string why) =>
        new(error, $"The {what} '{TerminalText.Excerpt(value)}' is not valid: {why}.") { Target = value };
}

using NasPubSub.Protocol;

namespace NasPubSub;

/// <summary>The rules of subjects (ADR-6). Thread-safe.</summary>
public static class NasSubject
{
    /// <summary>
    /// Checks a subject to publish to: literal tokens only, but for the filter of a call of the JetStream API that
    /// creates a consumer (<c>$JS.API.CONSUMER.CREATE.stream.consumer.filter</c>).
    /// </summary>
    /// <exception cref="NasException">InvalidSubject.</exception>
    public static void CheckPublish(string subject) => Subjects.CheckPublish(subject);

    /// <summary>Checks a subject to subscribe to, which may hold wildcards.</summary>
    /// <exception cref="NasException">InvalidSubject.</exception>
    public static void CheckSubscribe(string subject) => Subjects.CheckSubscribe(subject);

    /// <summary>Checks a reply subject.</summary>
    /// <exception cref="NasException">InvalidSubject.</exception>
    public static void CheckReply(string subject) => Subjects.CheckReply(subject);

    /// <summary>Does a filter, which may hold wildcards, match a subject?</summary>
    public static bool Matches(string filter, string subject) => Subjects.Matches(filter, subject);
}

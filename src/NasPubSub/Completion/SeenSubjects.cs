using System.Runtime.CompilerServices;

namespace NasPubSub.Completion;

/// <summary>Subjects a connection was used with, for completion: the last hundred, asked of nobody.</summary>
internal sealed class SeenSubjects
{
    private const int Most = 100;
    private static readonly ConditionalWeakTable<NasConnection, SeenSubjects> Known = new();

    private readonly List<string> _subjects = [];

    public static void Add(NasConnection connection, string subject)
    {
        var seen = Known.GetOrCreateValue(connection)._subjects;
        lock (seen)
        {
            if (seen.Contains(subject))
            {
                return;
            }

            if (seen.Count == Most)
            {
                seen.RemoveAt(0);
            }

            seen.Add(subject);
        }
    }

    public static IReadOnlyList<string> Of(NasConnection connection)
    {
        var subscribed = connection.Subscriptions.Select(s => s.Subject);
        if (!Known.TryGetValue(connection, out var known))
        {
            return [.. subscribed];
        }

        lock (known._subjects)
        {
            return [.. known._subjects.Concat(subscribed).Distinct()];
        }
    }
}

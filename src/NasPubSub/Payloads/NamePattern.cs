using System.Management.Automation;

namespace NasPubSub.Payloads;

/// <summary>Finds things by a name, which may hold wildcards.</summary>
internal static class NamePattern
{
    /// <summary>Those of exactly this name; where there is none, those that match it as a pattern.</summary>
    public static IReadOnlyList<T> Select<T>(IEnumerable<T> all, Func<T, string> name, string wanted)
    {
        var things = all.ToList();
        // A name may look like a pattern, even like one that is not valid.
        var exact = things.FindAll(t => string.Equals(name(t), wanted, StringComparison.OrdinalIgnoreCase));
        if (exact.Count > 0)
        {
            return exact;
        }

        var pattern = new WildcardPattern(wanted, WildcardOptions.IgnoreCase);
        return things.FindAll(t => pattern.IsMatch(name(t)));
    }
}

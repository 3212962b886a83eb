using System.Collections;
using System.Management.Automation;

namespace NasPubSub.Payloads;

/// <summary>Headers from a hashtable: a value, or several.</summary>
internal static class HeaderTable
{
    /// <exception cref="NasException">InvalidHeader.</exception>
    public static NasHeaders? ToHeaders(IDictionary? table)
    {
        if (table is null || table.Count == 0)
        {
            return null;
        }

        var headers = new NasHeaders();
        foreach (DictionaryEntry entry in table)
        {
            var value = entry.Value.Unwrap();
            if (value is IEnumerable several and not string)
            {
                foreach (var one in several)
                {
                    headers.Add(Text(entry.Key), Text(one));
                }
            }
            else
            {
                headers.Add(Text(entry.Key), Text(entry.Value));
            }
        }
        return headers;
    }

    /// <summary>The headers an object brings along, in whatever form; null where that is none.</summary>
    /// <exception cref="NasException">InvalidHeader.</exception>
    public static NasHeaders? Of(object? given) =>
        HeaderTransformationAttribute.Table(given) switch
        {
            null or "" => null,
            IDictionary table => ToHeaders(table),
            var other => throw new NasException(
                NasError.InvalidHeader,
                $"Headers are a hashtable, not a {other.GetType().Name}."
            ),
        };

    private static string Text(object? value) => TypedText.Of(value) ?? "";
}

using System.Collections;
using System.Collections.Specialized;
using System.Management.Automation;

namespace NasPubSub.Payloads;

/// <summary>
/// Headers may also be those of another message, live or out of CliXml or JSON, or an object with a property for each.
/// </summary>
public sealed class HeaderTransformationAttribute : ArgumentTransformationAttribute
{
    /// <inheritdoc/>
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData) => Table(inputData)!;

    internal static object? Table(object? given)
    {
        var table = new OrderedDictionary();
        switch (given.Unwrap())
        {
            case NasHeaders headers:
                foreach (var field in headers)
                {
                    table[field.Name] = field.Values;
                }

                return table;
            case PSCustomObject when IsHeader(given):
                Add(table, (PSObject)given!);
                return table;
            case IEnumerable several and not (string or IDictionary) when several.Cast<object?>().All(IsHeader):
                foreach (PSObject? header in several.Cast<object>().Select(PSObject.AsPSObject))
                {
                    Add(table, header);
                }

                return table;
            case PSCustomObject:
                foreach (var property in ((PSObject)given!).Properties)
                {
                    table[property.Name] = property.Value;
                }

                return table;
            case var other:
                return other;
        }
    }

    /// <summary>A NasHeader, or what is left of one.</summary>
    private static bool IsHeader(object? value) =>
        value is not null
        && PSObject.AsPSObject(value).Properties is var all
        && all["Name"] is not null
        && all["Values"] is not null;

    private static void Add(OrderedDictionary table, PSObject header) =>
        table[header.Properties["Name"].Value?.ToString() ?? ""] = header.Properties["Values"].Value;
}

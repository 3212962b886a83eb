using System.Collections.Specialized;
using System.Management.Automation;

namespace NasPubSub.Payloads;

/// <summary>Headers may also be those of another message, or an object with a property for each.</summary>
public sealed class HeaderTransformationAttribute : ArgumentTransformationAttribute
{
    /// <inheritdoc/>
    public override object Transform(EngineIntrinsics engineIntrinsics, object inputData) => Table(inputData)!;

    internal static object? Table(object? given)
    {
        var table = new OrderedDictionary();
        switch (given is PSObject wrapped ? wrapped.BaseObject : given)
        {
            case NasHeaders headers:
                foreach (var field in headers) table[field.Name] = field.Values;
                return table;
            case PSCustomObject:
                foreach (var property in ((PSObject)given!).Properties) table[property.Name] = property.Value;
                return table;
            case var other:
                return other;
        }
    }
}

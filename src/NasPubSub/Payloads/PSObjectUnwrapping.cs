using System.Management.Automation;

namespace NasPubSub.Payloads;

internal static class PSObjectUnwrapping
{
    /// <summary>
    /// The object that the engine wrapped in a PSObject, or the value itself where it is not wrapped.
    /// </summary>
    public static object? Unwrap(this object? value) => value is PSObject wrapped ? wrapped.BaseObject : value;
}

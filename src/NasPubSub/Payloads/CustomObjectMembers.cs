using System.Collections.ObjectModel;
using System.Management.Automation;
using System.Reflection;

namespace NasPubSub.Payloads;

/// <summary>
/// The members of custom objects, without what the engine adds around them. Its public way builds a table of all
/// members of object, types and adapter for every object, which is half of what JSON costs: 300 against 570 thousand
/// objects a second. So this asks the object itself where the engine lets it, and where no type data could add
/// anything.
/// </summary>
internal sealed class CustomObjectMembers
{
    private static readonly Func<PSObject, PSMemberInfoCollection<PSMemberInfo>>? Own = Getter<
        PSMemberInfoCollection<PSMemberInfo>
    >("InstanceMembers");
    private static readonly Func<PSObject, Collection<string>>? TypeNames = Getter<Collection<string>>(
        "InternalTypeNames"
    );
    private static readonly string Plain = typeof(PSCustomObject).FullName!;

    /// <summary>Does this runspace's type data leave custom objects alone?</summary>
    private readonly bool _isPlain = Own is not null && TypeNames is not null && !new PSObject().Properties.Any();

    /// <returns>The properties, in order, among whatever other members the object was given.</returns>
    public IEnumerable<PSMemberInfo> Of(PSObject custom) => IsPlain(custom) ? Own!(custom) : custom.Properties;

    /// <returns>The property of that name, or null.</returns>
    public PSPropertyInfo? Find(PSObject custom, string name) =>
        IsPlain(custom) ? Own!(custom)[name] as PSPropertyInfo : custom.Properties[name];

    private bool IsPlain(PSObject custom) => _isPlain && TypeNames!(custom) is { Count: 2 } names && names[0] == Plain;

    private static Func<PSObject, T>? Getter<T>(string name)
        where T : class =>
        typeof(PSObject).GetProperty(name, BindingFlags.Instance | BindingFlags.NonPublic)?.GetMethod is { } get
        && typeof(T).IsAssignableFrom(get.ReturnType)
            ? (Func<PSObject, T>)get.CreateDelegate(typeof(Func<PSObject, T>))
            : null;
}

using System.Reflection;
using System.Xml.Linq;

namespace NasPubSub.Client.Tests.Surface;

/// <summary>
/// What the XML documentation that ships beside a library says, and what a user of the library can name.
/// </summary>
internal sealed class PublicDocumentation
{
    private const BindingFlags All =
        BindingFlags.Public
        | BindingFlags.NonPublic
        | BindingFlags.Instance
        | BindingFlags.Static
        | BindingFlags.DeclaredOnly;

    private readonly XDocument _documentation;

    public PublicDocumentation(Assembly library)
    {
        _documentation = XDocument.Load(Path.Combine(AppContext.BaseDirectory, library.GetName().Name + ".xml"));
        Documented =
        [
            .. _documentation.Descendants("member").Select(m => WithoutParameters(m.Attribute("name")!.Value)),
        ];
        Visible =
        [
            .. library
                .GetExportedTypes()
                .SelectMany(t => t.GetMembers(All).Where(IsVisible).Select(IdOf).Append(IdOf(t))),
        ];
    }

    /// <summary>Ids of what is documented, without parameters.</summary>
    public HashSet<string> Documented { get; }

    /// <summary>Ids of everything that a user of the library can name, without parameters.</summary>
    public HashSet<string> Visible { get; }

    /// <summary>Ids of what the documentation refers to in a namespace.</summary>
    public IEnumerable<string> ReferencesTo(string name) =>
        _documentation
            .Descendants()
            .Select(e => e.Attribute("cref")?.Value ?? "")
            .Where(id => id.Contains($":{name}.", StringComparison.Ordinal))
            .Select(WithoutParameters);

    /// <summary>Members that the compiler makes for records, enumerations and parameterless constructors.</summary>
    public static bool IsGenerated(string id)
    {
        var member = id[(id.LastIndexOf('.') + 1)..];
        return id[0] == 'M'
                && member is "#ctor" or "Equals" or "GetHashCode" or "op_Equality" or "op_Inequality" or "Deconstruct"
            || member is "value__" or "<Clone>$" or "ToString" or "PrintMembers" or "EqualityContract";
    }

    private static bool IsVisible(MemberInfo member) =>
        member switch
        {
            MethodBase method => method.IsPublic && !IsAccessor(method),
            FieldInfo field => field.IsPublic,
            PropertyInfo property => property.GetAccessors().Length > 0,
            EventInfo @event => @event.AddMethod!.IsPublic,
            _ => false,
        };

    private static bool IsAccessor(MethodBase method) =>
        method.IsSpecialName
        && (method.Name.StartsWith("get_") || method.Name.StartsWith("set_") || method.Name.Contains("add_")
            || method.Name.StartsWith("remove_"));

    private static string IdOf(MemberInfo member) =>
        member switch
        {
            Type type => "T:" + type.FullName!.Replace('+', '.'),
            MethodBase method => $"M:{method.DeclaringType!.FullName}.{method.Name.Replace('.', '#')}",
            FieldInfo field => $"F:{field.DeclaringType!.FullName}.{field.Name}",
            PropertyInfo property => $"P:{property.DeclaringType!.FullName}.{property.Name}",
            _ => $"E:{member.DeclaringType!.FullName}.{member.Name}",
        };

    private static string WithoutParameters(string id) => id.Split('(')[0].Split('`')[0].Split('~')[0];
}

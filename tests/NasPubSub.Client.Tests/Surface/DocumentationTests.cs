using System.Reflection;
using System.Xml.Linq;

namespace NasPubSub.Client.Tests.Surface;

/// <summary>The XML documentation that ships with the library, beside its assembly.</summary>
public sealed class DocumentationTests
{
    private const BindingFlags All =
        BindingFlags.Public
        | BindingFlags.NonPublic
        | BindingFlags.Instance
        | BindingFlags.Static
        | BindingFlags.DeclaredOnly;

    private static readonly Assembly Client = typeof(NasConnection).Assembly;

    private static readonly XDocument Documentation = XDocument.Load(
        Path.Combine(AppContext.BaseDirectory, "NasPubSub.Client.xml")
    );

    private static readonly List<string> Documented =
    [
        .. Documentation.Descendants("member").Select(m => m.Attribute("name")!.Value),
    ];

    /// <summary>Documentation ids without parameters, of everything that a user of the library can name.</summary>
    private static readonly HashSet<string> Visible =
    [
        .. Client.GetExportedTypes().SelectMany(t => t.GetMembers(All).Where(IsVisible).Select(IdOf).Append(IdOf(t))),
    ];

    [Fact]
    public void Only_public_members_are_documented() => AssertAllIn(Visible, Documented.Select(WithoutParameters));

    [Fact]
    public void The_documentation_refers_to_public_members_only() =>
        AssertAllIn(
            Visible,
            Documentation
                .Descendants()
                .Select(e => e.Attribute("cref")?.Value ?? "")
                .Where(id => id.Contains(":NasPubSub.", StringComparison.Ordinal))
                .Select(WithoutParameters)
        );

    [Fact]
    public void Every_public_type_and_declared_member_is_documented() =>
        AssertAllIn([.. Documented.Select(WithoutParameters)], Visible.Where(id => !IsGenerated(id)));

    private static void AssertAllIn(HashSet<string> known, IEnumerable<string> ids) =>
        Assert.Equal([], ids.Except(known));

    /// <summary>Members that the compiler makes for records, enumerations and parameterless constructors.</summary>
    private static bool IsGenerated(string id)
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

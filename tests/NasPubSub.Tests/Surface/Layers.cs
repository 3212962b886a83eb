using System.Text.RegularExpressions;
using ArchUnitNET.Domain;
using ArchUnitNET.Fluent;
using ArchUnitNET.Loader;
using NasPubSub.Tests.Infrastructure;
using NasPubSub.TestServer;
using static ArchUnitNET.Fluent.ArchRuleDefinition;

namespace NasPubSub.Tests.Surface;

/// <summary>
/// The built assemblies, seen as layers. A layer is a folder below src, such as <c>NasPubSub.Client/Protocol</c>:
/// public types share one namespace, so it is the source that says where a type is. An assembly's name is the layer of
/// all its types.
/// </summary>
internal static partial class Layers
{
    private static readonly string Source = Path.Combine(NatsServerBinary.RepositoryRoot, "src");

    private static readonly Architecture Built = new ArchLoader()
        .LoadFilteredDirectory(
            Path.Combine(NatsServerBinary.RepositoryRoot, "bin", ModuleUnderTest.Build),
            "NasPubSub*.dll"
        )
        .Build();

    private static readonly Dictionary<string, string> FolderOf = FindFolders();

    /// <summary>
    /// What a layer uses of another, as sentences; nothing when the arrow between them does not exist.
    /// </summary>
    public static IEnumerable<string> Uses(string from, string to) =>
        Failures(Types().That().Are(In(from)).Should().NotDependOnAny(In(to)).WithoutRequiringPositiveResults());

    /// <summary>What a layer uses of a namespace that is not ours.</summary>
    public static IEnumerable<string> UsesNamespace(string from, string name) =>
        Failures(
            Types()
                .That()
                .Are(In(from))
                .Should()
                .NotDependOnAny(Types(true).That().ResideInNamespaceMatching("^" + Regex.Escape(name) + @"($|\.)"))
                .WithoutRequiringPositiveResults()
        );

    /// <summary>What a layer uses of a type that is not ours.</summary>
    public static IEnumerable<string> UsesType(string from, string fullName) =>
        Failures(
            Types()
                .That()
                .Are(In(from))
                .Should()
                .NotDependOnAny(Types(true).That().HaveFullName(fullName))
                .WithoutRequiringPositiveResults()
        );

    /// <summary>The types of a layer. It is an error to ask for one that has none.</summary>
    public static IReadOnlyList<IType> In(string layer)
    {
        var types = Built
            .Types.Where(type => LayerOf(type) is { } own && (own == layer || own.StartsWith(layer + "/")))
            .ToList();
        return types.Count > 0 ? types : throw new ArgumentException($"No type lies in src/{layer}.");
    }

    private static string? LayerOf(IType type)
    {
        var assembly = type.Assembly.Name.Split(',')[0];
        var top = type.FullName.Split('+', '/')[0];
        var name = top[(top.LastIndexOf('.') + 1)..].Split('`')[0];
        if (FolderOf.TryGetValue(assembly + ":" + name, out var folder))
        {
            return folder;
        }

        // A file of another assembly that is compiled into this one as well: by their full names its types are the
        // same.
        return FolderOf.Keys.Any(key => key.EndsWith(":" + name, StringComparison.Ordinal)) ? null : assembly;
    }

    private static IEnumerable<string> Failures(IArchRule rule) =>
        rule.Evaluate(Built).Where(result => !result.Passed).Select(result => result.Description);

    private static Dictionary<string, string> FindFolders()
    {
        var found = new Dictionary<string, string>();
        foreach (var file in Directory.EnumerateFiles(Source, "*.cs", SearchOption.AllDirectories))
        {
            var folder = Path.GetDirectoryName(Path.GetRelativePath(Source, file))!.Replace('\\', '/');
            var assembly = folder.Split('/')[0];
            foreach (Match match in Declaration().Matches(File.ReadAllText(file)))
            {
                found[assembly + ":" + match.Groups[1].Value] = folder;
            }
        }

        return found;
    }

    /// <summary>A type at the top of a file: nested ones are indented.</summary>
    [GeneratedRegex(
        @"^(?:(?:public|internal|sealed|static|abstract|partial|readonly|ref|unsafe|file) )*(?:class|struct|interface|enum|record struct|record|delegate \S+) (\w+)",
        RegexOptions.Multiline
    )]
    private static partial Regex Declaration();
}

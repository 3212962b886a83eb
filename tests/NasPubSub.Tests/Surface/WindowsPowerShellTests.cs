using System.Reflection;
using System.Reflection.Metadata;
using NasPubSub.TestServer;

namespace NasPubSub.Tests.Surface;

/// <summary>
/// Windows PowerShell 5.1 on .NET Framework 4.7.2 has all that the netstandard2.0 build asks for: each type and member,
/// by signature, in the reference assemblies of 4.7.2, in PowerShellStandard, or in an assembly of the module's folder.
/// </summary>
public sealed class WindowsPowerShellTests : IDisposable
{
    private const string Engine = "System.Management.Automation";
    private static readonly string Module = Path.Combine(NatsServerBinary.RepositoryRoot, "bin", "netstandard2.0");
    private static readonly string Framework = Place("NetFramework472");

    private readonly AssemblyFolders _there = new(
        Module,
        Place("PowerShellStandard"),
        Framework,
        Path.Combine(Framework, "Facades")
    );

    public static TheoryData<string> Shipped =>
        [
            .. Directory
                .EnumerateFiles(Module, "*.dll")
                .Select(path => Path.GetFileNameWithoutExtension(path))
                .Order(StringComparer.Ordinal),
        ];

    public void Dispose() => _there.Dispose();

    [Theory]
    [MemberData(nameof(Shipped))]
    public void Every_assembly_asked_for_is_there(string name) =>
        Assert.Empty(
            _there
                .Find(name)!
                .References.Where(wanted => !Serves(wanted))
                .Select(wanted => $"{name} asks for {wanted.FullName}")
        );

    [Theory]
    [MemberData(nameof(Shipped))]
    public void Every_type_and_member_used_is_there(string name)
    {
        var reader = _there.Find(name)!.Reader;
        var types = reader
            .TypeReferences.Select(handle =>
                (Assembly: AssemblyFolders.AssemblyOf(reader, handle), Type: TypeNames.Of(reader, handle))
            )
            .ToList();
        Assert.NotEmpty(types);
        Assert.Empty(
            types
                .Where(wanted => _there.FindType(wanted.Assembly, wanted.Type) is null)
                .Select(wanted => $"[{wanted.Assembly}]{wanted.Type}")
        );
        Assert.Empty(
            Members(reader)
                .Where(wanted => !_there.HasMember(wanted.Assembly, wanted.Type, wanted.Member))
                .Select(wanted => $"[{wanted.Assembly}]{wanted.Type}: {wanted.Member}")
        );
    }

    /// <summary>Ours are among them, and what they bring along.</summary>
    [Fact]
    public void Every_assembly_of_the_folder_is_checked()
    {
        var names = Shipped.Select(row => row.Data).ToList();
        string[] least = ["NasPubSub", "NasPubSub.Client", "NasPubSub.JetStream", "System.Text.Json"];
        Assert.Empty(least.Except(names));
        Assert.Equal(Directory.EnumerateFiles(Module, "*.dll", SearchOption.AllDirectories).Count(), names.Count);
    }

    /// <summary>The engine reads the module's types before the module can set its resolver.</summary>
    [Fact]
    public void The_module_itself_asks_for_the_very_versions_beside_it() =>
        Assert.All(
            _there
                .Find("NasPubSub")!
                .References.Where(wanted => File.Exists(Path.Combine(Module, wanted.Name + ".dll"))),
            wanted => Assert.Equal(wanted.Version, _there.Find(wanted.Name!)!.Name.Version)
        );

    [Fact]
    public void What_is_not_there_is_found()
    {
        Assert.True(_there.HasMember("netstandard", "System.String", "Boolean StartsWith(String)"));
        Assert.True(
            _there.HasMember(
                "netstandard",
                "System.Threading.Tasks.Task`1",
                "System.Runtime.CompilerServices.TaskAwaiter`1<!0> GetAwaiter()"
            )
        );
        Assert.True(_there.HasMember("netstandard", "System.IO.FileStream", "String ToString()"));
        Assert.False(_there.HasMember("netstandard", "System.String", "Boolean StartsWith(Char)"));
        Assert.False(_there.HasMember(Engine, "System.Management.Automation.Job", "Void Pause()"));
        Assert.Null(_there.FindType("netstandard", "System.Runtime.Loader.AssemblyLoadContext"));
        Assert.Null(_there.FindType("netstandard", "System.HashCode"));
        Assert.False(
            Serves(
                new AssemblyName("System.Text.Json, Version=99.0.0.0, Culture=neutral, PublicKeyToken=cc7b13ffcd2ddd51")
            )
        );
        Assert.False(Serves(new AssemblyName("System.IO.Pipelines, Version=4.0.0.0")));
    }

    [Theory]
    [InlineData("NasPubSub.Client")]
    [InlineData("NasPubSub.JetStream")]
    public void A_library_knows_nothing_of_PowerShell(string library) =>
        Assert.DoesNotContain(_there.Find(library)!.References, wanted => wanted.Name == Engine);

    /// <summary>
    /// An assembly of the framework binds to the framework's own, whatever the version; one of the module's folder is
    /// what the module's resolver gives, so it must be that or a later one, of the same publisher.
    /// </summary>
    private bool Serves(AssemblyName wanted)
    {
        if (wanted.Name == Engine)
        {
            // What Windows PowerShell's own calls itself, from 3.0 to 5.1.
            return wanted.Version == new Version(3, 0, 0, 0) && Token(wanted) == "31bf3856ad364e35";
        }

        return _there.Find(wanted.Name!)?.Name is { } there
            && there.Version >= wanted.Version
            && Token(there) == Token(wanted);
    }

    private static IEnumerable<(string Assembly, string Type, string Member)> Members(MetadataReader reader)
    {
        foreach (var member in reader.MemberReferences.Select(reader.GetMemberReference))
        {
            if (Owner(reader, member.Parent) is not { } owner)
            {
                continue;
            }

            var name = reader.GetString(member.Name);
            var shown =
                member.GetKind() == MemberReferenceKind.Method
                    ? TypeNames.Show(member.DecodeMethodSignature(TypeNames.Instance, null), name)
                    : $"{member.DecodeFieldSignature(TypeNames.Instance, null)} {name}";
            yield return (AssemblyFolders.AssemblyOf(reader, owner), TypeNames.Of(reader, owner), shown);
        }
    }

    /// <summary>The type a member is asked of; null for this assembly's own and for arrays.</summary>
    private static TypeReferenceHandle? Owner(MetadataReader reader, EntityHandle parent)
    {
        if (parent.Kind == HandleKind.TypeSpecification)
        {
            var blob = reader.GetBlobReader(reader.GetTypeSpecification((TypeSpecificationHandle)parent).Signature);
            if (blob.ReadSignatureTypeCode() != SignatureTypeCode.GenericTypeInstance)
            {
                return null;
            }

            blob.ReadCompressedInteger();
            parent = blob.ReadTypeHandle();
        }

        return parent.Kind == HandleKind.TypeReference ? (TypeReferenceHandle)parent : null;
    }

    private static string Token(AssemblyName name) => Convert.ToHexStringLower(name.GetPublicKeyToken() ?? []);

    private static string Place(string key) =>
        typeof(WindowsPowerShellTests)
            .Assembly.GetCustomAttributes<AssemblyMetadataAttribute>()
            .Single(metadata => metadata.Key == key)
            .Value!;
}

using System.Management.Automation;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using NasPubSub.Tests.Infrastructure;
using NasPubSub.TestServer;

namespace NasPubSub.Tests.Surface;

/// <summary>What the module promises by its shape.</summary>
public sealed class ContractTests
{
    public static TheoryData<string, string> Libraries =>
        new MatrixTheoryData<string, string>(["net8.0", "netstandard2.0"], ["NasPubSub.Client", "NasPubSub.JetStream"]);

    [Theory]
    [MemberData(nameof(Libraries))]
    public void A_library_knows_nothing_of_PowerShell(string build, string library)
    {
        using var file = Open(build, library);
        var reader = file.GetMetadataReader();
        var asked = reader
            .AssemblyReferences.Select(r => reader.GetString(reader.GetAssemblyReference(r).Name))
            .ToList();
        Assert.NotEmpty(asked);
        Assert.DoesNotContain(
            asked,
            name =>
                name.StartsWith("System.Management.Automation", StringComparison.Ordinal)
                || name.StartsWith("Microsoft.PowerShell", StringComparison.Ordinal)
        );
    }

    /// <summary>What the layer above needs becomes a public member, which the recorded API shows.</summary>
    [Theory]
    [MemberData(nameof(Libraries))]
    public void A_library_shows_its_internals_to_tests_and_benchmarks_only(string build, string library)
    {
        using var file = Open(build, library);
        var reader = file.GetMetadataReader();
        var friends = reader
            .GetAssemblyDefinition()
            .GetCustomAttributes()
            .Select(reader.GetCustomAttribute)
            .Where(attribute => attribute.Constructor.Kind == HandleKind.MemberReference)
            .Where(attribute =>
                NameOf(reader, (MemberReferenceHandle)attribute.Constructor) == "InternalsVisibleToAttribute"
            )
            .Select(attribute => FirstText(reader.GetBlobReader(attribute.Value)).Split(',')[0])
            .ToList();
        Assert.NotEmpty(friends);
        Assert.All(friends, name => Assert.Matches(@"\.(Tests|Benchmarks)$", name));
    }

    [Fact]
    public void Cmdlets_have_the_Nas_prefix_an_approved_verb_and_are_exported_one_and_all()
    {
        using var shell = Shell.Open();
        var exported = shell.Run("Get-Command -Module NasPubSub").Select(c => (CmdletInfo)c.BaseObject).ToList();
        var made = exported[0]
            .ImplementingType.Assembly.GetExportedTypes()
            .Where(t => t.IsSubclassOf(typeof(Cmdlet)) && !t.IsAbstract)
            .Select(t => t.FullName!);
        Assert.Equal(
            made.Order(StringComparer.Ordinal),
            exported.Select(c => c.ImplementingType.FullName!).Order(StringComparer.Ordinal)
        );
        Assert.All(exported, c => Assert.Matches("^Nas(PubSub|([A-Z][a-z]+)*[A-Z][a-z]*[^s])$", c.Noun));
        var approved = new[]
        {
            typeof(VerbsCommon),
            typeof(VerbsCommunications),
            typeof(VerbsData),
            typeof(VerbsDiagnostic),
            typeof(VerbsLifecycle),
            typeof(VerbsOther),
            typeof(VerbsSecurity),
        }
            .SelectMany(t => t.GetFields())
            .Select(f => f.Name)
            .ToHashSet();
        Assert.All(exported, c => Assert.Contains(c.Verb, approved));
    }

    [Fact]
    public void No_property_is_a_task_for_whoever_reads_all_properties_would_wait_for_its_result()
    {
        using var shell = Shell.Open();
        var types = shell
            .Run("(Get-Command Connect-NasPubSub).ImplementingType, (Get-Command Connect-NasPubSub).OutputType[0].Type")
            .SelectMany(t => ((Type)t.BaseObject).Assembly.GetExportedTypes())
            .ToList();
        Assert.Contains(types, t => t.Name == "NasSubscription");
        Assert.DoesNotContain(
            types.SelectMany(t => t.GetProperties()),
            p =>
                p.PropertyType.Name.StartsWith("Task", StringComparison.Ordinal)
                || p.PropertyType.Name.StartsWith("ValueTask", StringComparison.Ordinal)
        );
    }

    private static string NameOf(MetadataReader reader, MemberReferenceHandle constructor) =>
        reader.GetString(
            reader.GetTypeReference((TypeReferenceHandle)reader.GetMemberReference(constructor).Parent).Name
        );

    /// <summary>The first argument of an attribute, behind the two bytes that begin its value.</summary>
    private static string FirstText(BlobReader value)
    {
        value.ReadUInt16();
        return value.ReadSerializedString()!;
    }

    private static PEReader Open(string build, string library) =>
        new(File.OpenRead(Path.Combine(NatsServerBinary.RepositoryRoot, "bin", build, library + ".dll")));
}

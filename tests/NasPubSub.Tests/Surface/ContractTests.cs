using System.Management.Automation;
using System.Reflection.Metadata;
using System.Reflection.PortableExecutable;
using NasPubSub.Tests.Infrastructure;
using NasPubSub.TestServer;

namespace NasPubSub.Tests.Surface;

/// <summary>What the module promises by its shape.</summary>
public sealed class ContractTests
{
    [Theory]
    [InlineData("net8.0")]
    [InlineData("netstandard2.0")]
    public void The_client_knows_nothing_of_PowerShell(string build)
    {
        using var file = new PEReader(
            File.OpenRead(Path.Combine(NatsServerBinary.RepositoryRoot, "bin", build, "NasPubSub.Client.dll"))
        );
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
        Assert.All(exported, c => Assert.Matches("^Nas(PubSub|[A-Z][a-z]*[^s])$", c.Noun));
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
}

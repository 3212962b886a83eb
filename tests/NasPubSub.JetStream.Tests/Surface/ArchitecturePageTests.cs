using System.Reflection;
using System.Text.RegularExpressions;
using NasPubSub.TestServer;

namespace NasPubSub.JetStream.Tests.Surface;

/// <summary>What docs/architecture.md says of streams names what is in the code.</summary>
public sealed partial class ArchitecturePageTests
{
    private const BindingFlags All =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static;

    private static readonly string Page = File.ReadAllText(
        Path.Combine(NatsServerBinary.RepositoryRoot, "docs", "architecture.md")
    );

    private static readonly Type[] Types = typeof(NasJetStream).Assembly.GetTypes();

    [Theory]
    [InlineData("### A message through a publisher")]
    [InlineData("### A message through a consumer")]
    public void Each_step_of_a_message_is_a_method(string heading)
    {
        var steps = Step().Matches(Section(heading, "\n##"));
        Assert.InRange(steps.Count, 4, 8);
        Assert.All(
            steps,
            step =>
            {
                var type = Assert.Single(Types, t => t.Name == step.Groups[1].Value);
                Assert.Contains(type.GetMethods(All), m => m.Name == step.Groups[2].Value);
            }
        );
    }

    [Fact]
    public void Every_class_of_the_table_exists()
    {
        var table = Section("### Classes of JetStream", "\n## ");
        var names = Name().Matches(table).Select(n => n.Groups[1].Value).ToList();
        Assert.NotEmpty(names);
        Assert.Equal([], names.Except(Types.Select(t => t.Name)).Except(["Gate"]));
    }

    private static string Section(string heading, string end)
    {
        var rest = Page[(Page.IndexOf(heading, StringComparison.Ordinal) + heading.Length)..];
        return rest[..rest.IndexOf(end, StringComparison.Ordinal)];
    }

    [GeneratedRegex(@"^\| \d \| `(\w+)\.(\w+)`", RegexOptions.Multiline)]
    private static partial Regex Step();

    [GeneratedRegex(@"`(\w+)`")]
    private static partial Regex Name();
}

using System.Reflection;
using System.Text.RegularExpressions;
using NasPubSub.TestServer;
using NasPubSub.Threading;

namespace NasPubSub.Client.Tests.Surface;

/// <summary>docs/architecture.md names what is in the code.</summary>
public sealed partial class ArchitecturePageTests
{
    private const BindingFlags All =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Instance | BindingFlags.Static;

    private static readonly string Page = File.ReadAllText(
        Path.Combine(NatsServerBinary.RepositoryRoot, "docs", "architecture.md")
    );

    private static readonly Type[] Types = typeof(NasConnection).Assembly.GetTypes();

    [Theory]
    [InlineData("### Out")]
    [InlineData("### In")]
    public void A_message_takes_at_most_8_steps_and_each_is_a_method(string heading)
    {
        var section = Page[(Page.IndexOf(heading, StringComparison.Ordinal) + heading.Length)..];
        var steps = Step().Matches(section[..section.IndexOf("\n##", StringComparison.Ordinal)]);
        Assert.InRange(steps.Count, 4, 8);
        Assert.All(
            steps.Cast<Match>(),
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
        var section = Page[Page.IndexOf("## Classes of the client", StringComparison.Ordinal)..];
        var names = Name().Matches(section[..section.IndexOf("## Threads", StringComparison.Ordinal)]);
        var known = Types.Select(t => t.Name).Concat(Enum.GetNames<LockLevel>());
        Assert.Equal([], names.Select(n => n.Groups[1].Value).Except(known));
    }

    [Fact]
    public void The_locks_stand_in_the_order_that_is_asserted() =>
        Assert.Equal(Enum.GetNames<LockLevel>(), Lock().Matches(Page).Select(m => m.Groups[1].Value));

    private static Regex Step() => new(@"^\| \d \| `(\w+)\.(\w+)`", RegexOptions.Multiline);

    private static Regex Lock() => new(@"^\d+\. `(\w+)`:", RegexOptions.Multiline);

    private static Regex Name() => new(@"`(\w+)`");
}

namespace NasPubSub.Client.Tests.Surface;

/// <summary>The XML documentation that ships with the library, beside its assembly.</summary>
public sealed class DocumentationTests
{
    private static readonly PublicDocumentation Documentation = new(typeof(NasConnection).Assembly);

    [Fact]
    public void Only_public_members_are_documented() =>
        Assert.Equal([], Documentation.Documented.Except(Documentation.Visible));

    [Fact]
    public void The_documentation_refers_to_public_members_only() =>
        Assert.Equal([], Documentation.ReferencesTo("NasPubSub").Except(Documentation.Visible));

    [Fact]
    public void Every_public_type_and_declared_member_is_documented() =>
        Assert.Equal(
            [],
            Documentation.Visible.Where(id => !PublicDocumentation.IsGenerated(id)).Except(Documentation.Documented)
        );
}

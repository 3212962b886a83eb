using NasPubSub.Tests.Infrastructure;
using NasPubSub.TestServer;

namespace NasPubSub.Tests.Pages;

/// <summary>
/// README.md and docs/*.md: every PowerShell block parses, and runs on either build of the module, but for those that
/// need it installed. tests/Pester runs them all in a shell of their own and compares what they print.
/// </summary>
public sealed class PageTests
{
    private static readonly string Root = NatsServerBinary.RepositoryRoot;
    private static readonly string Runner = Path.Combine(Root, "tests", "Pages", "Invoke-Page.ps1");

    public static TheoryData<string> Names =>
        [
            .. Directory
                .EnumerateFiles(Path.Combine(Root, "docs"), "*.md")
                .Prepend(Path.Combine(Root, "README.md"))
                .Where(page => File.ReadLines(page).Contains("```powershell"))
                .Select(page => Path.GetRelativePath(Root, page))
                .Order(StringComparer.Ordinal),
        ];

    [Theory]
    [MemberData(nameof(Names))]
    public void A_page_does_what_it_says(string page)
    {
        Assert.SkipWhen(Wine.IsHere && Path.GetFileName(page) == "recipes.md", Wine.NoKeys);
        using var shell = Shell.Open();
        shell.Run("$env:NATS_SERVER = $args[0]", NatsServerBinary.Find());
        shell.Run(
            "$null = $ExecutionContext.SessionState.Path.SetLocation($args[0])",
            Path.GetDirectoryName(ModuleUnderTest.Manifest)
        );
        var said = shell.Get<string>("& $args[0] $args[1] -KnownOnly", Runner, Path.Combine(Root, page));
        Assert.Matches(@": [1-9]\d* run, \d+ parsed only$", said);
        Assert.Empty(shell.Run("Get-NasConnection"));
    }

    [Theory]
    [InlineData("```powershell\nGet-Module -Nowhere\n```", ":2: A parameter cannot be found")]
    [InlineData("```powershell\n$x = 1\n```\n```powershell\nif ($x -eq 1) { throw 'seen' }\n```", ":5: seen")]
    [InlineData("```powershell\nPS> 1 + 1\n2\nPS> throw 'loud'\n```", ":4: 'throw 'loud'' prints")]
    [InlineData("<!-- not run: no reason -->\n```powershell\nif (\n```", ":3: ")]
    [InlineData("- a\n  ```powershell\n  1\n  ```", ":2: begin the line")]
    [InlineData("```powershell\n1", ":2: the block has no end")]
    public void What_a_page_gets_wrong_is_found(string text, string expected)
    {
        var page = Path.Combine(Directory.CreateTempSubdirectory("nas-page-").FullName, "page.md");
        try
        {
            File.WriteAllText(page, text);
            using var shell = Shell.Open();
            Assert.Contains(
                page + expected,
                Assert.Single(shell.Invoke("& $args[0] $args[1] -KnownOnly", Runner, page).Errors).ToString(),
                StringComparison.Ordinal
            );
        }
        finally
        {
            Directory.Delete(Path.GetDirectoryName(page)!, recursive: true);
        }
    }
}

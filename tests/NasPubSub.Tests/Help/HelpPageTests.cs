using System.Management.Automation;
using System.Text.RegularExpressions;
using NasPubSub.Help;
using NasPubSub.Tests.Infrastructure;
using NasPubSub.TestServer;

namespace NasPubSub.Tests.Help;

/// <summary>
/// The pages of docs/en-US against the cmdlets they are about. NAS_HELP_UPDATE=1 puts syntax and facts right.
/// </summary>
public sealed partial class HelpPageTests
{
    private static readonly string Folder = Path.Combine(NatsServerBinary.RepositoryRoot, "docs", "en-US");

    public static TheoryData<string> Cmdlets => [.. Names()];

    [Theory]
    [MemberData(nameof(Cmdlets))]
    public void A_page_has_the_cmdlets_syntax_and_parameters(string name)
    {
        using var shell = Shell.Open();
        var cmdlet = (CmdletInfo)shell.Run("Get-Command $args[0]", name)[0].BaseObject;
        var file = Path.Combine(Folder, name + ".md");
        var page = File.ReadAllText(file).ReplaceLineEndings("\n");
        var right = PageShape.Of(page, cmdlet);
        if (Environment.GetEnvironmentVariable("NAS_HELP_UPDATE") == "1")
        {
            File.WriteAllText(file, page = right);
        }

        Assert.Equal(right, page);
    }

    [Theory]
    [MemberData(nameof(Cmdlets))]
    public void A_page_says_something_of_everything(string name)
    {
        var page = HelpPage.Parse(File.ReadAllText(Path.Combine(Folder, name + ".md")), name);
        Assert.Equal(name, page.Name);
        Assert.All(
            [
                page.Synopsis,
                page.Description,
                page.Notes,
                .. page.Parameters.Select(p => p.Text),
                .. page.Outputs.Select(o => o.Text),
            ],
            Assert.NotEmpty
        );
        Assert.True(page.Examples.Count >= 2, "fewer than two examples");
        Assert.All(page.Examples, e => Assert.NotEmpty(e.Code));
        Assert.All(page.Examples, e => Assert.NotEmpty(e.Remarks));
        Assert.NotEmpty(page.Links);
    }

    [Fact]
    public void There_is_no_page_of_a_cmdlet_that_is_not_there() =>
        Assert.Equal(
            Names(),
            Directory.GetFiles(Folder, "*-*.md").Select(Path.GetFileNameWithoutExtension).Order(StringComparer.Ordinal)
        );

    /// <summary>Those of the library have their names from the enumeration, the others are made in one file.</summary>
    [Fact]
    public void The_page_of_errors_lists_every_ErrorId_and_no_other()
    {
        var source = Path.Combine(NatsServerBinary.RepositoryRoot, "src");
        var library = Members()
            .Matches(
                File.ReadAllText(Path.Combine(source, "NasPubSub.Client", "NasException.cs"))
                    .Split("public sealed class")[0]
            )
            .Select(m => m.Groups[1].Value);
        var module = Directory
            .GetFiles(Path.Combine(source, "NasPubSub"), "*.cs", SearchOption.AllDirectories)
            .SelectMany(file => Ids().Matches(File.ReadAllText(file)).Select(m => m.Groups[1].Value));
        var listed = Listed("ERRORS");
        Assert.Equal(library.Concat(module).Distinct().Order(StringComparer.Ordinal), listed);
        Assert.Contains("BufferFull", listed);
        Assert.Contains("MissingSubject", listed);
    }

    /// <summary>Each code of the library for streams has its own advice, and each advice is on the page.</summary>
    [Fact]
    public void The_page_of_errors_lists_every_code_of_streams_and_no_other()
    {
        var source = Path.Combine(NatsServerBinary.RepositoryRoot, "src");
        var parts = File.ReadAllText(Path.Combine(source, "NasPubSub", "Errors", "JetStreamAdvice.cs"))
            .Split("public static string? Of(");
        var advised = Advised().Matches(parts[1]).Select(m => m.Groups[1].Value).Order(StringComparer.Ordinal).ToList();
        var thrown = Directory
            .GetFiles(Path.Combine(source, "NasPubSub.JetStream"), "*.cs", SearchOption.AllDirectories)
            .SelectMany(file => Codes().Matches(File.ReadAllText(file)).Select(m => m.Groups[1].Value))
            .ToList();
        Assert.Contains("InvalidSchedule", thrown);
        Assert.Contains("PullRefused", thrown);
        Assert.Equal(advised, Listed("ERRORS OF STREAMS"));
        Assert.Empty(thrown.Except(advised));
        Assert.DoesNotContain(advised, code => !parts[0].Contains($"\"{code}\""));
    }

    private static List<string> Listed(string section) =>
        [
            .. Markdown
                .Split(
                    Markdown
                        .Split(File.ReadAllText(Path.Combine(Folder, "about_NasPubSub_Errors.md")), 2)
                        .Single(s => s.Title == section)
                        .Text,
                    3
                )
                .Skip(1)
                .Select(s => s.Title),
        ];

    [GeneratedRegex(@"^\s+""(\w+)"" =>", RegexOptions.Multiline)]
    private static partial Regex Advised();

    [GeneratedRegex(@"(?:Code = |Make\(\s*|=> \(\s*)""(\w+)""")]
    private static partial Regex Codes();

    [GeneratedRegex(@"^    (\w+),\s*$", RegexOptions.Multiline)]
    private static partial Regex Members();

    [GeneratedRegex(@"""(\w+)"",\s*ErrorCategory\.")]
    private static partial Regex Ids();

    internal static IReadOnlyList<string> Names()
    {
        using var shell = Shell.Open();
        return
        [
            .. shell
                .Run("Get-Command -Module NasPubSub")
                .Select(c => ((CommandInfo)c.BaseObject).Name)
                .Order(StringComparer.Ordinal),
        ];
    }
}

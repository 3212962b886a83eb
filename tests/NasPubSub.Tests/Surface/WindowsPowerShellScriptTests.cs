using System.Text.RegularExpressions;
using System.Xml.Linq;
using NasPubSub.TestServer;

namespace NasPubSub.Tests.Surface;

/// <summary>
/// Scripts, types and formats that ship, and the scripts that test the module in Windows PowerShell, use only what 5.1
/// knows.
/// </summary>
public sealed partial class WindowsPowerShellScriptTests
{
    private static readonly string Root = NatsServerBinary.RepositoryRoot;

    /// <summary>What 5.1 does not read, by design: it starts with a later version and says so.</summary>
    public static TheoryData<string> Scripts =>
        [
            .. new[] { "examples", "tests/Pester", "tests/Pages", "tests/Jwt", "tools" }
                .SelectMany(folder =>
                    Directory.EnumerateFiles(Path.Combine(Root, folder), "*.ps1", SearchOption.AllDirectories)
                )
                .Where(path => !path.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}"))
                .Append(Path.Combine(Root, "NasPubSub.psd1"))
                .Append(Path.Combine(Root, "build.ps1"))
                .Select(path => Path.GetRelativePath(Root, path).Replace('\\', '/'))
                .Order(StringComparer.Ordinal),
        ];

    /// <summary>The pages of a user, and those of the help.</summary>
    public static TheoryData<string> Pages =>
        [
            .. Directory
                .EnumerateFiles(Path.Combine(Root, "docs"), "*.md", SearchOption.AllDirectories)
                .Append(Path.Combine(Root, "README.md"))
                .Where(page => File.ReadLines(page).Contains("```powershell"))
                .Select(page => Path.GetRelativePath(Root, page).Replace('\\', '/'))
                .Order(StringComparer.Ordinal),
        ];

    [Theory]
    [MemberData(nameof(Scripts))]
    public void A_script_uses_what_5_1_knows(string script)
    {
        var text = File.ReadAllText(Path.Combine(Root, script));
        Assert.Empty(NewerThanWindowsPowerShell.In(text));
        // 5.1 reads a script without a byte order mark in the code page of the system.
        Assert.DoesNotContain(text.ReplaceLineEndings("\n").Split('\n'), line => line.Any(c => c > '\u007f'));
    }

    [Theory]
    [InlineData("module/NasPubSub.Format.ps1xml")]
    [InlineData("module/NasPubSub.Types.ps1xml")]
    public void The_script_blocks_of_types_and_formats_use_what_5_1_knows(string file) =>
        Assert.Empty(
            XDocument
                .Load(Path.Combine(Root, file))
                .Descendants()
                .Where(element => element.Name.LocalName is "ScriptBlock" or "Script" or "GetScriptBlock")
                .SelectMany(element => NewerThanWindowsPowerShell.In(element.Value))
        );

    [Theory]
    [MemberData(nameof(Pages))]
    public void A_page_uses_what_5_1_knows_or_names_the_version_that_it_needs(string page) =>
        Assert.Empty(
            Block()
                .Matches(File.ReadAllText(Path.Combine(Root, page)).ReplaceLineEndings("\n"))
                .Where(block => !block.Groups["before"].Value.Contains("PowerShell 7", StringComparison.Ordinal))
                .Select(block => Commands(block.Groups["text"].Value))
                .SelectMany(NewerThanWindowsPowerShell.In)
        );

    [Theory]
    [InlineData("$a ? 1 : 2", "a ? b : c")]
    [InlineData("a && b", "&& or ||")]
    [InlineData("$a ?? 1", "??")]
    [InlineData("$a ??= 1", "??=")]
    [InlineData("${a}?.b", "?.")]
    [InlineData("${a}?[0]", "?[]")]
    [InlineData("function f { clean { 1 } }", "clean")]
    [InlineData("a &", "& at the end of a pipeline")]
    [InlineData("1 | ForEach-Object -Parallel { 1 }", "ForEach-Object -Parallel")]
    [InlineData("Join-Path a b c", "Join-Path with more than two parts")]
    [InlineData("Get-Content a -AsByteStream", "Get-Content -AsByteStream")]
    [InlineData("Set-Content a b -Encoding utf8NoBOM", "-Encoding utf8NoBOM")]
    [InlineData("\"`e[0m\"", "`e or `u{} in a string")]
    [InlineData("0b11", "0b11")]
    [InlineData("$PSStyle.Reset", "$PSStyle")]
    public void What_is_newer_is_found(string script, string expected)
    {
        Assert.Equal([$"1: {expected}"], NewerThanWindowsPowerShell.In(script));
        Assert.Empty(NewerThanWindowsPowerShell.In("#Requires -Version 7.4\n" + script));
    }

    [Fact]
    public void What_runs_only_in_a_later_version_may_be_newer() =>
        Assert.Empty(NewerThanWindowsPowerShell.In("if ($PSEdition -eq 'Core') { Get-Error } else { $Error[0] }"));

    /// <summary>Of a transcript, what follows its prompts.</summary>
    private static string Commands(string block) =>
        block.Contains("PS> ", StringComparison.Ordinal) ? Transcript().Replace(block, "$1") : block;

    [GeneratedRegex("(?<before>(?:[^\n]+\n)*)\n*```powershell\n(?<text>.*?)\n```", RegexOptions.Singleline)]
    private static partial Regex Block();

    [GeneratedRegex("^(?:PS> |>> )(.*)$|^(?!PS> |>> ).*$", RegexOptions.Multiline)]
    private static partial Regex Transcript();
}

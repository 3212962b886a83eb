using System.Diagnostics;
using System.Text.RegularExpressions;
using NasPubSub.Tests.Infrastructure;
using NasPubSub.TestServer;

namespace NasPubSub.Tests.Windows;

/// <summary>
/// A policy that forbids the module: PowerShell stops at the first of its types, before any code of it can run. What
/// the user then reads is in the troubleshooting of README.md, with what to do.
/// </summary>
public sealed partial class ExecutionPolicyTests
{
    [WindowsTheory]
    [InlineData("Restricted", "running scripts is disabled")]
    [InlineData("AllSigned", "cannot be loaded")]
    public async Task The_error_names_the_file_and_the_README_says_what_to_do(string policy, string words)
    {
        var start = Pwsh.WithModule(
            $$"""
            Remove-Module NasPubSub
            $env:PSExecutionPolicyPreference = '{{policy}}'
            try { Import-Module '{{ModuleUnderTest.Manifest}}' -ErrorAction Stop; [Console]::WriteLine('imported') }
            catch { [Console]::WriteLine("$_") }
            """
        );
        using var process = Process.Start(start)!;
        var output = await process.StandardOutput.ReadToEndAsync().WaitAsync(TimeSpan.FromSeconds(60));
        var said = Blanks().Replace(output, " ");
        Assert.Contains("NasPubSub.Types.ps1xml", said, StringComparison.Ordinal);
        Assert.Contains(words, said, StringComparison.Ordinal);
        var readme = File.ReadAllText(Path.Combine(NatsServerBinary.RepositoryRoot, "README.md"));
        Assert.Contains(words, Blanks().Replace(readme, " "), StringComparison.Ordinal);
        Assert.Contains("Set-ExecutionPolicy RemoteSigned -Scope CurrentUser", readme, StringComparison.Ordinal);
    }

    [GeneratedRegex(@"\s+")]
    private static partial Regex Blanks();
}

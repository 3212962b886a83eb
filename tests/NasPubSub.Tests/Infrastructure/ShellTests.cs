using NasPubSub.TestServer;

namespace NasPubSub.Tests.Infrastructure;

public sealed class ShellTests
{
    [Fact]
    public void A_script_gives_output_errors_and_warnings()
    {
        using var shell = Shell.Open(importModule: false);
        var result = shell.Invoke("param($n) $n; $n + 1; nowhere-to-be-found; throw 'end'", 41);
        Assert.Equal([41, 42], result.Values);
        Assert.Equal(["CommandNotFoundException", "end"], result.Errors.Select(error => error.FullyQualifiedErrorId));
        Assert.False(result.Stopped);
        Assert.Throws<InvalidOperationException>(result.ThrowIfFailed);
    }

    [Fact]
    public async Task A_running_script_can_be_stopped()
    {
        using var shell = Shell.Open(importModule: false);
        var run = shell.Start("'begun'; while ($true) { }");
        await Eventually.TrueAsync(() => run.Output.Count == 1);
        Assert.True(await run.StopAsync() < TimeSpan.FromSeconds(5));
        Assert.True((await run.Completed).Stopped);
    }

    [Fact]
    public void A_script_shows_what_a_user_sees()
    {
        using var shell = Shell.Open(importModule: false);
        var shown = shell.Show("Get-Command Get-Module; throw-nothing");
        Assert.Contains("CommandType", shown, StringComparison.Ordinal);
        Assert.Contains("throw-nothing", shown, StringComparison.Ordinal);
        Assert.DoesNotContain("\u001b", shown, StringComparison.Ordinal);
    }
}

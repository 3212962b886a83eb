using System.Diagnostics;
using NasPubSub.Tests.Infrastructure;

namespace NasPubSub.Tests.Commands;

public sealed class LifetimeTests(ServerFixture fixture) : ServedTests(fixture)
{
    [Theory]
    [InlineData("1..1000 | Publish-NasMessage out")]
    [InlineData("1..1000 | Publish-NasMessage out; exit 3")]
    [InlineData("1..1000 | Publish-NasMessage out; [Environment]::Exit(0)")]
    [InlineData("1..1000 | Publish-NasMessage out; throw 'end'")]
    [InlineData("1..1000 | Publish-NasMessage out; Remove-Module NasPubSub")]
    public async Task What_was_published_before_the_process_ends_is_delivered(string script)
    {
        using var shell = OpenConnected();
        shell.Run("$sub = $nas.SubscribeAsync('out').GetAwaiter().GetResult()");
        using var process = Process.Start(Pwsh.WithModule($"$null = Connect-NasPubSub {Server.Url} -Namespace {Space}; {script}"))!;
        await process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(60));
        Assert.Equal(1000, shell.Get<int>("@($sub | Receive-NasMessage -Count 1000 -Timeout 10).Count"));
    }

    [Fact]
    public void A_closed_runspace_leaves_no_connection()
    {
        var shell = OpenConnected();
        var connection = shell.Run("$nas")[0].BaseObject;
        shell.Dispose();
        Assert.Equal("Closed", connection.GetType().GetProperty("State")!.GetValue(connection)!.ToString());
    }

    [Fact]
    public void A_removed_module_leaves_no_connection_and_comes_again()
    {
        using var shell = OpenConnected();
        Assert.Equal("Closed", shell.Get<string>("Remove-Module NasPubSub; \"$($nas.State)\""));
        shell.Run($"Import-Module '{ModuleUnderTest.Manifest}'; $again = Connect-NasPubSub {Server.Url}");
        Assert.True(shell.Get<bool>("$again.IsConnected"));
    }
}

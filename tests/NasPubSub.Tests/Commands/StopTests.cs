using NasPubSub.Tests.Infrastructure;
using NasPubSub.TestServer;

namespace NasPubSub.Tests.Commands;

/// <summary>A server that lets a client in and then neither reads nor answers: whatever waits for it must stop at Ctrl+C.</summary>
public sealed class StopTests
{
    [Theory]
    [InlineData("Publish-NasMessage a x -Flush")]
    [InlineData("$big = 'x' * 900000; foreach ($i in 1..100) { $big | Publish-NasMessage a }")]
    [InlineData("Disconnect-NasPubSub -Timeout 60")]
    [InlineData("Test-NasConnection -Ping -Timeout 60")]
    [InlineData("Get-NasConnection -Ping")]
    [InlineData("Receive-NasMessage a")]
    [InlineData("Register-NasSubscription a")]
    [InlineData("Invoke-NasRequest a x -Timeout 60")]
    [InlineData("1..3 | Invoke-NasRequest a -Timeout 60 -Count 2")]
    public async Task Control_C_ends_the_wait_for_a_silent_server(string script)
    {
        await using var fake = FakeServer.Start(async peer =>
        {
            await peer.HandshakeAsync();
            await peer.StaySilentAsync();
        });
        using var shell = Shell.Open();
        shell.Run($"$nas = Connect-NasPubSub {fake.Url}");
        var run = shell.Start(script);
        await Task.WhenAny(run.Completed, Task.Delay(1000));
        Assert.False(run.Completed.IsCompleted, "it did not wait");
        Assert.True(await run.StopAsync() < TimeSpan.FromSeconds(1));
        Assert.True((await run.Completed).Stopped);
        shell.Run("Disconnect-NasPubSub -All -Force");
    }
}

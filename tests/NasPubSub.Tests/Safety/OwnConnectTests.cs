using System.Diagnostics;
using NasPubSub.Tests.Infrastructure;
using NasPubSub.TestServer;

namespace NasPubSub.Tests.Safety;

/// <summary>A cmdlet without a session connects by itself: that too takes no longer than the cmdlet may.</summary>
public sealed class OwnConnectTests
{
    [Fact]
    public async Task A_connect_by_itself_ends_with_the_time_of_the_cmdlet()
    {
        await using var silent = SilentServer.Start(Silence.FromTheStart);
        string[] calls =
        [
            "Wait-NasConnection 0.3",
            "Receive-NasMessage a -Timeout 0.3",
            "Register-NasSubscription a -Timeout 0.3",
            "Invoke-NasRequest a x -Timeout 0.3",
            "Measure-NasThroughput -Timeout 0.3",
        ];
        // A process of its own has the variable.
        var script = string.Concat(
            calls.Select(call =>
                $$"""
                    $clock = [System.Diagnostics.Stopwatch]::StartNew()
                    try { {{call}} -ErrorAction Stop } catch { "$($_.FullyQualifiedErrorId -replace ',.*') $($clock.Elapsed.TotalSeconds -lt 4.5)" }

                    """
            )
        );
        var start = Pwsh.WithModule(script);
        start.Environment["NATS_URL"] = silent.Url;
        using var process = Process.Start(start)!;
        var output = await process.StandardOutput.ReadToEndAsync();
        await process.WaitForExitAsync();
        Assert.Equal(
            Enumerable.Repeat("Timeout True", calls.Length),
            output.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries)
        );
    }
}

using System.Diagnostics;
using NasPubSub.Tests.Infrastructure;
using NasPubSub.TestServer;

namespace NasPubSub.Tests.Windows;

/// <summary>
/// A shell that publishes without pause, with a server of its own, ends by whatever Windows has for that. Nothing is
/// lost of what was accepted, and no server is left behind.
/// </summary>
public sealed class EndOfProcessTests(ServerFixture fixture) : ServedTests(fixture)
{
    [WindowsTheory]
    [InlineData("Ctrl+C")]
    [InlineData("Ctrl+Break")]
    [InlineData("closed window")]
    [InlineData("log-off")]
    [InlineData("log-off, told to windows")]
    [InlineData("shutdown")]
    [InlineData("taskkill")]
    public async Task Nothing_that_was_accepted_is_lost(string end)
    {
        using var subscriber = await Numbers.SubscribeAsync(Server.Port, $"{Space}.out");
        await using var shell = await PublishingShell.StartAsync(Server.Url, Space);
        await Eventually.TrueAsync(() => shell.Accepted > 500);
        var clock = Stopwatch.StartNew();
        await SendAsync(end, shell.Id);
        await shell.EndedAsync();
        Assert.InRange(clock.Elapsed.TotalSeconds, 0, 5);
        await Eventually.TrueAsync(() => !shell.ServerIsAlive);
        var received = await subscriber.EndAsync();
        // The last may have been sent, with no time left to count it.
        Assert.InRange(received.Count, shell.Accepted, shell.Accepted + 1);
        Assert.Equal(Enumerable.Range(0, received.Count), received);
    }

    /// <summary>A killed process runs no code of its own; its folder goes when the next server starts.</summary>
    [WindowsFact]
    public async Task No_server_outlives_a_shell_that_is_killed()
    {
        await using var shell = await PublishingShell.StartAsync(Server.Url, Space, "-JetStream");
        using (var process = Process.GetProcessById(shell.Id))
        {
            process.Kill();
        }

        await shell.EndedAsync();
        await Eventually.TrueAsync(() => !shell.ServerIsAlive);
        Assert.True(Directory.Exists(shell.ServerFolder));
        using var next = Shell.Open();
        next.Run($"Stop-NasServer (Start-NasServer '{NatsServerBinary.Find()}' -JetStream)");
        Assert.False(Directory.Exists(shell.ServerFolder));
    }

    /// <summary>And its next statements run, unless Windows ends the process before.</summary>
    [WindowsTheory]
    [InlineData("Ctrl+C", "SIGINT")]
    [InlineData("closed window", "Close")]
    [InlineData("shutdown", "Shutdown")]
    [InlineData("taskkill", "taskkill")]
    public async Task A_script_that_waits_for_its_subscriptions_stops_in_order(string end, string reason)
    {
        var start = Pwsh.WithModule(
            $$"""
            $null = Connect-NasPubSub {{Server.Url}} -Namespace {{Space}}
            $work = Register-NasSubscription work -Reply -Action { $_.Text }
            [Console]::WriteLine($PID)
            Wait-NasSubscription -Verbose 4>&1 | ForEach-Object { [Console]::WriteLine("$_") }
            [Console]::WriteLine("$($work.State)"); [Console]::Out.Flush(); exit 7
            """
        );
        using var process = Process.Start(start)!;
        var id = int.Parse((await process.StandardOutput.ReadLineAsync())!);
        using var watcher = OpenConnected();
        const string IsServed = "[bool](Invoke-NasRequest work x -Timeout 1 -ErrorAction Ignore)";
        await Eventually.TrueAsync(() => watcher.Get<bool>(IsServed));
        var clock = Stopwatch.StartNew();
        await SendAsync(end, id);
        var output = await process.StandardOutput.ReadToEndAsync().WaitAsync(TimeSpan.FromSeconds(20));
        await process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(20));
        Assert.InRange(clock.Elapsed.TotalSeconds, 0, 5);
        Assert.Equal([$"Stopping: {reason}.", "Completed", ""], output.Split(Environment.NewLine));
        Assert.Equal(end is "Ctrl+C" or "taskkill", process.ExitCode == 7);
    }

    private static async Task SendAsync(string end, int process)
    {
        switch (end)
        {
            case "taskkill":
                await EndEvents.TaskKillAsync(process);
                break;
            case "log-off, told to windows":
                Assert.NotEqual(0, EndEvents.EndSession(process));
                EndEvents.Send(process, 2);
                break;
            default:
                EndEvents.Send(
                    process,
                    end switch
                    {
                        "Ctrl+C" => 0,
                        "Ctrl+Break" => 1,
                        "closed window" => 2,
                        "log-off" => 5,
                        _ => 6,
                    }
                );
                break;
        }
    }
}

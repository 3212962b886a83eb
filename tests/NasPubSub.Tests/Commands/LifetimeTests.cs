using System.Diagnostics;
using NasPubSub.Tests.Infrastructure;
using NasPubSub.TestServer;

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
        using var process = Process.Start(
            Pwsh.WithModule($"$null = Connect-NasPubSub {Server.Url} -Namespace {Space}; {script}")
        )!;
        await process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(60));
        Assert.Equal(1000, shell.Get<int>("@($sub | Receive-NasMessage -Count 1000 -Timeout 10).Count"));
    }

    /// <summary>
    /// What PowerShell does of itself when a signal comes, but nothing is lost and no server is left behind.
    /// </summary>
    [ServerTheory(Signals = true)]
    [InlineData("TERM", 143)]
    [InlineData("HUP", 129)]
    [Trait("System", "Unix")]
    public async Task A_signal_ends_the_process_as_ever_and_what_was_published_is_delivered(string signal, int exitCode)
    {
        // Windows has no such signals (EndOfProcessTests has its own), and Windows PowerShell none at all.
        if (OperatingSystem.IsWindows() || ModuleUnderTest.Build == "netstandard2.0")
        {
            return;
        }

        using var shell = OpenConnected();
        shell.Run("$sub = $nas.SubscribeAsync('out').GetAwaiter().GetResult()");
        var (code, output) = await RunAsync(
            $"$s = Start-NasServer '{NatsServerBinary.Find()}' -JetStream; [Console]::WriteLine(\"$($s.Id) $($s.StoreDirectory)\"); "
                + $"$null = Connect-NasPubSub {Server.Url} -Namespace {Space}; 1..1000 | Publish-NasMessage out; & /bin/kill -{signal} $PID; while ($true) {{ [System.Threading.Thread]::Sleep(10) }}"
        );
        var words = output.Trim().Split(' ');
        Assert.Equal(exitCode, code);
        Assert.False(Directory.Exists(words[1]));
        Assert.Throws<ArgumentException>(() => Process.GetProcessById(int.Parse(words[0])));
        Assert.Equal(1000, shell.Get<int>("@($sub | Receive-NasMessage -Count 1000 -Timeout 10).Count"));
    }

    [Fact]
    [Trait("System", "Unix")]
    public async Task A_shell_that_handles_a_signal_keeps_its_session()
    {
        if (OperatingSystem.IsWindows())
        {
            return;
        }

        var (code, output) = await RunAsync(
            $$"""
            $null = Connect-NasPubSub {{Server.Url}} -Namespace {{Space}}
            $handle = [System.Linq.Expressions.Expression]
            $context = $handle::Parameter([System.Runtime.InteropServices.PosixSignalContext], 'c')
            $cancel = $handle::Assign($handle::Property($context, 'Cancel'), $handle::Constant($true, [bool]))
            $handler = $handle::Lambda([Action[System.Runtime.InteropServices.PosixSignalContext]], $cancel, [System.Linq.Expressions.ParameterExpression[]]@($context)).Compile()
            $mine = [System.Runtime.InteropServices.PosixSignalRegistration]::Create('SIGTERM', $handler)
            & /bin/kill -TERM $PID
            [System.Threading.Thread]::Sleep(200)
            Publish-NasMessage a x -Flush; [Console]::WriteLine("$((Get-NasConnection).State)"); exit 7
            """
        );
        Assert.Equal((7, "Connected"), (code, output.Trim()));
    }

    /// <summary>The session outlives the event: "I go offline" goes over it, in its namespace.</summary>
    [Fact]
    public void A_publish_while_PowerShell_exits_goes_over_the_session_there_is()
    {
        using var watcher = OpenConnected();
        watcher.Run("$sub = Register-NasSubscription state");
        using (var shell = OpenConnected())
        {
            shell.Run(
                "$null = $ExecutionContext.Events.SubscribeEvent($null, $null, 'PowerShell.Exiting', $null, { Publish-NasMessage state offline }, $true, $false)"
            );
        }
        Assert.Equal("offline", watcher.Get<string>("$sub | Receive-NasMessage -Count 1 -Timeout 5 -As Text"));
    }

    private static async Task<(int ExitCode, string Output)> RunAsync(string script)
    {
        using var process = Process.Start(Pwsh.WithModule(script))!;
        try
        {
            var output = await process.StandardOutput.ReadToEndAsync().WaitAsync(TimeSpan.FromSeconds(60));
            await process.WaitForExitAsync();
            return (process.ExitCode, output);
        }
        finally
        {
            process.Kill(entireProcessTree: true);
        }
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

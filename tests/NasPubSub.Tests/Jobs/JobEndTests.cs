using System.Diagnostics;
using System.Management.Automation;
using NasPubSub.Tests.Infrastructure;
using NasPubSub.TestServer;

namespace NasPubSub.Tests.Jobs;

/// <summary>How a job ends, and that it leaves nothing behind.</summary>
public sealed class JobEndTests(ServerFixture fixture) : JobTests(fixture)
{
    [Theory]
    [InlineData("[System.Threading.Thread]::Sleep(60000)")]
    [InlineData("while ($true) { }")]
    [InlineData("[System.Threading.ManualResetEvent]::new($false).WaitOne()")]
    [InlineData("Receive-NasMessage never")]
    public async Task Stop_job_ends_a_running_action_within_a_second(string body)
    {
        using var shell = OpenConnected();
        var job = (NasJob)
            shell.Get<PSObject>(
                $"$job = Register-NasSubscription s {{ 'begun'; {body} }} -Name stopme; 1..5 | Publish-NasMessage s; $job"
            );
        await Eventually.TrueAsync(() => job.Output.Count == 1);
        var watch = Stopwatch.StartNew();
        shell.Run("Stop-Job $job");
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(1), $"{watch.Elapsed}");
        Assert.Equal(("Stopped", 1, 0), (job.State, job.Output.Count, shell.Run("Get-NasSubscription").Count));
        await NoThreadAsync("stopme");
        shell.Run("Remove-Job $job; if (Get-Job) { throw 'still there' }");
    }

    [Theory]
    [InlineData("$job | Stop-Job")]
    [InlineData("$job | Unregister-NasSubscription")]
    [InlineData("$job | Remove-Job -Force")]
    public void A_subscription_that_makes_the_server_wait_ends_with_its_job(string end)
    {
        using var shell = OpenConnected();
        var left = shell.Run(
            $"$job = Register-NasSubscription w {{ $_.Text }} -Overflow Wait; {end}; $job.Subscription.IsActive; @(Get-NasSubscription).Count"
        );
        Assert.Equal([false, 0], Values(left));
    }

    [Fact]
    public void A_subscription_that_makes_the_server_wait_ends_with_its_reader()
    {
        using var shell = OpenConnected();
        var left = shell.Run(
            $$"""
            $options = [NasPubSub.NasOptions]::new(); $options.GetType().GetProperty('Servers').SetValue($options, [string[]]$nas.Servers)
            $waits = [NasPubSub.NasSubscriptionOptions]::new(); $waits.GetType().GetProperty('Overflow').SetValue($waits, [NasPubSub.NasOverflow]::Wait)
            $options.GetType().GetProperty('Subscriptions').SetValue($options, $waits)
            $other = [NasPubSub.NasConnection]::new($options); $other.ConnectAsync().Wait()
            Receive-NasMessage w -Connection $other -Timeout 0.3
            $other.Subscriptions.Count; $other.Dispose()
            """
        );
        Assert.Equal([0], Values(left));
    }

    [Theory]
    [InlineData("$job | Unregister-NasSubscription")]
    [InlineData("$job.Subscription | Unregister-NasSubscription")]
    [InlineData("Unregister-NasSubscription -Subject d")]
    [InlineData("Unregister-NasSubscription -Sid $job.Subscription.Sid")]
    public void Unregister_lets_the_action_finish_what_came(string unregister)
    {
        using var shell = OpenConnected();
        var result = shell.Run(
            $$"""
            $job = Register-NasSubscription d { [System.Threading.Thread]::Sleep(5); $_.Text }
            1..50 | Publish-NasMessage d -Flush
            {{unregister}}
            $job.State; (Receive-Job $job).Count
            """
        );
        Assert.Equal(["Completed", 50], Values(result).Select(v => v is JobState s ? s.ToString() : v));
    }

    [Fact]
    public void Unregister_lets_the_action_finish_what_came_also_in_the_callers_runspace()
    {
        using var shell = OpenConnected();
        var result = shell.Run(
            """
            $job = Register-NasSubscription d { $_.Text } -InCallerRunspace
            1..50 | Publish-NasMessage d -Flush; $job | Unregister-NasSubscription -Timeout 5; $job.State.ToString(); (Receive-Job $job).Count
            """
        );
        Assert.Equal(["Completed", 50], Values(result));
    }

    [Theory]
    [InlineData("")]
    [InlineData("-InCallerRunspace")]
    [InlineData("-ThrottleLimit 2")]
    public void An_action_that_unregisters_its_own_job_returns_at_once(string where)
    {
        using var shell = OpenConnected();
        var result = shell.Run(
            $$"""
            $box = @{}
            $box.job = Register-NasSubscription once {{where}} {
                $box = $using:box
                $clock = [System.Diagnostics.Stopwatch]::StartNew()
                $box.job | Unregister-NasSubscription -Timeout 3
                "took $($clock.Elapsed.TotalSeconds -ge 2)"
            }
            Publish-NasMessage once x -Flush
            $clock = [System.Diagnostics.Stopwatch]::StartNew()
            while ($box.job.State -eq 'Running' -and $clock.Elapsed.TotalSeconds -lt 10) { [System.Threading.Thread]::Sleep(1) }
            $box.job.State.ToString(); Receive-Job $box.job
            """
        );
        Assert.Equal(["Completed", "took False"], Values(result));
    }

    [Fact]
    public void A_closed_connection_completes_the_job()
    {
        using var shell = OpenConnected();
        Assert.Equal(
            "Completed",
            shell.Get<string>(
                "$job = Register-NasSubscription c { $_ }; Disconnect-NasPubSub; (Wait-Job $job -Timeout 10).State.ToString()"
            )
        );
    }

    [Theory]
    [InlineData("Remove-Module NasPubSub")]
    [InlineData("close")]
    [Trait("System", "Unix")]
    public async Task Nothing_is_left_when_the_module_or_the_runspace_goes(string how)
    {
        var shell = OpenConnected();
        var name = "gone" + Guid.NewGuid().ToString("N");
        var jobs = shell
            .Run(
                $$"""
                $jobs = @(Register-NasSubscription a { $_ } -Name {{name}} -ThrottleLimit 3
                Register-NasSubscription b { [System.Threading.Thread]::Sleep(60000) } -Name {{name}}
                Register-NasSubscription c { $_ } -Name {{name}} -InCallerRunspace)
                1..3 | ForEach-Object { Publish-NasMessage a; Publish-NasMessage b -Flush }
                $jobs
                """
            )
            .Select(j => (Job)j.BaseObject)
            .ToList();
        Assert.Equal(5, Threads(name));
        if (how == "close")
        {
            shell.Dispose();
        }
        else
        {
            shell.Run(how);
        }

        await NoThreadAsync(name);
        Assert.All(jobs, job => Assert.Equal(JobState.Stopped, job.JobStateInfo.State));
        shell.Dispose();
    }

    private static Task NoThreadAsync(string name) => Eventually.TrueAsync(() => Threads(name) == 0);

    /// <summary>On Linux a thread's name is cut to 15 characters.</summary>
    private static int Threads(string name) =>
        Directory
            .EnumerateDirectories("/proc/self/task")
            .Count(task => Named(task) == name[..Math.Min(15, name.Length)]);

    private static string? Named(string task)
    {
        try
        {
            return File.ReadAllText(Path.Combine(task, "comm")).Trim();
        }
        catch (IOException)
        {
            // It ended just now.
            return null;
        }
    }
}

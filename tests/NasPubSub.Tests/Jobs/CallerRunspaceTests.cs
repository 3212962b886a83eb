using System.Diagnostics;
using System.Management.Automation;
using NasPubSub.Tests.Infrastructure;
using NasPubSub.TestServer;

namespace NasPubSub.Tests.Jobs;

/// <summary>Actions that run in the runspace of the caller.</summary>
public sealed class CallerRunspaceTests(ServerFixture fixture) : JobTests(fixture)
{
    [Fact]
    public void In_the_callers_runspace_it_runs_between_statements_and_in_order()
    {
        using var shell = OpenConnected();
        var result = shell.Run(
            """
            $global:seen = [System.Collections.Generic.List[int]]::new()
            $here = [System.Management.Automation.Runspaces.Runspace]::DefaultRunspace.Id
            $offset = 1000
            $job = Register-NasSubscription c -InCallerRunspace {
                if ([System.Management.Automation.Runspaces.Runspace]::DefaultRunspace.Id -ne $using:here) { throw 'elsewhere' }
                $global:seen.Add($using:offset + $_.Text)
                if ($_.Text -eq '500') { throw 'half' }
                if ($_.Text -eq '600') { break }
                "out $($_.Text)"
            } -MaxMessages 1000
            1..1000 | Publish-NasMessage c -Flush
            $clock = [System.Diagnostics.Stopwatch]::StartNew()
            while ($job.State -eq 'Running' -and $clock.Elapsed.TotalSeconds -lt 20) { [System.Threading.Thread]::Sleep(1) }
            $job.State.ToString(); $job.Error.Count; $job.Output.Count; $global:seen.Count
            $i = 1000; ($global:seen | Where-Object { $_ -ne ++$i } | ForEach-Object { 'unordered' })
            """
        );
        Assert.Equal(["Completed", 1, 998, 1000], Values(result));
    }

    [Fact]
    public async Task In_the_callers_runspace_it_runs_while_the_caller_is_idle()
    {
        using var shell = OpenConnected();
        var job = (NasJob)
            shell.Get<PSObject>(
                "$job = Register-NasSubscription i -InCallerRunspace -Reply { \"echo $($_.Text)\" }; $job"
            );
        using var other = Shell.Open();
        other.Run(
            "$null = Connect-NasPubSub $args[0] -Namespace $args[1]",
            Server.Url,
            shell.Get<string>("$nas.Namespace")
        );
        Assert.Equal("echo x", other.Get<string>("(Invoke-NasRequest i x -Timeout 10).Text"));
        shell.Run("Stop-Job $job");
        await Eventually.TrueAsync(() => job.State == "Stopped");
    }

    [Fact]
    public void In_the_callers_runspace_it_sees_the_script_or_module_that_registered_it()
    {
        using var shell = OpenConnected();
        var folder = Directory.CreateTempSubdirectory("nas-caller-").FullName;
        try
        {
            const string Ended =
                "while ($job.State -eq 'Running' -and $clock.Elapsed.TotalSeconds -lt 20) { [System.Threading.Thread]::Sleep(1) }; Receive-Job $job";
            File.WriteAllText(
                Path.Combine(folder, "counter.psm1"),
                """
                $known = 'known'
                function Get-Known { $known }
                function Start-Counter { Register-NasSubscription c -MaxMessages 1 -InCallerRunspace { "$(Get-Known) $known" } }
                """
            );
            File.WriteAllText(
                Path.Combine(folder, "count.ps1"),
                $$"""
                $clock = [System.Diagnostics.Stopwatch]::StartNew()
                $count = 0
                $seen = [System.Collections.Generic.List[string]]::new()
                function Get-Double($n) { 2 * $n }
                function Invoke-Count {
                    $local = 'local'
                    $job = Register-NasSubscription c -MaxMessages 2 -InCallerRunspace { $seen.Add($_.Text); $script:count++; $leak = 1; "$local $(Get-Double $count)" }
                    1..2 | Publish-NasMessage c -Flush
                    {{Ended}}
                }
                Invoke-Count
                "$count $($seen -join ',') $leak"
                Import-Module {{folder}}/counter.psm1
                $job = Start-Counter
                Publish-NasMessage c 1 -Flush
                {{Ended}}
                """
            );
            Assert.Equal(
                ["local 2", "local 4", "2 1,2 ", "known known"],
                shell.Run($"& {folder}/count.ps1").Select(o => o.BaseObject)
            );
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }
}

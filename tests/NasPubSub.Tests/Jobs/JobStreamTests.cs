using System.Management.Automation;
using NasPubSub.Tests.Infrastructure;
using NasPubSub.TestServer;

namespace NasPubSub.Tests.Jobs;

/// <summary>The streams of a job: where their records come from, and how they are bounded.</summary>
public sealed class JobStreamTests(ServerFixture fixture) : JobTests(fixture)
{
    [Fact]
    public void Every_stream_is_the_jobs()
    {
        using var shell = OpenConnected();
        var job = Job(
            shell,
            """
            Register-NasSubscription s -MaxMessages 1 {
                $VerbosePreference = 'Continue'; $DebugPreference = 'Continue'
                'out'
                & { [CmdletBinding()] param()
                    $PSCmdlet.WriteError([System.Management.Automation.ErrorRecord]::new([Exception]::new('err'), 'MyId', 'NotSpecified', $null))
                    $PSCmdlet.WriteWarning('warn'); $PSCmdlet.WriteVerbose('verb'); $PSCmdlet.WriteDebug('deb')
                    $PSCmdlet.WriteInformation('info', @('tag'))
                    $PSCmdlet.WriteProgress([System.Management.Automation.ProgressRecord]::new(1, 'act', 'stat'))
                }
            }
            Publish-NasMessage s
            """
        );
        Assert.Equal("out", Assert.Single(job.Output).BaseObject);
        Assert.Equal("MyId", Assert.Single(job.Error).FullyQualifiedErrorId);
        Assert.Equal(["warn", "verb", "deb"], [job.Warning[0].Message, job.Verbose[0].Message, job.Debug[0].Message]);
        Assert.Equal(("info", "act"), (job.Information[0].MessageData.ToString(), job.Progress[0].Activity));
    }

    [Fact]
    public void In_the_callers_runspace_too_every_stream_is_the_jobs()
    {
        using var shell = OpenConnected();
        var result = shell.Run(
            """
            $job = Register-NasSubscription s -InCallerRunspace {
                'out'
                & { [CmdletBinding()] param()
                    $VerbosePreference = $DebugPreference = 'Continue'
                    $PSCmdlet.WriteError([System.Management.Automation.ErrorRecord]::new([Exception]::new('err'), 'MyId', 'NotSpecified', $null))
                    $PSCmdlet.WriteWarning('warn'); $PSCmdlet.WriteVerbose('verb'); $PSCmdlet.WriteDebug('deb')
                    $PSCmdlet.WriteInformation('info', @('tag'))
                    $PSCmdlet.WriteProgress([System.Management.Automation.ProgressRecord]::new(1, 'act', 'stat'))
                }
            }
            Publish-NasMessage s -Flush
            $job | Unregister-NasSubscription
            "$($job.Output)"; $job.Error.FullyQualifiedErrorId
            $job.Warning.Message; $job.Verbose.Message; $job.Debug.Message; "$($job.Information)"; $job.Progress.Activity
            """
        );
        Assert.Equal(["out", "MyId", "warn", "verb", "deb", "info", "act"], Values(result));
    }

    [Theory]
    [InlineData("$true", "'o' * 100kb", "Output")]
    [InlineData("$true", "Write-Information ('i' * 100kb)", "Information")]
    [InlineData("$false", "", "Error")]
    public void What_nobody_receives_is_bounded_counted_and_said_once(string valid, string action, string stream)
    {
        using var shell = OpenConnected();
        var result = shell.Run(
            $$"""
            function global:Write-Information { [CmdletBinding()] param($text) $PSCmdlet.WriteInformation($text, $null) }
            $job = Register-NasSubscription grow -As Json -InCallerRunspace { {{action}} }
            $payload = if ({{valid}}) { '1' } else { '!' + 'x' * 200kb }
            1..400 | ForEach-Object { Publish-NasMessage grow $payload }
            $job | Unregister-NasSubscription -Timeout 20
            $kept = $job.{{stream}}.Count; $kept -lt 250; $kept -gt 100; $job.DroppedRecords -eq 400 - $kept
            $job.Warning.Count; $job.Warning[0].Message -like '*DroppedRecords*'
            """
        );
        Assert.Equal([true, true, true, 1, true], Values(result));
    }

    [Theory]
    [InlineData("")]
    [InlineData("-InCallerRunspace")]
    public void An_error_shows_the_users_script_and_line(string where)
    {
        using var shell = OpenConnected();
        var file = Path.Combine(Directory.CreateTempSubdirectory("nas-action-").FullName, "service.ps1");
        try
        {
            File.WriteAllText(
                file,
                $$"""
                Register-NasSubscription e -MaxMessages 1 {{where}} {
                    1 / 0
                    Get-Module -NoSuchParameter
                    Write-Error 'written'
                    throw 'thrown'
                }
                """
            );
            var lines = shell.Run(
                $"$job = {file}; Publish-NasMessage e; $job | Unregister-NasSubscription; "
                    + "$job.Error | ForEach-Object { $_.InvocationInfo.ScriptName + ':' + $_.InvocationInfo.ScriptLineNumber }"
            );
            Assert.Equal([$"{file}:2", $"{file}:3", $"{file}:4", $"{file}:5"], Values(lines));
        }
        finally
        {
            Directory.Delete(Path.GetDirectoryName(file)!, recursive: true);
        }
    }

    [Fact]
    public void Receive_job_knows_keep_wait_and_auto_remove()
    {
        using var shell = OpenConnected();
        var result = shell.Run(
            """
            $job = Register-NasSubscription r { $_.Text } -MaxMessages 3
            1..3 | Publish-NasMessage r
            $null = Wait-Job $job -Timeout 10
            Receive-Job $job -Keep; Receive-Job $job; Receive-Job $job
            $job2 = Register-NasSubscription r { $_.Text } -MaxMessages 2
            4..5 | Publish-NasMessage r
            Receive-Job $job2 -Wait -AutoRemoveJob
            "jobs $((Get-Job).Id.Count)"
            Remove-Job $job -Force
            "jobs $((Get-Job).Id.Count)"
            """
        );
        Assert.Equal(["1", "2", "3", "1", "2", "3", "4", "5", "jobs 1", "jobs 0"], Values(result));
    }
}

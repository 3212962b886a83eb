using System.Diagnostics;
using System.Management.Automation;
using NasPubSub.Tests.Infrastructure;
using NasPubSub.TestServer;

namespace NasPubSub.Tests.Jobs;

public sealed class SubscriptionJobTests(ServerFixture fixture) : ServedTests(fixture)
{
    [Fact]
    public void An_action_runs_for_each_message_and_its_output_is_the_jobs()
    {
        using var shell = OpenConnected();
        var result = shell.Run(
            """
            $job = Register-NasSubscription a.* { "$($_.Subject)=$($_.Text)" } -MaxMessages 3 -Name mine
            'a.x', 'a.y', 'a.z' | ForEach-Object { Publish-NasMessage $_ "to $_" }
            $done = Wait-Job $job -Timeout 10
            Receive-Job $done; $job.State; $job.Name; $job.PSJobTypeName; (Get-Job mine).Id -eq $job.Id; $job.Subscription.Delivered
            """
        );
        Assert.Equal(
            ["a.x=to a.x", "a.y=to a.y", "a.z=to a.z", "Completed", "mine", "NasSubscription", true, 3L],
            Values(result)
        );
    }

    [Fact]
    public void Ten_thousand_messages_come_in_order()
    {
        using var shell = OpenConnected();
        var numbers = shell.Run(
            """
            $job = Register-NasSubscription n { [int]$_.Text } -MaxMessages 10000
            1..10000 | Publish-NasMessage n
            $job | Wait-Job -Timeout 60 | Receive-Job
            """
        );
        Assert.Equal(Enumerable.Range(1, 10000), numbers.Select(n => (int)n.BaseObject));
    }

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

    /// <summary>The records hold messages, which nobody looks at in a runspace of the action's own.</summary>
    [Fact]
    public void The_error_variable_of_an_action_does_not_grow()
    {
        using var shell = OpenConnected();
        var counts = shell.Run(
            """
            $job = Register-NasSubscription e -MaxMessages 20 { try { throw $_ } catch { }; Write-Error 'e'; $Error.Count }
            1..20 | Publish-NasMessage e -Flush; $job | Unregister-NasSubscription; $job.Output
            """
        );
        Assert.Equal(20, counts.Count);
        Assert.All(Values(counts), count => Assert.InRange((int)count!, 2, 3));
    }

    [Fact]
    public void In_a_limited_language_an_action_has_that_language_or_is_refused()
    {
        using var shell = OpenConnected();
        shell.Run("$nas = $null; $ExecutionContext.SessionState.LanguageMode = 'ConstrainedLanguage'");
        Assert.Equal("LimitedLanguage", shell.Invoke("Register-NasSubscription c { 1 } -InCallerRunspace").ErrorId);
        var result = shell.Run(
            """
            Get-NasSubscription
            $job = Register-NasSubscription c { param($m) $m.Text; [System.IO.Path]::GetTempPath() } -MaxMessages 1
            Publish-NasMessage c x -Flush
            $job | Unregister-NasSubscription
            "$($job.Output)"; $job.Error.FullyQualifiedErrorId
            """
        );
        Assert.Equal(["x", "MethodInvocationNotSupportedInConstrainedLanguage"], Values(result));
    }

    [Fact]
    public void Using_brings_in_variables_members_and_nested_ones()
    {
        using var shell = OpenConnected();
        var job = Job(
            shell,
            """
            function Start-It {
                $x = @{ y = @{ z = 5 } }; $list = 1, 2, 3; $plus = { param($a) $a + 1 }; $null_ = $null
                Register-NasSubscription u -MaxMessages 1 {
                    $using:x.y.z; $using:list.Count; "$($using:list)"; & { & { $using:x.y.z } }; $Using:LIST[2]
                    & $using:plus 41; $null -eq $using:null_; 1 | ForEach-Object { $using:list[0] }
                    "${using:x}: ${Using:list}"; & { "$args" } @using:list; $using:env:PATH.Length -gt 0
                }
            }
            Start-It
            Publish-NasMessage u
            """
        );
        Assert.Equal(
            [5, 3, "1 2 3", 5, 3, 42, true, 1, "System.Collections.Hashtable: 1 2 3", "1 2 3", true],
            Values(job.Output)
        );
        Assert.Empty(job.Error);
    }

    [Fact]
    public void A_using_variable_that_is_not_there_is_an_error_and_leaves_no_subscription()
    {
        using var shell = OpenConnected();
        Assert.Equal(
            "UsingVariableUndefined",
            shell.Invoke("Register-NasSubscription u { 'before'; $using:nowhere }").ErrorId
        );
        Assert.Empty(shell.Run("Get-NasSubscription; Get-Job"));
    }

    [Fact]
    public void Nothing_in_an_action_ends_the_subscription()
    {
        using var shell = OpenConnected();
        var job = Job(
            shell,
            """
            Register-NasSubscription f -MaxMessages 12 {
                $n++
                "in $($_.Text)"
                switch ($_.Text) {
                    2 { throw 'boom' }
                    8 { $ErrorActionPreference = 'Stop'; try { Get-Module -Name a -NoSuchParameter } finally { $ErrorActionPreference = 'Continue' } }
                }
                if ($_.Text -eq '3') { return }
                if ($_.Text -eq '4') { break }
                if ($_.Text -eq '5') { continue }
                if ($_.Text -eq '6') { exit 3 }
                if ($_.Text -eq '7') { break outer }
                if ($_.Text -eq '9') { 1 / 0 }
                if ($_.Text -eq '10') { nowhere-to-be-found }
                "out $($_.Text)"
                if ($_.Text -eq '12') { "n=$n" }
            }
            1..12 | Publish-NasMessage f
            """
        );
        var values = Values(job.Output).Cast<string>().ToArray();
        Assert.Equal(
            Enumerable.Range(1, 12).Select(i => $"in {i}"),
            values.Where(v => v.StartsWith("in", StringComparison.Ordinal))
        );
        Assert.Equal(
            ["out 1", "out 8", "out 9", "out 10", "out 11", "out 12"],
            values.Where(v => v.StartsWith("out", StringComparison.Ordinal))
        );
        // What the action keeps in a variable it keeps over all of that.
        Assert.Equal("n=12", values[^1]);
        Assert.Equal(
            [
                "boom",
                "NamedParameterNotFound,Microsoft.PowerShell.Commands.GetModuleCommand",
                "RuntimeException",
                "CommandNotFoundException",
            ],
            job.Error.Select(e => e.FullyQualifiedErrorId)
        );
        Assert.Equal(JobState.Completed, job.JobStateInfo.State);
    }

    [Theory]
    [InlineData("{ param($m) $m.Text; $_.Text }", "x", "x")]
    [InlineData("{ param([string] $m, $n = 5) $m; $n; $_.Text }", "f: 1 bytes", "5", "x")]
    [InlineData("{ param() $_.Text }", "x")]
    [InlineData("{ }")]
    [InlineData("${function:Handle}", "handled x")]
    [InlineData("{ begin { 'b' } process { $_.Text } end { 'e' } }", "b", "x", "e")]
    [InlineData("{ process { $_.Text } }", "x")]
    [InlineData("$function:HandleOne", "x", "x")]
    [InlineData("$function:HandleTwo", "f: 1 bytes", "2", "x")]
    [InlineData("$function:HandleEach", "x", "x")]
    [InlineData("$function:Pass", "x")]
    [InlineData("{ [CmdletBinding()] param() $_.Text; $null -ne $PSCmdlet }", "x", "True")]
    [InlineData("{ [CmdletBinding()] param() process { $_.Text } }", "x")]
    [InlineData("{ [CmdletBinding()] param() begin { 'b' } process { $_.Text } end { 'e' } }", "b", "x", "e")]
    [InlineData("{ [CmdletBinding()] param($m) $m.Text; $_.Text }", "x", "x")]
    [InlineData(
        "{ [CmdletBinding(PositionalBinding = $false)] param($m, $n = 3) $m.Text; $n; $_.Text }",
        "x",
        "3",
        "x"
    )]
    [InlineData(
        "{ param([Parameter(Mandatory)] [Alias('msg')] $m, [switch] $s, $n = 3) $m.Text; $n; $_.Text }",
        "x",
        "3",
        "x"
    )]
    [InlineData(
        "{ param([switch] $s, [Parameter(Position = 1)] $n, [Parameter(Position = 0)] $m) $m.Text; $n; $_.Text }",
        "x",
        null,
        "x"
    )]
    [InlineData("{ param([Parameter(ValueFromPipeline)] $m) $m.Text; $_.Text }", "x", "x")]
    [InlineData(
        "{ param([Parameter(ValueFromPipelineByPropertyName)] $Subject, [Parameter(ValueFromPipelineByPropertyName)] $Text) $Subject; $Text }",
        "f",
        "x"
    )]
    [InlineData(
        "{ param([Parameter(ValueFromPipeline)] $m) begin { 'b' } process { $m.Text; $_.Text } end { 'e' } }",
        "b",
        "x",
        "x",
        "e"
    )]
    [InlineData("{ param($m) process { $m.Text; $_.Text } }", "x", "x")]
    [InlineData(
        "{ param([Parameter(Mandatory)] [ValidateNotNull()] $m, $n = 3) begin { $n } process { $m.Text; $_.Text } }",
        "3",
        "x",
        "x"
    )]
    [InlineData("{ param(${my message}, ${and more}) ${my message}.Text; $_.Text }", "x", "x")]
    [InlineData("{ trap { 'trapped'; continue } throw 'a' }", "trapped")]
    public void An_action_may_have_any_form(string action, params string?[] expected)
    {
        using var shell = OpenConnected();
        shell.Run(
            """
            function global:HandleOne($m) { $m.Text; $_.Text }
            function global:HandleTwo([string] $m, $n = 2) { $m; $n; $_.Text }
            function global:HandleEach($m) { process { $m.Text; $_.Text } }
            filter global:Pass { $_.Text }
            """
        );
        var job = Job(
            shell,
            $"function Handle {{ \"handled $($_.Text)\" }} Register-NasSubscription f -MaxMessages 1 {action}; Publish-NasMessage f x"
        );
        Assert.Equal(expected, Values(job.Output).Select(v => v?.ToString()));
        Assert.Empty(job.Error);
    }

    [Fact]
    public void As_gives_the_action_objects_and_what_is_no_json_is_an_error()
    {
        using var shell = OpenConnected();
        var job = Job(
            shell,
            """
            Register-NasSubscription j -As Json -MaxMessages 3 { $_.name }
            Publish-NasMessage j @{ name = 'a' }; Publish-NasMessage j '{nonsense'; Publish-NasMessage j @{ name = 'b' }
            """
        );
        Assert.Equal(["a", "b"], Values(job.Output));
        Assert.StartsWith("InvalidJson", Assert.Single(job.Error).FullyQualifiedErrorId, StringComparison.Ordinal);
    }

    [Fact]
    public void An_action_publishes_on_the_same_connection()
    {
        using var shell = OpenConnected();
        var result = shell.Run(
            """
            $out = Register-NasSubscription out
            $job = Register-NasSubscription in -MaxMessages 2 { $_ | Publish-NasMessage out; (Get-NasConnection) -eq $using:nas }
            1..2 | Publish-NasMessage in
            Receive-NasMessage -Subscription $out -Count 2 -Timeout 10 -As Text
            $job | Wait-Job -Timeout 10 | Receive-Job
            $nas.State
            """
        );
        Assert.Equal(
            ["1", "2", true, true, NasState("Connected")],
            Values(result).Select(v => v is Enum ? NasState(v.ToString()!) : v)
        );
    }

    [Fact]
    public void A_reply_is_what_the_action_puts_out()
    {
        using var shell = OpenConnected();
        var result = shell.Run(
            """
            $job = Register-NasSubscription svc -Reply {
                switch ($_.Text) { text { 'hello' } none { } many { 1; 'two'; @{ three = 3 } } object { @{ a = 1 } } bytes { , [byte[]](1, 2) } }
                if ($_.Text -eq 'brk') { 'early'; break }
            }
            'text', 'none', 'many', 'object', 'bytes', 'brk' | ForEach-Object { (Invoke-NasRequest svc $_ -Timeout 10).Text }
            $job.Output.Count
            """
        );
        Assert.Equal(
            ["hello", "", """[1,"two",{"three":3}]""", """{"a":1}""", "\u0001\u0002", "early", 0],
            Values(result)
        );
    }

    [Fact]
    public void A_reply_says_that_the_action_failed()
    {
        using var shell = OpenConnected();
        var result = shell.Run(
            """
            $job = Register-NasSubscription svc -Reply { if ($_.Text -eq 'throw') { throw "line 1`r`nline 2" } ; 'part'; 1 / 0 }
            'throw', 'divide' | ForEach-Object {
                Invoke-NasRequest svc $_ -Timeout 10 -ErrorVariable e -ErrorAction SilentlyContinue
                $e.FullyQualifiedErrorId; "$e"; $e.TargetObject.Payload.Length; $e.TargetObject.Headers.Get('Nats-Service-Error')
            }
            $job.Error.Count; $job.Failed
            """
        );
        const string Id = "ServiceError,NasPubSub.Commands.InvokeNasRequestCommand";
        const string Start = "The service on 'svc' failed with code 500: ";
        Assert.Equal(
            [
                Id,
                Start + "line 1 line 2",
                0,
                "line 1 line 2",
                Id,
                Start + "Attempted to divide by zero.",
                0,
                "Attempted to divide by zero.",
                2,
                2L,
            ],
            Values(result)
        );
    }

    [Theory]
    [InlineData("")]
    [InlineData("-InCallerRunspace")]
    public async Task An_action_that_exits_or_is_stopped_answers_with_an_error(string where)
    {
        using var shell = OpenConnected();
        using var other = Shell.Open();
        other.Run("$null = Connect-NasPubSub $args[0] -Namespace $args[1]", Server.Url, Space);
        using var isRunning = new ManualResetEventSlim();
        var job =
            shell
                .Get<PSObject>(
                    $$"""
                    $isRunning = $args[0]
                    $job = Register-NasSubscription svc -Reply {{where}} {
                        'part'
                        switch ($_.Text) {
                            exit { exit 0 }
                            break { break outer }
                            return { return }
                            stop { ($using:isRunning).Set(); while ($true) { [System.Threading.Thread]::Sleep(5) } }
                        }
                        'rest'
                    }
                    $job
                    """,
                    isRunning
                )
                .BaseObject as Job;
        Assert.Equal("ActionEnded", Failure(await AskAsync("exit")));
        Assert.Equal("part", (await AskAsync("break")).Output[0].BaseObject);
        Assert.Equal("part", (await AskAsync("return")).Output[0].BaseObject);
        var stopped = AskAsync("stop");
        await Eventually.TrueAsync(() => isRunning.IsSet);
        job!.StopJob();
        Assert.Equal("ActionEnded", Failure(await stopped));

        Task<ShellResult> AskAsync(string what) =>
            other.InvokeAsync($"Invoke-NasRequest svc {what} -Timeout 10 -As Text");

        string Failure(ShellResult result)
        {
            Assert.Empty(result.Output);
            Assert.Equal("ServiceError", result.ErrorId);
            Assert.Contains(
                "did not answer the request on 'svc'",
                result.Errors[0].ToString(),
                StringComparison.Ordinal
            );
            return job!.Error.Last().FullyQualifiedErrorId;
        }
    }

    [Fact]
    public void What_a_native_program_writes_to_stderr_is_no_failure_but_its_exit_code_may_be()
    {
        using var shell = OpenConnected();
        var result = shell.Run(
            """
            $job = Register-NasSubscription svc -Reply {
                $PSNativeCommandUseErrorActionPreference = $_.Text -eq 'strict'
                sh -c 'echo to stderr >&2; echo more >&2; exit 3'
                "answer $LASTEXITCODE"
            }
            Invoke-NasRequest svc lax -As Text -Timeout 10; $job.Failed
            Invoke-NasRequest svc strict -As Text -Timeout 10 -ErrorVariable e -ErrorAction SilentlyContinue; $e.Exception.Error.ToString(); $job.Failed
            """
        );
        Assert.Equal(["answer 3", 0L, "ServiceError", 1L], Values(result));
    }

    [Fact]
    public void A_throttle_limit_runs_that_many_at_once()
    {
        using var shell = OpenConnected();
        var result = shell.Run(
            """
            $all = [System.Threading.Barrier]::new(4)
            $job = Register-NasSubscription t -ThrottleLimit 4 -MaxMessages 8 { ($using:all).SignalAndWait(20000); [System.Management.Automation.Runspaces.Runspace]::DefaultRunspace.Id }
            1..8 | Publish-NasMessage t
            $job | Wait-Job -Timeout 30 | Receive-Job
            """
        );
        Assert.Equal(8, result.Count(r => r.BaseObject is true));
        Assert.Equal(4, result.Where(r => r.BaseObject is int).Select(r => r.BaseObject).Distinct().Count());
    }

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

    [Fact]
    public void Unregister_lets_the_action_finish_what_came()
    {
        using var shell = OpenConnected();
        var result = shell.Run(
            """
            $job = Register-NasSubscription d { [System.Threading.Thread]::Sleep(5); $_.Text }
            1..50 | Publish-NasMessage d -Flush
            $job | Unregister-NasSubscription
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

    private static string NasState(string name) => "state " + name;

    private static IEnumerable<object?> Values(IEnumerable<PSObject> objects) =>
        objects.Select(o => o?.BaseObject is string[] { Length: 1 } one ? one[0] : o?.BaseObject);

    /// <summary>Runs a script whose last subscription has a job, and returns that when it is done.</summary>
    private static Job Job(Shell shell, string script)
    {
        shell.Run(script);
        return (Job)Assert.Single(shell.Run("Wait-Job (Get-Job) -Timeout 20")).BaseObject;
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

    private sealed class NasJob(Job job)
    {
        public string State => job.JobStateInfo.State.ToString();
        public PSDataCollection<PSObject> Output => job.Output;

        public static explicit operator NasJob(PSObject wrapped) => new((Job)wrapped.BaseObject);
    }
}

using System.Management.Automation;
using NasPubSub.Tests.Infrastructure;
using NasPubSub.TestServer;

namespace NasPubSub.Tests.Jobs;

/// <summary>Actions: their forms, their variables, their errors.</summary>
public sealed class SubscriptionJobTests(ServerFixture fixture) : JobTests(fixture)
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

    private static string NasState(string name) => "state " + name;
}

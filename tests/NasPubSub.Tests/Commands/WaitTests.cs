using NasPubSub.Tests.Infrastructure;

namespace NasPubSub.Tests.Commands;

/// <summary>Wait-NasSubscription, but for signals: those concern a whole process, in tests/Pester.</summary>
public sealed class WaitTests(ServerFixture fixture) : ServedTests(fixture)
{
    private const string Slow = "{ [Threading.Thread]::Sleep(20); $_.Text }";

    [Theory]
    [InlineData("$job | Wait-NasSubscription")]
    [InlineData("Wait-NasSubscription $job")]
    [InlineData("$job.Subscription | Wait-NasSubscription")]
    [InlineData("Wait-NasSubscription a")]
    [InlineData("'a' | Wait-NasSubscription")]
    [InlineData("Wait-NasSubscription")]
    [InlineData("Wait-NasSubscription -Connection $nas")]
    [InlineData("Get-NasConnection | Wait-NasSubscription")]
    public void It_returns_when_the_action_is_done_with_the_last_message(string wait)
    {
        using var shell = OpenConnected();
        var result = shell.Run(
            $"$job = Register-NasSubscription a -MaxMessages 3 {Slow}; 1..3 | Publish-NasMessage a; {wait}; $job.State; Receive-Job $job"
        );
        Assert.Equal(["Completed", "1", "2", "3"], result.Select(r => r.ToString()));
    }

    [Theory]
    [InlineData("a")]
    [InlineData("")]
    public void One_that_has_ended_before_is_no_error(string subject)
    {
        using var shell = OpenConnected();
        var result = shell.Run(
            "$job = Register-NasSubscription a -MaxMessages 1 { $_.Text }; Publish-NasMessage a 1; $null = Wait-Job $job; "
                + $"Wait-NasSubscription {subject}; $job.State"
        );
        Assert.Equal("Completed", Assert.Single(result).ToString());
    }

    [Fact]
    public void Only_those_that_are_given_are_waited_for_and_ended()
    {
        using var shell = OpenConnected();
        Assert.Equal(
            "1 True",
            shell.Get<string>(
                $"$job = Register-NasSubscription a {Slow}; $other = Register-NasSubscription b; Publish-NasMessage a 1 -Flush; "
                    + "$job | Wait-NasSubscription -Timeout 0.1; \"$(Receive-Job $job) $($other.IsActive)\""
            )
        );
    }

    [Fact]
    public void A_timeout_ends_it_in_order_and_keeps_what_nobody_has_read()
    {
        using var shell = OpenConnected();
        Assert.Equal(
            "False 2",
            shell.Get<string>(
                "$sub = Register-NasSubscription a; 1, 2 | Publish-NasMessage a; Wait-NasSubscription -Timeout 0.01; "
                    + "\"$($sub.IsActive) $($sub.PendingMessages)\""
            )
        );
    }

    [Fact]
    public void What_the_actions_have_not_handled_in_time_is_an_error_with_the_number()
    {
        using var shell = OpenConnected();
        var error = Assert.Single(
            shell
                .Invoke(
                    "$job = Register-NasSubscription a { [Threading.Thread]::Sleep(5000) }; 1..4 | Publish-NasMessage a -Flush; "
                        + "Wait-NasSubscription -Timeout 0.01 -StopTimeout 0.2; Stop-Job $job"
                )
                .Errors
        );
        Assert.StartsWith("Timeout,", error.FullyQualifiedErrorId);
        Assert.Contains("within 0.2 s: 4 messages", error.Exception.Message);
    }

    [Fact]
    public void Actions_of_this_runspace_run_meanwhile()
    {
        using var shell = OpenConnected();
        Assert.Equal(
            "123",
            shell.Get<string>(
                "$seen = ''; $null = Register-NasSubscription a -MaxMessages 3 -InCallerRunspace { $script:seen += $_.Text }; "
                    + "1..3 | Publish-NasMessage a; Wait-NasSubscription; $seen"
            )
        );
    }

    [Fact]
    public void A_subscription_that_an_action_makes_is_waited_for_too()
    {
        using var shell = OpenConnected();
        Assert.Equal(
            "late",
            shell.Get<string>(
                """
                $null = Register-NasSubscription a -MaxMessages 1 {
                    $sub = Register-NasSubscription b -MaxMessages 1 { $_.Text }
                    Publish-NasMessage b late
                    $sub | Wait-NasSubscription
                    Publish-NasMessage c (Receive-Job $sub)
                }
                $last = Register-NasSubscription c -MaxMessages 1
                Publish-NasMessage a x
                Wait-NasSubscription
                ($last | Receive-NasMessage -Count 1 -Timeout 5).Text
                """
            )
        );
    }

    [Fact]
    public void A_session_that_is_given_up_is_an_error()
    {
        using var shell = Shell.Open();
        var result = shell.Invoke(
            """
            param($path)
            $server = Start-NasServer $path
            $null = Connect-NasPubSub $server.Url -MaxReconnects 1
            $null = Register-NasSubscription a { }
            $server | Stop-NasServer
            Wait-NasSubscription -WarningAction Ignore
            """,
            NasPubSub.TestServer.NatsServerBinary.Find()
        );
        Assert.Single(result.Errors);
    }

    [Theory]
    [InlineData("", "")]
    [InlineData("Publish-NasMessage a 2", "NotConnected")]
    public void Without_a_server_it_stops_and_reports_only_what_cannot_be_sent(string unsent, string id)
    {
        using var shell = Shell.Open();
        var errors = shell
            .Invoke(
                $$"""
                param($path)
                $server = Start-NasServer $path
                $null = Connect-NasPubSub $server.Url
                $null = Register-NasSubscription a { $_ }
                Publish-NasMessage a 1 -Flush
                $server | Stop-NasServer
                while ((Get-NasConnection).IsConnected) { }
                {{unsent}}
                Wait-NasSubscription -Timeout 0.05 -StopTimeout 0.3 -WarningAction Ignore
                Disconnect-NasPubSub -Force
                """,
                NasPubSub.TestServer.NatsServerBinary.Find()
            )
            .Errors;
        Assert.Equal(id, string.Join(' ', errors.Select(e => e.FullyQualifiedErrorId.Split(',')[0])));
    }

    [Theory]
    [InlineData("Wait-NasSubscription", "NotConnected")]
    [InlineData("Wait-NasSubscription none", "SubscriptionNotFound")]
    [InlineData("@() | Wait-NasSubscription", "")]
    public void Without_a_session_there_is_nothing_to_wait_for(string wait, string id)
    {
        using var shell = Shell.Open();
        var errors = shell.Invoke(wait).Errors;
        Assert.Equal(id, string.Join(' ', errors.Select(e => e.FullyQualifiedErrorId.Split(',')[0])));
        Assert.Equal(0, shell.Get<int>("@(Get-NasConnection).Count"));
    }

    [Theory]
    [InlineData(false, "")]
    [InlineData(false, "-NoLogo -NoProfile -ExecutionPolicy Bypass")]
    [InlineData(false, "-noe -c prepare")]
    [InlineData(false, "-wd /tmp -NoExit -File prepare.ps1")]
    [InlineData(true, "service.ps1")]
    [InlineData(true, "-nop -f service.ps1 -NoExit")]
    [InlineData(true, "-NoProfile -Command Wait-NasSubscription")]
    [InlineData(true, "-ep Bypass -ec QQ==")]
    [InlineData(true, "-wd /tmp -noni")]
    [InlineData(true, "-o Text -cwa x")]
    public void A_script_is_told_from_a_prompt_by_the_arguments_of_the_shell(bool isScript, string arguments)
    {
        using var shell = Shell.Open();
        Assert.Equal(
            isScript,
            shell.Get<bool>(
                """
                $prompt = (Get-Module NasPubSub).ImplementingAssembly.GetType('NasPubSub.Daemon.Prompt')
                $prompt.GetMethod('RunsScript', [Reflection.BindingFlags]'Static, NonPublic').Invoke($null, @(, [string[]]$args[0]))
                """,
                [arguments.Split(' ', StringSplitOptions.RemoveEmptyEntries)]
            )
        );
    }
}

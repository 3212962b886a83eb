using System.Management.Automation;
using NasPubSub.Tests.Infrastructure;
using NasPubSub.TestServer;

namespace NasPubSub.Tests.Commands;

public sealed class SubscriptionTests(ServerFixture fixture) : ServedTests(fixture)
{
    [Fact]
    public void Without_an_action_messages_wait_to_be_read()
    {
        using var shell = OpenConnected();
        var result = shell.Run(
            """
            $sub = Register-NasSubscription a.* -QueueGroup q -MaxMessages 5
            1..5 | ForEach-Object { Publish-NasMessage "a.$_" $_ }
            Receive-NasMessage -Subscription $sub -Count 2 -As Text
            $sub | Receive-NasMessage -As Text
            $sub.QueueGroup; $sub.MaxMessages; $sub.IsActive
            """
        );
        Assert.Equal(["1", "2", "3", "4", "5", "q", 5L, false], result.Select(r => r.BaseObject));
    }

    [Fact]
    public void Limits_are_the_subscriptions()
    {
        using var shell = OpenConnected();
        var result = shell.Run(
            """
            $new = Register-NasSubscription n -MaxPendingMessages 3
            $old = Register-NasSubscription n -MaxPendingMessages 3 -Overflow DropOld
            $bytes = Register-NasSubscription n -MaxPendingBytes 2
            1..9 | Publish-NasMessage n -Flush
            foreach ($sub in $new, $old, $bytes) { "$(Receive-NasMessage -Subscription $sub -As Text -Timeout 0.1) dropped $($sub.Dropped)" }
            """
        );
        Assert.Equal(
            ["1 2 3 dropped 6", "7 8 9 dropped 6", "1"],
            result.Select(r => r.ToString()).Select((r, i) => i < 2 ? r : r[..1])
        );
    }

    [Fact]
    public void Raw_leaves_the_namespace_out()
    {
        using var shell = OpenConnected();
        Assert.Equal(
            ["plain.x", "plain.x"],
            shell
                .Run($"$sub = Register-NasSubscription plain.x -Raw; $sub.Subject; $sub.Topic")
                .Select(r => r.ToString())
        );
        Assert.Equal(Space + ".plain.x", shell.Get<string>("(Register-NasSubscription plain.x).Topic"));
    }

    [Theory]
    [InlineData("a b", "InvalidSubject")]
    [InlineData("a..b", "InvalidSubject")]
    [InlineData("a.>.b", "InvalidSubject")]
    [InlineData("x -QueueGroup 'a b'", "InvalidQueueGroup")]
    public void Bad_input_is_one_error_and_leaves_nothing(string arguments, string id)
    {
        using var shell = OpenConnected();
        var subject = arguments.StartsWith('x') ? arguments : $"'{arguments}'";
        Assert.Equal(id, shell.Invoke($"Register-NasSubscription {subject} {{ $_ }}").ErrorId);
        Assert.Empty(shell.Run("Get-NasSubscription; Get-Job"));
    }

    [Fact]
    public async Task A_denied_subscription_fails()
    {
        await using var strict = await NatsServer.StartAsync(
            "authorization { users: [{ user: u, password: p, permissions: { subscribe: { deny: 'default.secret.>' } } }] }"
        );
        using var shell = Shell.Open();
        shell.Run("$null = Connect-NasPubSub $args[0]", strict.Url.Replace("//", "//u:p@", StringComparison.Ordinal));
        Assert.Equal("PermissionDenied", shell.Invoke("Register-NasSubscription secret.x { $_ }").ErrorId);
        Assert.Empty(shell.Run("Get-NasSubscription; Get-Job"));
    }

    [Fact]
    public async Task A_silent_server_is_not_waited_for_longer_than_told()
    {
        await using var silent = await NatsServer.StartAsync();
        using var shell = Shell.Open();
        shell.Run("$null = Connect-NasPubSub $args[0]", silent.Url);
        await silent.PauseAsync();
        var result = shell.Invoke("Register-NasSubscription s -Timeout 0.3");
        Assert.Equal("Timeout", result.ErrorId);
        Assert.True(result.Elapsed < TimeSpan.FromSeconds(3));

        var run = shell.Start("Register-NasSubscription s");
        await Eventually.TrueAsync(() => run.Completed.Status == TaskStatus.WaitingForActivation);
        Assert.True(await run.StopAsync() < TimeSpan.FromSeconds(1));
        await silent.ResumeAsync();
    }

    [Fact]
    public void They_are_listed_by_sid_and_subject()
    {
        using var shell = OpenConnected();
        var result = shell.Run(
            """
            $a = Register-NasSubscription a; $b = Register-NasSubscription b; $a2 = Register-NasSubscription a
            "$((Get-NasSubscription).Sid)|$((Get-NasSubscription a).Sid)|$((Get-NasSubscription -Sid $b.Sid).Subject)|$((Get-NasSubscription none).Count)|$((Get-NasSubscription -Connection $nas).Count)"
            """
        );
        Assert.Equal("1 2 3|1 3|b|0|3", Assert.Single(result).ToString());
        Assert.Equal("SubscriptionNotFound", shell.Invoke("Get-NasSubscription -Sid 99").ErrorId);
        using var unconnected = Shell.Open();
        Assert.Empty(unconnected.Run("Get-NasSubscription; Get-NasConnection"));
    }

    [Fact]
    public void They_end_by_object_sid_subject_and_maximum()
    {
        using var shell = OpenConnected();
        var result = shell.Run(
            """
            $a = Register-NasSubscription a; $b = Register-NasSubscription b; 1..2 | ForEach-Object { $null = Register-NasSubscription c }; $d = Register-NasSubscription d
            $a | Unregister-NasSubscription; "$((Get-NasSubscription).Subject)"
            Unregister-NasSubscription -Sid $b.Sid; "$((Get-NasSubscription).Subject)"
            Unregister-NasSubscription -Subject c -WhatIf; Unregister-NasSubscription -Subject c; "$((Get-NasSubscription).Subject)"
            Unregister-NasSubscription $d -MaxMessages 2; 1..5 | Publish-NasMessage d
            "$($d | Receive-NasMessage -As Text)"; "$((Get-NasSubscription).Count)"
            """
        );
        Assert.Equal(["b c c d", "c c d", "d", "1 2", "0"], result.Select(r => r.ToString()));
        Assert.Equal("SubscriptionNotFound", shell.Invoke("Unregister-NasSubscription -Sid 99").ErrorId);
        Assert.Equal("SubscriptionNotFound", shell.Invoke("Unregister-NasSubscription -Subject nowhere").ErrorId);
    }

    [Fact]
    public void What_has_come_can_still_be_read_after_the_end()
    {
        using var shell = OpenConnected();
        var result = shell.Run(
            "$sub = Register-NasSubscription a; 1..3 | Publish-NasMessage a; $sub | Unregister-NasSubscription; $sub | Receive-NasMessage -As Text"
        );
        Assert.Equal(["1", "2", "3"], result.Select(r => r.ToString()));
    }

    [Fact]
    public void By_force_a_job_ends_at_once()
    {
        using var shell = OpenConnected();
        var job = (Job)
            shell
                .Run(
                    "$job = Register-NasSubscription a { [System.Threading.Thread]::Sleep(60000) }; 1..3 | Publish-NasMessage a -Flush; $job | Unregister-NasSubscription -Force; $job"
                )[0]
                .BaseObject;
        Assert.Equal(JobState.Stopped, job.JobStateInfo.State);
    }

    [Fact]
    public void An_action_that_does_not_end_is_not_waited_for_longer_than_told()
    {
        using var shell = OpenConnected();
        Assert.Equal(
            "Timeout",
            shell
                .Invoke(
                    "$job = Register-NasSubscription a { [System.Threading.Thread]::Sleep(60000) }; Publish-NasMessage a -Flush; $job | Unregister-NasSubscription -Timeout 0.3"
                )
                .ErrorId
        );
        shell.Run("Stop-Job $job");
    }

    [Theory]
    [InlineData("$subscription")]
    [InlineData("$job")]
    [InlineData("'a.>'")]
    [InlineData("a.>")]
    public void Unregister_takes_a_subscription_a_job_or_a_subject_by_position(string given)
    {
        using var shell = OpenConnected();
        shell.Run(
            $"$job = Register-NasSubscription 'a.>' {{ }}; $subscription = $job.Subscription; Unregister-NasSubscription {given}"
        );
        Assert.False(shell.Get<bool>("$subscription.IsActive"));
    }

    [Fact]
    public void Sessions_ids_and_subscriptions_from_the_pipeline_list_subscriptions()
    {
        using var shell = OpenConnected("-Name one");
        shell.Run(
            $"$null = Connect-NasPubSub {Server.Url} -Name two; $a = Register-NasSubscription a -Connection one; $b = Register-NasSubscription b -Connection two; $c = Register-NasSubscription c"
        );
        Assert.Equal("a b c", shell.Get<string>("\"$((Get-NasConnection | Get-NasSubscription).Subject)\""));
        Assert.Equal("c", shell.Get<string>("(Get-NasConnection | Get-NasSubscription c).Subject"));
        Assert.Equal("a", shell.Get<string>("(Get-NasConnection one | Get-NasSubscription).Subject"));
        Assert.Equal("b c", shell.Get<string>("\"$(($b.Sid, $c.Sid | Get-NasSubscription).Subject)\""));
        Assert.Equal("c", shell.Get<string>("($c | Get-NasSubscription).Subject"));
        Assert.Equal("b c", shell.Get<string>("\"$((Get-NasSubscription).Subject)\""));
    }
}

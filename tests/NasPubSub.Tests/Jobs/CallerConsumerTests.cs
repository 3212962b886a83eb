using NasPubSub.Tests.Infrastructure;

namespace NasPubSub.Tests.Jobs;

/// <summary>Actions of consumers that run in the runspace of the caller.</summary>
public sealed class CallerConsumerTests(StreamFixture fixture) : StreamShellTests(fixture)
{
    [Theory]
    [InlineData("$null = Wait-Event none -Timeout 1", "")]
    [InlineData("$null = Wait-Event none -Timeout 1", "if ($_.Text % 5 -eq 0) { throw 'no' }")]
    [InlineData("$job | Wait-NasSubscription -Timeout 10", "")]
    public void Many_messages_are_handled_while_the_script_waits(string wait, string action)
    {
        using var shell = OpenConnected();
        var seen = shell.Run(
            $$"""
            $null = New-NasStream $s x.> -Storage Memory; $null = New-NasConsumer $s c -MaxDeliver 1
            1..300 | Publish-NasMessage x.a -Stream $s
            $global:seen = [System.Collections.Generic.List[int]]::new()
            $job = Register-NasSubscription -Stream $s -Consumer c -InCallerRunspace -MaxMessages 300 -Action {
                $global:seen.Add($_.Text); {{action}}
            }
            $clock = [System.Diagnostics.Stopwatch]::StartNew()
            while ($job.State -eq 'Running' -and $clock.Elapsed.TotalSeconds -lt 6) { {{wait}} }
            $seen
            """
        );
        Assert.Equal(Enumerable.Range(1, 300), seen.Select(number => (int)number.BaseObject));
    }

    [Fact]
    public void The_script_goes_on_while_messages_keep_coming()
    {
        using var shell = OpenConnected();
        shell.Run(
            """
            $null = New-NasStream $s x.> -Storage Memory; $null = New-NasConsumer $s c
            $null = Register-NasSubscription -Stream $s -Consumer c -InCallerRunspace -Action { Publish-NasMessage x.a more }
            Publish-NasMessage x.a first -Flush
            $clock = [System.Diagnostics.Stopwatch]::StartNew()
            $rounds = 0
            while ($rounds -lt 5) { $rounds++; [System.Threading.Thread]::Sleep(5) }
            if ($clock.Elapsed.TotalSeconds -gt 8) { throw "It took $($clock.Elapsed)." }
            Get-NasSubscription | Unregister-NasSubscription
            """
        );
    }
}

using NasPubSub.Tests.Infrastructure;
using NasPubSub.TestServer;

namespace NasPubSub.Tests.Receiving;

/// <summary>Receive-NasMessage -AutoConfirm before Publish-NasMessage -Stream.</summary>
public sealed class HeldMessageTests(StreamFixture fixture) : StreamShellTests(fixture)
{
    private const string Receive = "Receive-NasMessage -Stream $s -Consumer c -AutoConfirm";
    private const string Publish = "Publish-NasMessage $t -Raw -Stream $t";

    [Fact]
    public async Task A_message_is_acknowledged_when_what_is_published_for_it_is_stored()
    {
        await using var target = await NatsServer.StartAsync(new NatsServerOptions { JetStream = true });
        using var shell = Filled("1..10");
        using var other = OpenConnected();
        using var go = new ManualResetEventSlim();
        shell.Run("$far = Connect-NasPubSub $args[0]; $null = New-NasStream t t.> -Connection $far", target.Url);
        var connection = shell.Run("$nas").Single();
        var run = shell.Start(
            $$"""
            param($go)
            {{Receive}} -As Text -Connection $nas |
                ForEach-Object { if ($_ -eq '3') { $null = $go.Wait(10000) }; Write-Information $_; $_ } |
                Publish-NasMessage t.x -Stream t -Connection $far
            """,
            go
        );
        await Eventually.TrueAsync(() => run.Streams.Information.Count == 2 && AckPending(other) == 8);
        await target.PauseAsync();
        go.Set();
        await Eventually.TrueAsync(() => run.Streams.Information.Count == 10);
        other.Run("$null = $args[0].PingAsync().Result", connection);
        Assert.Equal(8, AckPending(other));
        await target.ResumeAsync();
        await Eventually.TrueAsync(() => AckPending(other) == 0);
        await run.StopAsync();
        Assert.Equal(10, shell.Get<int>("(Get-NasStream t -Connection $far).Messages"));
    }

    [Theory]
    [InlineData(Publish)]
    [InlineData(Publish + " -MessageId { if ($_.Text.Length -gt 9) { throw 'no' } $_.Text }")]
    [InlineData("Publish-NasMessage -Subject { if ($_.Text.Length -gt 9) { throw 'no' } $t } -Raw -Stream $t")]
    [InlineData("Publish-NasMessage -Subject { $t + '..' * ($_.Text.Length -gt 9) } -Raw -Stream $t")]
    [InlineData("Select-Object Text | " + Publish + " -PassThru | Where-Object { $false }")]
    [InlineData("ForEach-Object Text | " + Publish + " -Receipt | Out-Null")]
    [InlineData("ForEach-Object { $_.Text; 'more' } | " + Publish)]
    public void A_refused_message_is_delivered_again_and_the_others_are_acknowledged(string behind)
    {
        using var shell = Filled("'one', ('x' * 500), 'three'", target: "-MaxMessageSize 400");
        Assert.Single(shell.Invoke($"{Receive} -NoWait | {behind}").Errors);
        Assert.Equal("500 2", Again(shell, "$_.Text.Length"));
        Assert.Equal(0, AckPending(shell));
    }

    [Fact]
    public void Messages_that_do_not_come_from_a_consumer_go_along()
    {
        using var shell = Filled("'one', ('x' * 500)", target: "-MaxMessageSize 400");
        Assert.Single(shell.Invoke($"& {{ 'head'; {Receive} -NoWait; 'tail' }} | {Publish}").Errors);
        Assert.Equal(3, shell.Get<int>("(Get-NasStream $t).Messages"));
        Assert.Equal("500 2", Again(shell, "$_.Text.Length"));
    }

    [Fact]
    public void A_script_that_handles_the_error_of_its_own_publish_decides()
    {
        using var shell = Filled("('x' * 500)", target: "-MaxMessageSize 400");
        shell.Invoke($"{Receive} -NoWait | ForEach-Object {{ $_ | {Publish} -ErrorAction SilentlyContinue }}");
        Assert.Equal(0, AckPending(shell));
        Assert.Empty(shell.Run($"{Receive} -NoWait"));
    }

    [Fact]
    public void A_refused_message_waits_for_the_delay()
    {
        using var shell = Filled("('x' * 500), 'two'", target: "-MaxMessageSize 400");
        Assert.Single(shell.Invoke($"{Receive} -RetryDelay 60 -NoWait | {Publish}").Errors);
        Assert.Empty(shell.Run($"{Receive} -NoWait"));
        Assert.Equal(1, AckPending(shell));
    }

    [Fact]
    public void An_acknowledgement_for_all_messages_before_does_not_pass_a_refused_one()
    {
        using var shell = Filled("1, ('x' * 500), 3, 4", "-AckPolicy All", "-MaxMessageSize 400");
        Assert.Single(shell.Invoke($"{Receive} -NoWait | Where-Object Text -ne 4 | {Publish}").Errors);
        Assert.Equal("3 2,4 2,500 2", Again(shell, "if ($_.Sequence -eq 2) { $_.Text.Length } else { $_.Text }"));
    }

    [Theory]
    [InlineData("-AutoConfirm", "-PassThru")]
    [InlineData("", "-PassThru")]
    [InlineData("", "-Receipt")]
    public async Task What_is_stored_is_output_while_no_further_message_comes(string confirm, string output)
    {
        using var shell = Filled("1..5");
        var run = shell.Start(
            $"Receive-NasMessage -Stream $s -Consumer c {confirm} | {Publish} {output} | Select-Object -First 5"
        );
        var done = await run.Completed.WaitAsync(TimeSpan.FromSeconds(20));
        Assert.Equal(5, done.Output.Count);
    }

    [Fact]
    public async Task What_is_refused_is_told_while_no_further_message_comes()
    {
        using var shell = Filled("1, ('x' * 600)", target: "-MaxMessageSize 500");
        var run = shell.Start($"Receive-NasMessage -Stream $s -Consumer c | {Publish} -ErrorAction Stop");
        var done = await run.Completed.WaitAsync(TimeSpan.FromSeconds(20));
        Assert.StartsWith("JetStreamError,", Assert.Single(done.Errors).FullyQualifiedErrorId);
    }

    [Fact]
    public void What_the_end_of_the_pipeline_leaves_unstored_is_delivered_again()
    {
        using var shell = Filled("1..500");
        shell.Invoke($"{Receive} | {Publish} -PassThru | Select-Object -First 2 | Out-Null");
        shell.Run($"{Receive} -NoWait | {Publish}");
        Assert.Equal(
            Enumerable.Range(1, 500),
            shell
                .Run("Get-NasStreamMessage $t -As Text | ForEach-Object { [int]$_ } | Sort-Object -Unique")
                .Select(text => (int)text.BaseObject)
        );
        Assert.Equal(0, AckPending(shell));
    }

    [Fact]
    public void An_atomic_batch_is_acknowledged_when_it_is_stored_and_returned_when_it_is_not()
    {
        using var shell = Filled("1..3", target: "-AllowAtomic -MaxMessageSize 400");
        shell.Run($"{Receive} -NoWait | {Publish} -Atomic");
        Assert.Equal(0, AckPending(shell));
        shell.Run("1, ('x' * 500) | Publish-NasMessage $s -Raw -Stream $s");
        shell.Invoke($"{Receive} -NoWait | {Publish} -Atomic");
        Assert.Equal(3, shell.Get<int>("(Get-NasStream $t).Messages"));
        Assert.Equal("1 2,500 2", Again(shell, "if ($_.Text -eq 1) { 1 } else { $_.Text.Length }"));
    }

    private static string Again(Shell shell, string shown) =>
        shell.Get<string>(
            $"({Receive} -NoWait | ForEach-Object {{ \"$({shown}) $($_.Delivered)\" }} | Sort-Object) -join ','"
        );

    private Shell Filled(string messages, string consumer = "", string target = "")
    {
        var shell = OpenConnected();
        shell.Run(
            $"""
            $t = "$s-target"
            $null = New-NasStream $s $s -Raw -Storage Memory
            $null = New-NasStream $t $t -Raw -Storage Memory {target}
            $null = New-NasConsumer $s c {consumer}
            {messages} | Publish-NasMessage $s -Raw -Stream $s
            """
        );
        return shell;
    }

    private int AckPending(Shell shell) =>
        shell.Get<int>("(Get-NasConsumer $args[0] c).AckPending", Space.ToUpperInvariant());
}

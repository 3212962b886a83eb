using System.Management.Automation;
using NasPubSub.Tests.Infrastructure;
using NasPubSub.TestServer;

namespace NasPubSub.Tests.Jobs;

/// <summary>What an action replies to a request.</summary>
public sealed class ActionReplyTests(ServerFixture fixture) : JobTests(fixture)
{
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
        var program = OperatingSystem.IsWindows()
            ? "& $env:ComSpec /c 'echo to stderr>&2& echo more>&2& exit 3'"
            : "sh -c 'echo to stderr >&2; echo more >&2; exit 3'";
        var result = shell.Run(
            $$"""
            $job = Register-NasSubscription svc -Reply {
                $PSNativeCommandUseErrorActionPreference = $_.Text -eq 'strict'
                {{program}}
                "answer $LASTEXITCODE"
            }
            Invoke-NasRequest svc lax -As Text -Timeout 10; $job.Failed
            Invoke-NasRequest svc strict -As Text -Timeout 10 -ErrorVariable e -ErrorAction SilentlyContinue; $e.Exception.Error.ToString(); $job.Failed
            """
        );
        Assert.Equal(["answer 3", 0L, "ServiceError", 1L], Values(result));
    }
}

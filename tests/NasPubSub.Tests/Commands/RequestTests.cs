using NasPubSub.Tests.Infrastructure;

namespace NasPubSub.Tests.Commands;

public sealed class RequestTests(ServerFixture fixture) : ServedTests(fixture)
{
    /// <summary>A shell that answers what comes on a subject, so often, and then ends.</summary>
    private async Task<Task> AnswerAsync(string subject, int count, string reply)
    {
        var service = OpenConnected();
        service.Run($"$sub = $nas.SubscribeAsync('{subject}').GetAwaiter().GetResult()");
        return await Task.FromResult(
            service
                .InvokeAsync(
                    $"$sub | Receive-NasMessage -Count {count} -Timeout 20 | ForEach-Object {{ {reply} }}; Disconnect-NasPubSub"
                )
                .ContinueWith(result =>
                {
                    result.Result.ThrowIfFailed();
                    service.Dispose();
                })
        );
    }

    [Fact]
    public async Task A_request_gets_its_reply_in_every_form()
    {
        var answering = await AnswerAsync(
            "echo",
            4,
            "$_ | Send-NasReply { @{ got = $_.Text } } -Header @{ By = 'me' }"
        );
        using var shell = OpenConnected();
        Assert.Equal("""{"got":"hi"}""", shell.Get<string>("Invoke-NasRequest echo hi -As Text"));
        Assert.Equal("hi", shell.Get<string>("(Invoke-NasRequest echo hi -As Json).got"));
        Assert.Equal("me", shell.Get<string>("(Invoke-NasRequest echo hi -Timeout 5).Headers['By']"));
        Assert.Equal(12, shell.Get<int>("(Invoke-NasRequest echo hi -As Bytes).Count"));
        await answering;
    }

    [Theory]
    [InlineData("Message")]
    [InlineData("Text")]
    [InlineData("Json")]
    [InlineData("Bytes")]
    public async Task A_service_error_is_an_error_for_each_such_reply(string form)
    {
        var answering = await AnswerAsync(
            "svc",
            4,
            "if ($_.Text -eq 'good') { $_ | Send-NasReply '1' } else { $_ | Send-NasReply 'why' -Header @{ 'Nats-Service-Error' = 'bad one'; 'Nats-Service-Error-Code' = '404' } }"
        );
        using var shell = OpenConnected();
        var result = shell.Invoke(
            $"'bad', 'good', 'bad' | Invoke-NasRequest svc -As {form}; Invoke-NasRequest svc bad -As {form} -Count 1 -IdleTimeout 1"
        );
        Assert.Single(result.Output);
        Assert.Equal(3, result.Errors.Count);
        Assert.All(
            result.Errors,
            error =>
            {
                Assert.Equal("ServiceError,NasPubSub.Commands.InvokeNasRequestCommand", error.FullyQualifiedErrorId);
                Assert.Equal("The service on 'svc' failed with code 404: bad one", error.ToString());
                Assert.Equal("why", ((dynamic)error.TargetObject).Text);
            }
        );
        await answering;
    }

    [Fact]
    public async Task Requests_come_from_the_pipeline()
    {
        var answering = await AnswerAsync("double", 3, "$_ | Send-NasReply ([int]$_.Text * 2)");
        using var shell = OpenConnected();
        Assert.Equal([2L, 4L, 6L], shell.Run("1..3 | Invoke-NasRequest double -As Json").Select(o => o.BaseObject));
        await answering;
    }

    [Fact]
    public async Task Many_replies_until_the_empty_one()
    {
        var answering = await AnswerAsync(
            "many",
            1,
            "$m = $_; 1..3 | ForEach-Object { $m | Send-NasReply $_ }; $m | Send-NasReply"
        );
        using var shell = OpenConnected();
        Assert.Equal(
            ["1", "2", "3"],
            shell.Run("Invoke-NasRequest many -IdleTimeout 5 -As Text").Select(o => o.ToString())
        );
        await answering;
    }

    [Fact]
    public async Task Fewer_replies_than_wanted_are_an_error_behind_those_that_came()
    {
        var answering = await AnswerAsync("few", 1, "$_ | Send-NasReply only");
        using var shell = OpenConnected();
        var result = shell.Invoke("Invoke-NasRequest few -Count 2 -Timeout 0.5 -As Text");
        Assert.Equal("RequestTimeout", result.ErrorId);
        Assert.Equal(["only"], result.Values);
        await answering;
    }

    [Fact]
    public void Nobody_there_and_nobody_answering_are_different_errors()
    {
        using var shell = OpenConnected();
        Assert.Equal("NoResponders", shell.Invoke("Invoke-NasRequest nobody x").ErrorId);
        Assert.Equal("NoResponders", shell.Invoke("Invoke-NasRequest nobody x -Count 2").ErrorId);
        shell.Run("$null = $nas.SubscribeAsync('mute').GetAwaiter().GetResult()");
        var late = shell.Invoke("Invoke-NasRequest mute x -Timeout 0.3");
        Assert.Equal("RequestTimeout", late.ErrorId);
        Assert.InRange(late.Elapsed.TotalSeconds, 0.25, 4.5);
        Assert.False(shell.Get<bool>("Invoke-NasRequest nobody x 2>$null; $?"));
    }

    [Fact]
    public void A_message_that_asks_for_no_answer_gets_none()
    {
        using var shell = OpenConnected();
        Assert.Equal(
            "NoReplySubject",
            shell
                .Invoke(
                    """
                    $sub = $nas.SubscribeAsync('p').GetAwaiter().GetResult(); Publish-NasMessage p x
                    $sub | Receive-NasMessage -Count 1 -Timeout 5 | Send-NasReply y
                    """
                )
                .ErrorId
        );
    }
}

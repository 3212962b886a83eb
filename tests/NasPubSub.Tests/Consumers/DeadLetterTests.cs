using NasPubSub.Tests.Infrastructure;
using NasPubSub.TestServer;

namespace NasPubSub.Tests.Consumers;

/// <summary>Get-NasDeadLetter: what consumers gave up, from when it is recorded. Each test has a server of its own:
/// recording concerns a whole account.</summary>
[Trait("Servers", "old")]
public sealed class DeadLetterTests : IAsyncLifetime
{
    private const string Next = """
        function Next { Invoke-NasRequest '$JS.API.CONSUMER.MSG.NEXT.JOBS.worker' '{"expires":500000000}' -Raw }
        """;

    private readonly Shell _shell = Shell.Open();
    private NatsServer _server = null!;

    public async ValueTask InitializeAsync()
    {
        _server = await NatsServer.StartAsync(new NatsServerOptions { JetStream = true });
        _shell.Run("$nas = Connect-NasPubSub $args[0]\n" + Next, _server.Url);
    }

    public async ValueTask DisposeAsync()
    {
        _shell.Dispose();
        await _server.DisposeAsync();
    }

    [Fact]
    public void Where_nothing_is_recorded_there_is_an_error_and_no_empty_answer()
    {
        _shell.Run("$null = New-NasStream JOBS jobs.>; $null = New-NasConsumer JOBS worker");
        Assert.Equal("DeadLettersNotRecorded", _shell.Invoke("Get-NasDeadLetter JOBS").ErrorId);
        Assert.Equal("DeadLettersNotRecorded", _shell.Invoke("Get-NasDeadLetter JOBS worker").ErrorId);
        Assert.Equal("StreamNotFound", _shell.Invoke("Get-NasDeadLetter NOPE").ErrorId);
        Assert.Equal("StreamNotFound", _shell.Invoke("Get-NasDeadLetter -Subject dead.x").ErrorId);
        _shell.Run("Set-NasConsumer JOBS worker -TrackDeadLetter -WhatIf");
        Assert.Equal("DeadLettersNotRecorded", _shell.Invoke("Get-NasDeadLetter JOBS").ErrorId);
        _shell.Run("Set-NasConsumer JOBS worker -TrackDeadLetter");
        Assert.Empty(_shell.Run("Get-NasDeadLetter JOBS"));
        _shell.Run("$null = New-NasConsumer JOBS other -TrackDeadLetter");
    }

    [Fact]
    public async Task Both_kinds_are_listed_replayed_and_removed()
    {
        await GiveUpAsync("");
        var letters = _shell.Run(
            "$dead = Get-NasDeadLetter JOBS | Sort-Object Sequence; $dead | ForEach-Object { \"$($_.Consumer) $($_.Sequence) $($_.Reason) $($_.Deliveries) $($_.Subject) $($_.Text) $($_.Headers['k'])\" }"
        );
        Assert.Equal(
            ["worker 1 MaxDeliveries 1 jobs.a job 1 v", "worker 2 Rejected 1 jobs.a job 2 v"],
            letters.Select(l => l.BaseObject)
        );
        if (_server.Version >= new Version(2, 10, 4))
        {
            Assert.Equal("no such thing", _shell.Get<string>("$dead[1].Detail"));
        }
        // The id of the first publish would make the copy a duplicate.
        _shell.Run("$dead | Publish-NasMessage -Flush");
        Assert.Equal(4, _shell.Get<int>("(Get-NasStream JOBS).Messages"));
        _shell.Run("$dead | Publish-NasMessage jobs.again -Flush");
        Assert.Equal(6, _shell.Get<int>("(Get-NasStream JOBS).Messages"));
        var fifth = """(Invoke-NasRequest '$JS.API.STREAM.MSG.GET.JOBS' '{"seq":5}' -Raw).Json.message.data""";
        Assert.Equal("job 1", _shell.Get<string>($"[Text.Encoding]::UTF8.GetString([Convert]::FromBase64String({fifth}))"));
        Assert.Equal(2, _shell.Run("Get-NasConsumer JOBS worker | Get-NasDeadLetter -Remove -WhatIf").Count);
        _shell.Run("$dead[0] | Get-NasDeadLetter -Remove");
        Assert.Equal("Rejected", _shell.Get<string>("(Get-NasDeadLetter JOBS w*).Reason"));
        Assert.Single(_shell.Run("Get-NasDeadLetter JOBS -Remove"));
        Assert.Empty(_shell.Run("Get-NasDeadLetter JOBS"));
        // Others may need the messages of a stream that is no work queue.
        Assert.Equal(6, _shell.Get<int>("(Get-NasStream JOBS).Messages"));
    }

    [Fact]
    public async Task A_work_queue_loses_what_was_rejected_and_keeps_what_wore_out_until_it_is_removed()
    {
        await GiveUpAsync("-Retention WorkQueue");
        var letters = _shell.Run(
            "$dead = Get-NasDeadLetter JOBS | Sort-Object Sequence; $dead | ForEach-Object { \"$($_.Sequence) $($_.IsStored) $($_.Text)\" }"
        );
        Assert.Equal(["1 True job 1", "2 False "], letters.Select(l => l.BaseObject));
        Assert.Equal("MissingSubject", _shell.Invoke("$dead[1] | Publish-NasMessage").ErrorId);
        Assert.Equal("InvalidPayload", _shell.Invoke("$dead[1] | Publish-NasMessage jobs.a").ErrorId);
        _shell.Run("$dead | Get-NasDeadLetter -Remove");
        Assert.Equal(0, _shell.Get<int>("(Get-NasStream JOBS).Messages"));
        Assert.Empty(_shell.Run("Get-NasDeadLetter JOBS"));
    }

    [Fact]
    public async Task What_was_replayed_is_removed_in_the_same_pipeline()
    {
        await GiveUpAsync("");
        _shell.Run("Get-NasDeadLetter JOBS | Publish-NasMessage -Stream JOBS -PassThru | Get-NasDeadLetter -Remove");
        Assert.Equal(4, _shell.Get<int>("(Get-NasStream JOBS).Messages"));
        Assert.Empty(_shell.Run("Get-NasDeadLetter JOBS"));
    }

    [Fact]
    public void A_stream_of_the_user_that_records_one_kind_gives_a_warning()
    {
        _shell.Run(
            "$null = New-NasStream JOBS jobs.>; $null = New-NasStream MINE '$JS.EVENT.ADVISORY.CONSUMER.MAX_DELIVERIES.JOBS.*' -Raw"
        );
        var result = _shell.Invoke("Get-NasDeadLetter JOBS");
        Assert.Empty(result.Errors);
        Assert.Contains("with the reason Rejected are not recorded", Assert.Single(result.Warnings));
        // The missing kind is recorded from now on, the other one where it was.
        _shell.Run("$null = New-NasConsumer JOBS c -TrackDeadLetter");
        Assert.Empty(_shell.Invoke("Get-NasDeadLetter JOBS").Warnings);
    }

    [Fact]
    public void Messages_that_an_action_stored_are_listed_by_their_subject()
    {
        _shell.Run(
            """
            $null = New-NasStream DEAD dead.>
            Publish-NasMessage dead.jobs one -Header @{
                'Nas-Dead-Letter-Reason' = 'Rejected'; 'Nas-Dead-Letter-Detail' = 'it broke'; 'Nas-Dead-Letter-Stream' = 'JOBS'
                'Nas-Dead-Letter-Consumer' = 'worker'; 'Nas-Dead-Letter-Sequence' = '7'; 'Nas-Dead-Letter-Deliveries' = '3'
                'Nas-Dead-Letter-Subject' = 'default.jobs.a'; k = 'v'
            }
            Publish-NasMessage dead.jobs other -Flush
            $d = Get-NasDeadLetter -Subject dead.>
            """
        );
        Assert.Equal(
            "JOBS worker 7 3 Rejected it broke jobs.a one k=v",
            _shell.Get<string>(
                "\"$($d.Stream) $($d.Consumer) $($d.Sequence) $($d.Deliveries) $($d.Reason) $($d.Detail) $($d.Subject) $($d.Text) $($d.Headers)\""
            )
        );
        _shell.Run("$d | Get-NasDeadLetter -Remove");
        Assert.Equal(1, _shell.Get<int>("(Get-NasStream DEAD).Messages"));
    }

    [ServerFact(MinVersion = "2.14")]
    public void What_is_given_up_again_after_a_reset_is_another_dead_letter()
    {
        var letters = _shell.Run(
            """
            $null = New-NasStream JOBS jobs.>; $null = New-NasStream DEAD dead.>; $null = New-NasConsumer JOBS worker
            1..2 | Publish-NasMessage jobs.a -Stream JOBS
            foreach ($time in 1, 2) {
                $job = Register-NasSubscription -Stream JOBS -Consumer worker -MaxDeliver 1 -DeadLetter dead.jobs -MaxMessages 2 -Action { throw 1 }
                $null = $job | Wait-Job -Timeout 20
                Reset-NasConsumer JOBS worker -Sequence 1
            }
            Get-NasStreamMessage DEAD | ForEach-Object { "$($_.Text) $($_.Headers['Nats-Msg-Id'].StartsWith("JOBS.worker.$($_.Text)."))" }
            (Get-NasDeadLetter -Subject dead.jobs).Count
            """
        );
        Assert.Equal(["1 True", "2 True", "1 True", "2 True", "4"], letters.Select(l => $"{l}"));
    }

    [Fact]
    public async Task The_view_fits_and_survives_CliXml()
    {
        await GiveUpAsync("");
        _shell.Run("$dead = Get-NasDeadLetter JOBS");
        var table = _shell.Show("$dead | Out-String -Width 80");
        Assert.Matches(@"Time +Consumer +Sequence +Reason +Subject +Payload", table);
        Assert.Matches(@"worker +2 Rejected +jobs\.a +job 2", table);
        Assert.All(table.Split('\n'), line => Assert.True(line.TrimEnd().Length <= 80, line));
        var kept = _shell.Show(
            "$dead | ForEach-Object { [Management.Automation.PSSerializer]::Deserialize([Management.Automation.PSSerializer]::Serialize($_)) } | Out-String -Width 80"
        );
        Assert.Equal(table, kept);
    }

    /// <summary>Message 1 wears out, and message 2 is rejected.</summary>
    private async Task GiveUpAsync(string stream)
    {
        var reason = _server.Version >= new Version(2, 10, 4) ? "-Reason 'no such thing'" : "";
        _shell.Run(
            $$"""
            $null = New-NasStream JOBS jobs.> {{stream}}
            $null = New-NasConsumer JOBS worker -MaxDeliver 1 -AckWait 200ms -TrackDeadLetter
            1..2 | ForEach-Object { Publish-NasMessage jobs.a "job $_" -Header @{ 'Nats-Msg-Id' = "id$_"; k = 'v' } -Flush }
            $null = Next
            Next | Confirm-NasMessage -Reject {{reason}} -Wait
            """
        );
        // Server 2.9 notices that a message wore out when a client pulls.
        var pull = _server.Version < new Version(2, 10) ? "$null = Next; " : "";
        await Eventually.TrueAsync(() => _shell.Get<int>(pull + "(Get-NasStream NAS_DEAD_LETTERS).Messages") == 2);
    }
}

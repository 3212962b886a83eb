using System.Management.Automation;
using NasPubSub.Tests.Infrastructure;
using NasPubSub.TestServer;

namespace NasPubSub.Tests.Commands;

/// <summary>Publish-NasMessage to streams.</summary>
public sealed class StreamPublishTests : IAsyncLifetime
{
    private NatsServer _server = null!;
    private Shell _shell = null!;

    public async ValueTask InitializeAsync()
    {
        _server = await NatsServer.StartAsync(new NatsServerOptions { JetStream = true });
        _shell = Shell.Open();
        _shell.Run(
            """
            param($url)
            $nas = Connect-NasPubSub $url -Namespace n
            function Api($call, $json = '') { Invoke-NasRequest "`$JS.API.$call" $json -Raw -As Json }
            function Stream($name, $more = '') {
                $json = '{"name":"NAME","subjects":["n.NAME.>"],"storage":"memory"' + $more + '}'
                $null = Api "STREAM.CREATE.$name" ($json -creplace 'NAME', $name)
            }
            function Text($name, $sequence) {
                $found = (Api "STREAM.MSG.GET.$name" "{""seq"":$sequence}").message.data
                [Text.Encoding]::UTF8.GetString([Convert]::FromBase64String($found))
            }
            function Stored($name) { (Api "STREAM.INFO.$name").state.messages }
            """,
            _server.Url
        );
    }

    public async ValueTask DisposeAsync()
    {
        _shell.Run("Disconnect-NasPubSub");
        _shell.Dispose();
        await _server.DisposeAsync();
    }

    [Fact]
    public void Objects_are_stored_in_order_when_the_cmdlet_returns()
    {
        var stored = _shell.Run("Stream s; 1..5000 | Publish-NasMessage s.a -Stream s -Window 64; Stored s");
        Assert.Equal(5000L, Assert.Single(stored).BaseObject);
        Assert.Equal("4999", _shell.Get<string>("Text s 4999"));
    }

    [Fact]
    public void A_stream_that_allows_batches_gets_them_except_where_receipts_are_wanted()
    {
        var seen = _shell.Run(
            """
            Stream fast ',"allow_batched":true'
            $job = Register-NasSubscription fast.a
            1..20000 | Publish-NasMessage fast.a -Stream fast
            $batched = Receive-NasMessage -Subscription $job -Count 20000 -Timeout 20
            $receipts = 1..2000 | Publish-NasMessage fast.b -Stream fast -Receipt
            @($batched | Where-Object ReplyTo -Like '*.$FI').Count -gt 2000
            Stored fast
            Text fast 19999
            $receipts[-1].Sequence
            """
        );
        Assert.Equal([true, 22_000L, "19999", 22_000UL], seen.Select(s => s.BaseObject));
    }

    [Fact]
    public void Receipts_hold_the_object_and_PassThru_passes_on_what_was_stored()
    {
        var receipts = _shell.Run(
            """
            Stream s
            @{ a = 1 }, 'two', ([byte[]](1, 2)) | Publish-NasMessage s.a -Acknowledge -Receipt |
                ForEach-Object { "$($_.Stream) $($_.Sequence) $($_.Subject) $($_.Input)" }
            """
        );
        Assert.Equal(
            ["s 1 s.a System.Collections.Hashtable", "s 2 s.a two", "s 3 s.a 1 2"],
            receipts.Select(r => r.BaseObject)
        );
        var result = _shell.Invoke(
            """
            Stream small ',"max_msg_size":300'
            'a', ('x' * 500), 'b' | Publish-NasMessage small.a -Stream small -PassThru
            """
        );
        Assert.Equal(["a", "b"], result.Values);
        Assert.Equal(new string('x', 500), result.Errors.Single().TargetObject.ToString());
    }

    [Fact]
    public void Receipts_and_errors_hold_the_object_and_not_the_payload_it_brings()
    {
        var result = _shell.Invoke(
            """
            Stream s ',"max_msg_size":300'
            $rows = 'a', ('x' * 500), 'b' | ForEach-Object { [pscustomobject]@{ Subject = 's.a'; Payload = $_; Number = $_.Length } }
            $rows += [pscustomobject]@{ Subject = 's.a'; Payload = ConvertTo-SecureString x -AsPlainText -Force; Number = 7 }
            $rows | Publish-NasMessage -Stream s -PassThru | ForEach-Object Number
            $rows[0] | Publish-NasMessage -Stream s -Receipt | ForEach-Object { $_.Input.Number }
            $rows[0] | Publish-NasMessage -Stream s -MessageId { "id$($_.Number)" } -Receipt | ForEach-Object { $_.Input.Number }
            $rows | Publish-NasMessage -PassThru -ErrorAction SilentlyContinue | ForEach-Object Number
            """
        );
        Assert.Equal([1, 1, 1, 1, 1, 500, 1], result.Output.Select(o => o.BaseObject));
        Assert.Equal(
            [7, 500],
            result.Errors.Take(2).Select(e => ((PSObject)e.TargetObject).Properties["Number"].Value).Order()
        );
    }

    [Fact]
    public void A_refused_message_is_one_error_that_can_be_sent_again()
    {
        var result = _shell.Invoke(
            """
            Stream s
            1..3 | Publish-NasMessage s.a -ExpectedSubjectSequence 0
            $Error.TargetObject | Publish-NasMessage s.b -Acknowledge
            Stored s
            """
        );
        Assert.Equal(2, result.Errors.Count);
        Assert.All(result.Errors, e => Assert.StartsWith("WrongRevision,", e.FullyQualifiedErrorId));
        Assert.Equal(3L, Assert.Single(result.Output).BaseObject);
        Assert.Equal(10071, _shell.Get<int>("$Error[-1].Exception.ApiErrorCode"));
    }

    [Theory]
    [InlineData("'x', 'y' | Publish-NasMessage none.a -Stream none", "StreamNotFound")]
    [InlineData("'x' | Publish-NasMessage nobody -Acknowledge", "NoStream")]
    [InlineData("'x' | Publish-NasMessage s.a -Stream s -ReplyTo r", "InvalidArgument")]
    [InlineData("'x' | Publish-NasMessage s.a -At 2030-01-01", "InvalidArgument")]
    [InlineData("'x' | Publish-NasMessage s.a -At 2030-01-01 -Every 5s -TargetSubject s.b", "InvalidArgument")]
    [InlineData("'x' | Publish-NasMessage s.a -MessageId { throw 'no' }", "MessageIdScriptFailed")]
    [InlineData("'x', 'y' | Publish-NasMessage s.a -Stream s -Atomic", "AtomicDisabled")]
    [InlineData("1..1001 | Publish-NasMessage s.a -Stream s -Atomic", "BatchTooLarge")]
    [InlineData("'x' | Publish-NasMessage s.a -TimeToLive 100ms", "InvalidOption")]
    public void What_cannot_be_stored_is_one_error(string script, string error)
    {
        var result = _shell.Invoke("Stream s; " + script);
        Assert.Equal(error, result.ErrorId);
        Assert.Equal(0L, _shell.Get<long>("Stored s"));
    }

    [Fact]
    public void Ids_of_a_script_block_keep_duplicates_out()
    {
        var duplicates = _shell.Run(
            """
            Stream s
            'a', 'b', 'a' | Publish-NasMessage s.a -MessageId { "id-$_" } -Receipt | ForEach-Object IsDuplicate
            """
        );
        Assert.Equal([false, false, true], duplicates.Select(d => d.BaseObject));
    }

    [Fact]
    public void A_batch_and_a_schedule_reach_the_stream()
    {
        var receipts = _shell.Run(
            """
            Stream s ',"allow_atomic":true,"allow_msg_schedules":true,"allow_msg_ttl":true'
            1..3 | Publish-NasMessage s.a -Stream s -Atomic -Receipt | ForEach-Object Sequence
            'later' | Publish-NasMessage s.plan -At (Get-Date).AddMilliseconds(200) -TargetSubject s.target -Receipt |
                ForEach-Object Sequence
            'short' | Publish-NasMessage s.ttl -TimeToLive 5 -Receipt | ForEach-Object Sequence
            """
        );
        Assert.Equal(["1", "2", "3", "4"], receipts.Take(4).Select(r => $"{r}"));
    }

    [Theory]
    [InlineData("'a..b', 's.a' | ForEach-Object { @{ Subject = $_; Payload = 1 } }", "", "InvalidSubject")]
    [InlineData("1..3", "s.a -MessageId { if ($_ -eq 2) { throw 'no' } \"id$_\" }", "MessageIdScriptFailed")]
    [InlineData("1, (ConvertTo-SecureString x -AsPlainText -Force), 3", "s.a", "InvalidPayload")]
    public void An_atomic_batch_with_an_object_that_cannot_be_sent_stores_nothing(string from, string to, string id)
    {
        _shell.Run("Stream s ',\"allow_atomic\":true'");
        var result = _shell.Invoke($"{from.Replace("@{", "[pscustomobject]@{")} | Publish-NasMessage {to} -Atomic");
        Assert.Equal(id, result.ErrorId);
        Assert.EndsWith(
            "Nothing of the atomic batch was stored.",
            _shell.Get<string>("$Error[0].ErrorDetails.Message")
        );
        Assert.Equal(0L, _shell.Get<long>("Stored s"));
    }

    [Fact]
    public void An_atomic_batch_outputs_its_objects_only_with_PassThru()
    {
        var output = _shell.Run(
            """
            Stream s ',"allow_atomic":true'
            1..3 | Publish-NasMessage s.a -Atomic
            4..5 | Publish-NasMessage s.a -Atomic -PassThru
            """
        );
        Assert.Equal(["4", "5"], output.Select(o => $"{o}"));
        Assert.Equal(5L, _shell.Get<long>("Stored s"));
    }

    [Fact]
    public void A_message_that_is_published_again_is_no_duplicate_unless_the_user_chose_its_id()
    {
        var stored = _shell.Run(
            """
            Stream s
            'a' | Publish-NasMessage s.a -Stream s
            'b' | Publish-NasMessage s.a -Stream s -MessageId mine
            $messages = Get-NasStreamMessage s
            $messages | Publish-NasMessage -Stream s
            Stored s
            $messages | Publish-NasMessage -Flush
            Stored s
            $file = Join-Path ([IO.Path]::GetTempPath()) "$([guid]::NewGuid()).jsonl"
            try { $messages | Export-NasMessage $file; $null = Import-NasMessage $file -Stream s }
            finally { Remove-Item $file }
            Stored s
            """
        );
        Assert.Equal(["3", "4", "5"], stored.Select(o => $"{o}"));
    }

    [Fact]
    public async Task Control_C_ends_it_within_a_second_while_the_server_is_silent()
    {
        _shell.Run("Stream s; 1 | Publish-NasMessage s.a -Stream s");
        await _server.PauseAsync();
        var run = _shell.Start("1..5000 | Publish-NasMessage s.a -Stream s");
        await Task.WhenAny(run.Completed, Task.Delay(300));
        Assert.InRange(await run.StopAsync(), TimeSpan.Zero, TimeSpan.FromSeconds(1));
        Assert.True((await run.Completed).Stopped);
        await _server.ResumeAsync();
    }

    [Fact]
    public async Task Objects_survive_a_server_that_is_killed()
    {
        _shell.Run("$null = Api STREAM.CREATE.k '{\"name\":\"k\",\"subjects\":[\"n.k\"],\"storage\":\"file\"}'");
        var run = _shell.Start("1..20000 | Publish-NasMessage k -Stream k");
        for (var kill = 0; kill < 2 && !run.Completed.IsCompleted; kill++)
        {
            await _server.KillAsync();
            await _server.RestartAsync();
        }
        (await run.Completed.WaitAsync(TimeSpan.FromSeconds(60))).ThrowIfFailed();
        Assert.Equal(20000L, _shell.Get<long>("$null = Wait-NasConnection 10; Stored k"));
    }

    [Fact]
    public void A_receipt_shows_stream_sequence_subject_and_object()
    {
        var shown = _shell.Show("Stream s; 'hello' | Publish-NasMessage s.a -Acknowledge -Receipt");
        Assert.Matches(@"Stream +Sequence Duplicate Subject +Input", shown);
        Assert.Matches(@"s +1 False +s\.a +hello", shown);
    }
}

using NasPubSub.Tests.Infrastructure;

namespace NasPubSub.Tests.Commands;

public sealed class PublishTests(ServerFixture fixture) : ServedTests(fixture)
{
    /// <summary>
    /// Runs a script while a second session listens to everything in the namespace, and gives what came.
    /// </summary>
    private IReadOnlyList<NasSeen> Seen(string script, int count, string more = "")
    {
        using var shell = OpenConnected(more);
        return
        [
            .. shell
                .Run(
                    $$"""
                    $sub = $nas.SubscribeAsync('>').GetAwaiter().GetResult()
                    {{script}}
                    $sub | Receive-NasMessage -Count {{count}} -Timeout 5 | ForEach-Object { $_.Subject; $_.Topic; $_.Text; "$($_.ReplyTo)"; $_.Headers.ToString() }
                    """
                )
                .Select(o => o.ToString()!)
                .Chunk(5)
                .Select(c => new NasSeen(c[0], c[1], c[2], c[3], c[4])),
        ];
    }

    private sealed record NasSeen(string Subject, string Topic, string Text, string ReplyTo, string Headers);

    [Fact]
    public void Text_goes_as_it_is_with_the_namespace_on_the_wire()
    {
        var message = Assert.Single(
            Seen(
                "Publish-NasMessage a.b 'h\u00e9llo' -ReplyTo answers -Header @{ K = 'v'; M = 1, 2 }".Replace(
                    "\\u00e9",
                    "é"
                ),
                1
            )
        );
        Assert.Equal(
            ("a.b", $"{Space}.a.b", "héllo", "answers"),
            (message.Subject, message.Topic, message.Text, message.ReplyTo)
        );
        Assert.Contains("K=v", message.Headers);
        Assert.Contains("M=1,2", message.Headers);
    }

    [Fact]
    public void Objects_go_as_JSON_and_say_so()
    {
        var seen = Seen(
            "42, @{ a = 1 }, ([pscustomobject]@{ n = 'x'; l = @(1, 2.5) }), $true | Publish-NasMessage o; Publish-NasMessage o (1, 2)",
            5
        );
        Assert.Equal(["42", """{"a":1}""", """{"n":"x","l":[1,2.5]}""", "true", "[1,2]"], seen.Select(s => s.Text));
        Assert.All(seen, s => Assert.Equal("Content-Type=application/json", s.Headers));
    }

    [Fact]
    public void PassThru_passes_on_only_what_was_sent()
    {
        using var shell = OpenConnected();
        var result = shell.Invoke(
            """
            $throwing = [pscustomobject]@{ n = 7; Subject = 'q.7' }
            $throwing.PSObject.Properties.Add([psscriptproperty]::new('Payload', { throw 'no payload' }))
            1..3 | Publish-NasMessage -Subject { if ($_ -eq 2) { throw 'no subject' }; "q.$_" } -PassThru
            [pscustomobject]@{ n = 4 }, [pscustomobject]@{ n = 5; Subject = 'q.5' }, [pscustomobject]@{ n = 6; Subject = 'q..6' }, $throwing | Publish-NasMessage -PassThru | ForEach-Object n
            8, [securestring]::new(), 9 | Publish-NasMessage q.8 -PassThru
            """
        );
        Assert.Equal([1, 3, 5, 8, 9], result.Values);
        Assert.Equal(
            ["SubjectScriptFailed", "MissingSubject", "InvalidSubject", "InvalidPayload", "InvalidPayload"],
            result.Errors.Select(e => e.FullyQualifiedErrorId.Split(',')[0])
        );
    }

    [Fact]
    public void Bytes_stay_bytes_and_nothing_is_an_empty_message()
    {
        using var shell = OpenConnected();
        var values = shell
            .Run(
                """
                $sub = $nas.SubscribeAsync('b').GetAwaiter().GetResult()
                Publish-NasMessage b ([byte[]](0, 255, 13, 10))
                ,([byte[]](1, 2)) | Publish-NasMessage b
                $null | Publish-NasMessage b
                Publish-NasMessage b
                $sub | Receive-NasMessage -Count 4 -Timeout 5 -As Bytes | ForEach-Object { $_ -join ',' }
                """
            )
            .Select(o => o.ToString());
        Assert.Equal(["0,255,13,10", "1,2", "", ""], values);
    }

    [Fact]
    public void Rows_bring_their_own_subject_payload_and_reply_subject()
    {
        var seen = Seen(
            """
            [pscustomobject]@{ Subject = 'r.1'; Payload = 'one'; ReplyTo = 'back' }, [pscustomobject]@{ Subject = 'r.2'; Payload = 'two'; ReplyTo = '' } | Publish-NasMessage
            [pscustomobject]@{ Name = 'cpu'; Value = 3 } | Publish-NasMessage -Subject { "svc.$($_.Name)" }
            """,
            3
        );
        Assert.Equal(
            [("r.1", "one", "back"), ("r.2", "two", ""), ("svc.cpu", """{"Name":"cpu","Value":3}""", "")],
            seen.Select(s => (s.Subject, s.Text, s.ReplyTo))
        );
    }

    [Fact]
    public void Messages_are_sent_on_with_subject_payload_and_headers()
    {
        using var shell = OpenConnected();
        var topics = shell
            .Run(
                $$"""
                $other = Connect-NasPubSub {{Server.Url}} -Namespace {{Space}}x -Name other
                $in = $nas.SubscribeAsync('f').GetAwaiter().GetResult()
                $out = $other.SubscribeAsync('>').GetAwaiter().GetResult()
                Publish-NasMessage f text -Header @{ K = 'v' } -Connection $nas
                $in | Receive-NasMessage -Count 1 -Timeout 5 | Publish-NasMessage -Connection other
                $out | Receive-NasMessage -Count 1 -Timeout 5 | ForEach-Object { $_.Topic; $_.Text; $_.Headers.ToString() }
                """
            )
            .Select(o => o.ToString());
        Assert.Equal([$"{Space}x.f", "text", "K=v"], topics);
    }

    [Theory]
    [InlineData("a b")]
    [InlineData("a\r\nPUB x 0\r\n\r\n")]
    [InlineData("a..b")]
    [InlineData(".a")]
    [InlineData("a.*")]
    [InlineData("a.>")]
    [InlineData("")]
    public void A_bad_subject_is_one_error_and_what_follows_is_not_disturbed(string subject)
    {
        using var shell = OpenConnected();
        var result = shell.Invoke("param($s) Publish-NasMessage $s x; Publish-NasMessage good y -Flush", subject);
        Assert.Equal("InvalidSubject", result.ErrorId);
        Assert.Equal(1, shell.Get<long>("$nas.Statistics.MessagesOut"));
    }

    [Fact]
    public void A_payload_over_the_limit_is_one_error_and_the_others_go()
    {
        using var shell = OpenConnected();
        var result = shell.Invoke("'a', ('x' * 1048577), 'b', ('x' * 1048576) | Publish-NasMessage s -Flush");
        Assert.Equal("PayloadTooLarge", result.ErrorId);
        Assert.Equal(3, shell.Get<long>("$nas.Statistics.MessagesOut"));
        Assert.True(shell.Get<bool>("Test-NasConnection -Ping"));
    }

    [Fact]
    public void An_object_without_subject_is_an_error_of_its_own()
    {
        using var shell = OpenConnected();
        Assert.Equal("MissingSubject", shell.Invoke("[pscustomobject]@{ a = 1 } | Publish-NasMessage").ErrorId);
        var byScript = shell.Invoke("1 | Publish-NasMessage -Subject { }");
        Assert.Equal("MissingSubject", byScript.ErrorId);
        Assert.Contains("script block", byScript.Errors[0].Exception.Message);
    }

    [Fact]
    public void Several_subjects_for_one_object_are_an_error()
    {
        using var shell = OpenConnected();
        Assert.Equal("InvalidArgument", shell.Invoke("Publish-NasMessage a, b x").ErrorId);
        Assert.Equal(
            "SubjectScriptFailed",
            shell.Invoke("1, 2 | Publish-NasMessage -Subject { \"a.$_\"; if ($_ -eq 1) { 'b' } } -Flush").ErrorId
        );
        Assert.Equal(1, shell.Get<long>("$nas.Statistics.MessagesOut"));
    }

    [Fact]
    public void A_row_whose_property_cannot_be_read_is_one_error()
    {
        using var shell = OpenConnected();
        var bad = new System.Management.Automation.PSObject();
        bad.Properties.Add(new System.Management.Automation.PSNoteProperty("Subject", "a"));
        bad.Properties.Add(
            new System.Management.Automation.PSScriptProperty(
                "Payload",
                System.Management.Automation.ScriptBlock.Create("throw 'no'")
            )
        );
        Assert.Equal(
            "InvalidPayload",
            shell
                .Invoke("$args[0], [pscustomobject]@{ Subject = 'b'; Payload = 1 } | Publish-NasMessage -Flush", bad)
                .ErrorId
        );
        Assert.Equal(1, shell.Get<long>("$nas.Statistics.MessagesOut"));
    }

    [Theory]
    [InlineData("utf8", "97,195,169")]
    [InlineData("utf8NoBOM", "97,195,169")]
    [InlineData("ascii", "97,63")]
    [InlineData("unicode", "97,0,233,0")]
    [InlineData("BigEndianUnicode", "0,97,0,233")]
    [InlineData("utf32", "97,0,0,0,233,0,0,0")]
    [InlineData("bigendianutf32", "0,0,0,97,0,0,0,233")]
    [InlineData("28591", "97,233")]
    public void Encodings_have_the_names_they_have_elsewhere(string name, string bytes)
    {
        using var shell = OpenConnected();
        Assert.Equal(
            bytes,
            shell.Get<string>(
                $"$s = Register-NasSubscription e; Publish-NasMessage e 'aé' -Encoding {name}; ($s | Receive-NasMessage -Count 1 -Timeout 5).Payload -join ','"
            )
        );
        shell.Run("foreach ($name in 'ansi', 'oem') { Publish-NasMessage e a -Encoding $name }");
    }

    [Fact]
    public void Encodings_and_raw_subjects()
    {
        using var shell = OpenConnected();
        var values = shell
            .Run(
                $$"""
                $sub = $nas.SubscribeAsync('{{Space}}raw', $null, [NullString]::Value, $false).GetAwaiter().GetResult()
                Publish-NasMessage {{Space}}raw 'é' -Raw -Encoding latin1
                Publish-NasMessage {{Space}}raw 'é' -NoNamespace -Encoding unicode -PassThru
                $sub | Receive-NasMessage -Count 2 -Timeout 5 | ForEach-Object { $_.Subject; $_.Payload -join ',' }
                """
            )
            .Select(o => o.ToString());
        Assert.Equal(["é", $"{Space}raw", "233", $"{Space}raw", "233,0"], values);
    }

    [Fact]
    public void A_hundred_thousand_arrive_in_order()
    {
        using var shell = OpenConnected();
        Assert.Equal(
            "100000 0",
            shell.Get<string>(
                """
                $sub = $nas.SubscribeAsync('n').GetAwaiter().GetResult()
                1..100000 | Publish-NasMessage n
                $i = 0; $bad = 0
                $sub | Receive-NasMessage -Count 100000 -Timeout 30 -As Text | ForEach-Object { $i++; if ($_ -ne "$i") { $bad++ } }
                "$i $bad"
                """
            )
        );
    }

    [Fact]
    public void Headers_of_the_object_and_of_the_call_go_together()
    {
        var seen = Seen(
            """
            [pscustomobject]@{ Subject = 'r'; Payload = @{ a = 1 }; Header = @{ Own = 'o'; Both = 'o' } } | Publish-NasMessage -Header @{ Both = 'c' }
            [pscustomobject]@{ Subject = 'r'; Payload = 'text'; Headers = [pscustomobject]@{ P = 'v' } } | Publish-NasMessage
            $m = $sub | Receive-NasMessage -Count 1 -Timeout 5
            Publish-NasMessage copy x -Header $m.Headers
            $m | Publish-NasMessage hop -Header @{ Own = 'n' }
            $m | Publish-NasMessage -Subject { "$($_.Subject).again" }
            """,
            4
        );
        Assert.Equal(["r", "copy", "hop", "r.again"], seen.Select(s => s.Subject));
        Assert.Equal(
            [
                "P=v",
                "Own=o, Both=c, Content-Type=application/json",
                "Both=c, Content-Type=application/json, Own=n",
                "Own=o, Both=c, Content-Type=application/json",
            ],
            seen.Select(s => s.Headers)
        );
        Assert.Equal("""{"a":1}""", seen[2].Text);
    }

    [Fact]
    public void A_script_that_throws_costs_its_object_only()
    {
        using var shell = OpenConnected();
        var result = shell.Invoke(
            """
            $sub = $nas.SubscribeAsync('>').GetAwaiter().GetResult()
            1..3 | Publish-NasMessage -Subject { if ($_ -eq 2) { throw 'two' }; "n.$_" }
            $sub | Receive-NasMessage -Count 2 -Timeout 5 | ForEach-Object Subject
            """
        );
        Assert.Equal("SubjectScriptFailed", result.ErrorId);
        Assert.Equal(["n.1", "n.3"], result.Values);
    }

    [Fact]
    public void A_script_for_the_subject_sees_what_its_writer_sees()
    {
        var seen = Seen(
            "$prefix = 'svc'; function Get-Tail($n) { \"t$n\" }; 7 | Publish-NasMessage -Subject { \"$prefix.$(Get-Tail $_)\" }",
            1
        );
        Assert.Equal("svc.t7", seen[0].Subject);
    }
}

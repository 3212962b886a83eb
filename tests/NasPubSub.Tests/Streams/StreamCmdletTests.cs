using System.Management.Automation;
using NasPubSub.Tests.Infrastructure;
using NasPubSub.TestServer;

namespace NasPubSub.Tests.Streams;

/// <summary>Streams by their cmdlets: names, namespaces, pipelines, messages.</summary>
public sealed class StreamCmdletTests(StreamFixture fixture) : StreamShellTests(fixture)
{
    [Fact]
    public void Subjects_have_the_namespace_and_names_have_none()
    {
        using var shell = OpenConnected();
        shell.Run("$null = New-NasStream $s \"$s.>\" -Source @{ Name = 'X'; FilterSubject = 'f.>' }; $p = \"P$s\"");
        var json = Call(shell, "STREAM.INFO." + Space.ToUpperInvariant());
        Assert.Contains($"\"subjects\":[\"{Space}.{Space.ToUpperInvariant()}.\\u003e\"]", json);
        Assert.Contains($"\"filter_subject\":\"{Space}.f.\\u003e\"", json);
        Assert.Equal(
            $"{Space.ToUpperInvariant()}.> {Space} f.>",
            shell.Get<string>("$n = Get-NasStream $s; \"$($n.Subjects) $($n.Namespace) $($n.Sources[0].FilterSubject)\"")
        );
        // The name as the subject lies in the namespace as well.
        Assert.Equal($"P{Space.ToUpperInvariant()}", shell.Get<string>("(New-NasStream $p).Subjects[0]"));
        shell.Run("Publish-NasMessage $p x -Flush");
        Assert.Equal(1, shell.Get<int>("(Get-NasStream $p).Messages"));
        var exists = shell.Invoke("New-NasStream $s other");
        Assert.Equal("StreamExists", exists.ErrorId);
        Assert.Contains($"this session's is '{Space}'", exists.Errors[0].ToString());
        var overlap = shell.Invoke("New-NasStream \"Q$s\" \"$s.a\"");
        Assert.Equal("SubjectsOverlap", overlap.ErrorId);
        Assert.Contains($"'{Space}.{Space.ToUpperInvariant()}.a' (namespace '{Space}')", overlap.Errors[0].ToString());
    }

    [Fact]
    public void Raw_subjects_stay_as_they_are_and_come_back_that_way()
    {
        using var shell = OpenConnected();
        shell.Run("$null = New-NasStream $s \"raw.$s.>\" -Raw -Storage Memory; $raw = Get-NasStream $s");
        Assert.Equal(
            $"raw.{Space.ToUpperInvariant()}.> True",
            shell.Get<string>("\"$($raw.Subjects) $($null -eq $raw.Namespace)\"")
        );
        shell.Run("$json = $raw | ConvertTo-Json; Remove-NasStream $s -Confirm:$false; $null = New-NasStream -Configuration $json");
        Assert.Equal($"raw.{Space.ToUpperInvariant()}.>", shell.Get<string>("(Get-NasStream $s).Subjects[0]"));
    }

    [Fact]
    public void Names_may_be_patterns_and_come_from_the_pipeline()
    {
        using var shell = OpenConnected();
        shell.Run("1..3 | ForEach-Object { $null = New-NasStream \"$s-$_\" \"$s.$_\" -Storage Memory }");
        Assert.Equal(3, shell.Run("Get-NasStream \"$s-*\"").Count);
        Assert.Equal(2, shell.Run("\"$s-1\", \"$s-3\" | Get-NasStream").Count);
        Assert.Equal($"{Space.ToUpperInvariant()}-2", shell.Get<string>("(Get-NasStream -Subject \"$s.2\").Stream"));
        shell.Run("Get-NasStream \"$s-*\" | Set-NasStream -MaxMessages 4");
        Assert.Equal([4L, 4L, 4L], shell.Run("(Get-NasStream \"$s-*\").MaxMessages").Select(n => n.BaseObject));
        shell.Run("Get-NasStream \"$s-*\" | Remove-NasStream -WhatIf");
        Assert.Equal(3, shell.Run("Get-NasStream \"$s-*\"").Count);
        shell.Run("Get-NasStream \"$s-*\" | Remove-NasStream -Confirm:$false");
        Assert.Empty(shell.Run("Get-NasStream \"$s-*\""));
        Assert.Equal("StreamNotFound", shell.Invoke("Get-NasStream \"$s-1\"").ErrorId);
        Assert.Equal("StreamNotFound", shell.Invoke("Remove-NasStream \"$s-1\" -Confirm:$false").ErrorId);
        Assert.Equal("InvalidName", shell.Invoke("Get-NasStream a.b").ErrorId);
    }

    [Fact]
    public async Task A_stream_from_the_pipeline_is_changed_where_it_was_found()
    {
        await using var other = await NatsServer.StartAsync(new NatsServerOptions { JetStream = true });
        using var shell = OpenConnected();
        shell.Run("$null = New-NasStream $s here -Storage Memory");
        shell.Run(
            "$far = Connect-NasPubSub $args[0] -Name far; Set-NasConnection $nas -Default; $null = New-NasStream $s there -Storage Memory -Connection far",
            other.Url
        );
        shell.Run("Get-NasStream $s -Connection far | Set-NasStream -MaxMessages 9");
        shell.Run("Get-NasStream $s -Connection far | Remove-NasStream -Confirm:$false");
        Assert.Equal(-1, shell.Get<int>("(Get-NasStream $s).MaxMessages"));
        Assert.Empty(shell.Run("Get-NasStream -Connection far"));
    }

    [Fact]
    public void Messages_are_cleared_by_subject_sequence_and_number()
    {
        using var shell = OpenConnected();
        shell.Run("$null = New-NasStream $s c.> -Storage Memory; foreach ($c in 'a', 'b', 'a', 'c', 'a') { Publish-NasMessage c.$c x }; Publish-NasMessage c.d x -Flush");
        Assert.Equal(
            ["c.a 3", "c.b 1", "c.c 1", "c.d 1"],
            shell.Run("Get-NasStream $s -CountBySubject c.> | ForEach-Object { \"$($_.Subject) $($_.Messages)\" }")
                .Select(s => s.BaseObject)
        );
        Assert.Equal(5, shell.Get<int>("(Clear-NasStream $s -Subject c.a -Keep 2 -PassThru).Messages"));
        Assert.Equal(4, shell.Get<int>("(Clear-NasStream $s -BeforeSequence 3 -PassThru).Messages"));
        Assert.Equal(3, shell.Get<int>("(Clear-NasStream $s -Subject c.c -PassThru).Messages"));
        Assert.Equal([4ul], shell.Run("(Get-NasStream $s -DeletedSequences).DeletedSequences").Select(s => s.BaseObject));
        Assert.Equal("AmbiguousParameterSet", shell.Invoke("Clear-NasStream $s -Keep 1 -BeforeSequence 3").ErrorId);
        shell.Run("Get-NasStream $s | Clear-NasStream -WhatIf");
        Assert.Equal(3, shell.Get<int>("(Get-NasStream $s).Messages"));
        shell.Run("Get-NasStream $s | Clear-NasStream");
        Assert.Equal("0 6", shell.Get<string>("$n = Get-NasStream $s; \"$($n.Messages) $($n.LastSequence)\""));
    }

    [ServerFact(MinVersion = "2.12")]
    public void A_mirror_becomes_a_stream_of_its_own()
    {
        using var shell = OpenConnected();
        shell.Run("$null = New-NasStream $s m.> -Storage Memory; Publish-NasMessage m.a x -Flush; $null = New-NasStream \"M$s\" -Mirror $s -Storage Memory");
        shell.Run("while ((Get-NasStream \"M$s\").Messages -ne 1) { [Threading.Thread]::Sleep(10) }");
        Assert.Equal(Space.ToUpperInvariant(), shell.Get<string>("(Get-NasStream \"M$s\").MirrorState.Name"));
        shell.Run("Remove-NasStream $s -Confirm:$false; Set-NasStream \"M$s\" -Mirror $null -Subject m.>; Publish-NasMessage m.b x -Flush");
        Assert.Equal("2 m.>", shell.Get<string>("$n = Get-NasStream \"M$s\"; \"$($n.Messages) $($n.Subjects)\""));
    }

    [Fact]
    public void What_the_server_stored_otherwise_is_an_error()
    {
        using var shell = OpenConnected();
        shell.Run("$null = New-NasStream $s m.> -Storage Memory");
        // The server takes it back where the origin does not allow it.
        var result = shell.Invoke("New-NasStream \"M$s\" -Mirror $s -MirrorDirect");
        Assert.Equal("SettingsNotApplied", result.ErrorId);
        Assert.Contains("MirrorDirect: true -> false", result.Errors[0].ToString());
    }

    [Fact]
    public void Views_show_a_stream()
    {
        using var shell = OpenConnected();
        shell.Run("$null = New-NasStream $s v.> -Storage Memory -MaxBytes 2MB; Publish-NasMessage v.a 'x' -Flush");
        Assert.Matches(@"Messages +Size +Consumers +Storage +Subjects", shell.Show("Get-NasStream $s"));
        Assert.Matches(@"\w+ +1 +\d+ B +0 +Memory +v\.>", shell.Show("Get-NasStream $s"));
        Assert.Matches(@"MaxBytes +: 2\.0 MiB", shell.Show("Get-NasStream $s | Format-List"));
        Assert.Equal(
            shell.Show("Get-NasStream $s"),
            shell.Show(
                "[Management.Automation.PSSerializer]::Deserialize([Management.Automation.PSSerializer]::Serialize((Get-NasStream $s)))"
            )
        );
        // Behind an object of another type, a short list takes the place of the table.
        var mixed = shell.Show("'text'; $nas; Get-NasStream $s");
        Assert.Matches(@"SubjectsText +: v\.>", mixed);
        Assert.DoesNotContain("DuplicateWindow", mixed);
        Assert.Matches(@"1 +v\.a", shell.Show("Get-NasStream $s -CountBySubject '>'"));
    }

    [Fact]
    public void Names_and_stored_subjects_are_completed()
    {
        using var shell = OpenConnected();
        shell.Run("$null = New-NasStream $s k.> -Storage Memory; Publish-NasMessage k.one.a x; Publish-NasMessage k.two x -Flush");
        // The first call in a process may take longer than Tab waits.
        string[] names = [];
        for (var i = 0; names.Length == 0 && i < 20; i++)
        {
            names = Complete(shell, $"Get-NasStream {Space}");
        }
        Assert.Equal([Space.ToUpperInvariant()], names);
        Assert.Equal(["k.one.a"], Complete(shell, $"Clear-NasStream {Space.ToUpperInvariant()} -Subject k.o"));
        Assert.Equal(["k.two"], Complete(shell, $"Get-NasStream {Space.ToUpperInvariant()} -CountBySubject k.t"));
        shell.Run("Disconnect-NasPubSub");
        Assert.DoesNotContain(Space.ToUpperInvariant(), Complete(shell, $"Get-NasStream {Space}"));
        Assert.Equal(0, shell.Get<int>("@(Get-NasConnection).Count"));
    }

    [Fact]
    public void A_session_has_a_domain_and_a_prefix()
    {
        using var shell = OpenConnected();
        Assert.Equal("JetStreamDisabled", shell.Invoke("Get-NasStream -Domain nowhere").ErrorId);
        shell.Run("$far = Connect-NasPubSub $args[0] -JetStreamDomain nowhere", Server.Url);
        var result = shell.Invoke("Get-NasStream");
        Assert.Equal("JetStreamDisabled", result.ErrorId);
        Assert.Contains("domain 'nowhere'", result.Errors[0].ToString());
        shell.Run("$far = Connect-NasPubSub $args[0] -JetStreamApiPrefix '$JS.API.'", Server.Url);
        shell.Run("Get-NasStream");
        var bad = shell.Invoke("Connect-NasPubSub $args[0] -JetStreamDomain 'a b'", Server.Url);
        Assert.Equal("InvalidSubject", bad.ErrorId);
    }

    private static string[] Complete(Shell shell, string line)
    {
        using var engine = PowerShell.Create(shell.Runspace);
        return
        [
            .. CommandCompletion
                .CompleteInput(line, line.Length, null, engine)
                .CompletionMatches.Select(m => m.CompletionText),
        ];
    }
}

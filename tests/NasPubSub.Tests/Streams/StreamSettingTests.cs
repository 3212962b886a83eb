using NasPubSub.Tests.Infrastructure;
using NasPubSub.TestServer;

namespace NasPubSub.Tests.Streams;

/// <summary>Each setting of a stream as a parameter, as a configuration, and there and back.</summary>
public sealed class StreamSettingTests(StreamFixture fixture) : StreamShellTests(fixture)
{
    /// <summary>All settings that go together.</summary>
    private const string All = """
        New-NasStream $s -Subject a.>, b.> -Description 'text "x"' -Storage Memory -MaxMessages 1000 -MaxBytes 10MB -MaxAge 60d
        -MaxMessagesPerSubject 10 -MaxMessageSize 64KB -MaxConsumers 5 -Discard New -DiscardNewPerSubject -DuplicateWindow 90s
        -Source EVENTS, @{ Name = 'OTHER'; FilterSubject = 'o.>'; StartTime = [datetime]'2026-01-02T03:04:05Z' },
            @{ Name = 'THIRD'; SubjectTransforms = @{ Source = 'x.*'; Destination = 'y.{{wildcard(1)}}' } }
        -SubjectTransform @{ Source = 'a.*'; Destination = 'b.{{wildcard(1)}}' } -Republish @{ Source = 'b.>'; Destination = 'c.>'; HeadersOnly = $true }
        -AllowDirect -DenyDelete -AllowRollup -ConsumerInactiveThreshold 1h -ConsumerMaxAckPending 50
        -AllowMessageTtl -SubjectDeleteMarkerTtl 5m -AllowAtomic -AllowBatched -Metadata @{ a = 1; b = 'x y' } -InitialSequence 100
        """;

    private static string Line(string script) => script.ReplaceLineEndings(" ");

    [ServerTheory(MinVersion = "2.14")]
    [InlineData("-Description 'a b'", "\"description\":\"a b\"")]
    [InlineData("-Retention WorkQueue", "\"retention\":\"workqueue\"")]
    [InlineData("-Storage Memory", "\"storage\":\"memory\"")]
    [InlineData("-MaxMessages 5", "\"max_msgs\":5")]
    [InlineData("-MaxBytes 10MB", "\"max_bytes\":10485760")]
    [InlineData("-MaxAge 60d", "\"max_age\":5184000000000000")]
    [InlineData("-MaxAge ([timespan]'00:00:05') -DuplicateWindow 5", "\"max_age\":5000000000")]
    [InlineData("-MaxMessagesPerSubject 2", "\"max_msgs_per_subject\":2")]
    [InlineData("-MaxMessageSize 1KB", "\"max_msg_size\":1024")]
    [InlineData("-MaxConsumers 3", "\"max_consumers\":3")]
    [InlineData("-Discard New -MaxMessagesPerSubject 1 -DiscardNewPerSubject", "\"discard_new_per_subject\":true")]
    [InlineData("-DuplicateWindow 500ms", "\"duplicate_window\":500000000")]
    [InlineData("-NoAck", "\"no_ack\":true")]
    [InlineData("-PlacementTag @()", "\"num_replicas\":1")]
    [InlineData("-Compression S2", "\"compression\":\"s2\"")]
    [InlineData("-AllowDirect", "\"allow_direct\":true")]
    [InlineData("-AllowRollup", "\"allow_rollup_hdrs\":true")]
    [InlineData("-DenyDelete", "\"deny_delete\":true")]
    [InlineData("-DenyPurge", "\"deny_purge\":true")]
    [InlineData("-ConsumerInactiveThreshold 1m", "\"consumer_limits\":{\"inactive_threshold\":60000000000}")]
    [InlineData("-ConsumerMaxAckPending 5", "\"consumer_limits\":{\"max_ack_pending\":5}")]
    [InlineData("-AllowMessageTtl -SubjectDeleteMarkerTtl 1m", "\"subject_delete_marker_ttl\":60000000000")]
    [InlineData("-AllowAtomic", "\"allow_atomic\":true")]
    [InlineData("-AllowBatched", "\"allow_batched\":true")]
    [InlineData("-AllowMessageCounter", "\"allow_msg_counter\":true")]
    [InlineData("-AllowMessageSchedules", "\"allow_msg_schedules\":true")]
    [InlineData("-PersistMode Async", "\"persist_mode\":\"async\"")]
    [InlineData("-InitialSequence 9", "\"first_seq\":9")]
    [InlineData("-Metadata @{ k = 1 }", "\"k\":\"1\"")]
    public void A_parameter_is_the_setting_of_the_server(string parameters, string wire)
    {
        using var shell = OpenConnected();
        shell.Run($"New-NasStream $s ($s + '.x') {parameters}");
        Assert.Contains(wire, Call(shell, "STREAM.INFO." + Space.ToUpperInvariant()));
    }

    [ServerTheory(MinVersion = "2.14")]
    [InlineData("ConvertTo-Json")]
    [InlineData("ConvertTo-Json -Depth 5")]
    [InlineData("ConvertTo-Json -Compress -EnumsAsStrings")]
    public void A_stream_goes_to_a_file_as_JSON_and_back(string convert)
    {
        using var shell = OpenConnected();
        shell.Run(Line(All));
        var file = Path.GetTempFileName();
        try
        {
            shell.Run(
                $"$before = Get-NasStream $s; $before | {convert} -WarningAction Ignore | Set-Content $args[0]; Remove-NasStream $s -Confirm:$false",
                file
            );
            Assert.Equal(
                "",
                shell.Get<string>(
                    "$after = New-NasStream -Configuration $args[0]; \"$($before.ToConfiguration().ChangesTo($after.ToConfiguration()))\"",
                    file
                )
            );
            Assert.Equal("", shell.Show("Set-NasStream -Configuration (Get-Item $args[0]) -Verbose", file));
            Assert.Equal(60, shell.Get<int>("(Get-NasStream $s).MaxAge.Days"));
        }
        finally
        {
            File.Delete(file);
        }
    }

    [ServerFact(MinVersion = "2.14")]
    public void A_stream_goes_through_CliXml_an_object_and_the_JSON_of_the_server()
    {
        using var shell = OpenConnected();
        shell.Run(Line(All));
        shell.Run("$before = Get-NasStream $s; $forms = @($before, $before.ToConfiguration().ToJson())");
        shell.Run(
            "$forms += [Management.Automation.PSSerializer]::Deserialize([Management.Automation.PSSerializer]::Serialize($before, 4))"
        );
        shell.Run("$forms += $before | ConvertTo-Json -Depth 5 | ConvertFrom-Json");
        Assert.Equal(
            "",
            shell.Get<string>(
                """
                $said = foreach ($form in $forms) {
                    Remove-NasStream $s -Confirm:$false
                    $after = New-NasStream -Configuration $form
                    $before.ToConfiguration().ChangesTo($after.ToConfiguration())
                }
                "$said"
                """
            )
        );
    }

    [Fact]
    public void Configurations_and_changes_are_shown_without_control_characters()
    {
        using var shell = OpenConnected();
        shell.Run(
            """
            $text = "a$([char]27)[31mred"
            $one = New-NasStream $s x.> -Storage Memory -Description $text -Metadata @{ key = $text }
            $two = Set-NasStream $s -Description other -PassThru
            $consumer = New-NasConsumer $s c -Description $text
            """
        );
        var stream = shell.Show("$one.ToConfiguration() | Out-String");
        Assert.Matches(@"Subjects +: \w+\.x\.>", stream);
        Assert.Matches(@"Description +: a·\[31mred", stream);
        Assert.Matches(@"Metadata +: .*key=a·\[31mred", stream);
        Assert.Matches(@"Description +: a·\[31mred", shell.Show("$consumer.ToConfiguration() | Out-String"));
        Assert.Matches(
            @"Setting +Before +After\s+-+ +-+ +-+\s+Description +a·\[31mred +other",
            shell.Show("$one.ToConfiguration().ChangesTo($two.ToConfiguration()) | Out-String -Width 80")
        );
        // Behind an object of another type they are shown as short lists.
        var mixed = shell.Show("$one, $one.ToConfiguration(), $consumer.ToConfiguration() | Out-String");
        Assert.DoesNotContain("Description", mixed);
        Assert.Matches(@"SubjectsText +: \w+\.x\.>", mixed);
        Assert.Contains("FilterSubjectsText", mixed);
    }

    [Fact]
    public void The_parts_of_a_stream_have_views_that_fit()
    {
        using var shell = OpenConnected();
        shell.Run(
            """
            $null = New-NasStream $s x.> -Storage Memory
            $source = @{ Name = $s; StartSequence = 7; SubjectTransforms = @{ Source = 'x.*'; Destination = 'y.{{wildcard(1)}}' } }
            $other = New-NasStream "$s-2" y.> -Storage Memory -Source $source -SubjectTransform @{
                Source = 'y.in.*'; Destination = 'y.{{wildcard(1)}}' } -Republish @{ Source = 'y.>'; Destination = "r$([char]27).>" }
            """
        );
        foreach (
            var (part, pattern) in new[]
            {
                ("Sources", @"Name +Start +Filter\s+-+ +-+ +-+\s+T\w+ +7 +(\w+\.)?x\.\*"),
                ("SourceStates", @"Name +Lag Active +Error\s+-+ +-+ +-+ +-+\s+T\w+ +0"),
                ("SubjectTransform", @"Source +Destination\s+-+ +-+\s+y\.in\.\* +y\.\{\{wildcard\(1\)\}\}"),
                ("Republish", @"Source +Destination +HeadersOnly\s+-+ +-+ +-+\s+y\.> +r·\.>"),
            }
        )
        {
            var shown = shell.Show($"$other.{part} | Out-String -Width 80");
            Assert.Matches(pattern, shown);
            Assert.All(shown.Split('\n'), line => Assert.True(line.TrimEnd().Length <= 80, line));
            Assert.DoesNotContain("IsRaw", shell.Show($"$other.{part} | Format-List"));
        }
    }

    [Fact]
    public void A_hashtable_has_names_of_either_kind_and_parameters_take_precedence()
    {
        using var shell = OpenConnected();
        var stream = shell.Run(
            "New-NasStream $s -Configuration @{ Name = 'no'; subjects = 'h.>'; max_msgs = 5; maxage = '2h'; MaxBytes = '1MB' } -MaxMessages 7"
        )[0];
        Assert.Equal(
            "h.> 7 02:00:00 1048576",
            string.Join(' ', new[] { "Subjects", "MaxMessages", "MaxAge", "MaxBytes" }.Select(n =>
                stream.Properties[n].Value is string[] several ? several[0] : $"{stream.Properties[n].Value}"))
        );
    }

    [Theory]
    [InlineData("@{ Name = $s; maxagge = 5 }", "InvalidConfiguration")]
    [InlineData("@{ Name = $s; MaxAge = 'soon' }", "InvalidConfiguration")]
    [InlineData("'{ \"name\": '", "InvalidConfiguration")]
    [InlineData("'nowhere.json'", "ConfigurationNotFound")]
    [InlineData("@{ subjects = 'a' }", "InvalidName")]
    public void A_configuration_that_cannot_be_used_is_an_error(string configuration, string id)
    {
        using var shell = OpenConnected();
        Assert.Equal(id, shell.Invoke($"New-NasStream -Configuration {configuration}").ErrorId);
    }

    [Fact]
    public void Setting_reads_changes_and_writes()
    {
        using var shell = OpenConnected();
        shell.Run("$null = New-NasStream $s s.> -Storage Memory -MaxMessages 5 -DenyDelete -Metadata @{ a = 1 }");
        shell.Run("Set-NasStream $s -MaxMessages 6 -WhatIf");
        Assert.Equal(5, shell.Get<int>("(Get-NasStream $s).MaxMessages"));
        // What -WhatIf shows, and what -Verbose does, is the same text.
        Assert.Equal("", shell.Show("Set-NasStream $s -MaxMessages 5 -Subject s.> -Metadata @{ a = 1 } -Verbose"));
        var verbose = Assert.Single(shell.Invoke("Set-NasStream $s -MaxMessages 6 -MaxAge 1h -Verbose").Verbose);
        Assert.Contains("MaxMessages: 5 -> 6; MaxAge: 00:00:00 -> 01:00:00", verbose);
        shell.Run("Set-NasStream $s -Subject s.>, t");
        Assert.Equal(
            "6 True 1 s.> t",
            shell.Get<string>(
                "$n = Get-NasStream $s; \"$($n.MaxMessages) $($n.DenyDelete) $($n.Metadata['a']) $($n.Subjects)\""
            )
        );
    }

    [ServerTheory(MinVersion = "2.12")]
    [InlineData("-Storage File", "Storage")]
    [InlineData("-Retention WorkQueue", "Retention")]
    [InlineData("-DenyDelete:$false", "DenyDelete")]
    [InlineData("-Mirror OTHER", "Mirror")]
    [InlineData("-AllowMessageTtl:$false", "AllowMessageTtl")]
    [InlineData("-Configuration @{ PersistMode = 'Async' }", "PersistMode")]
    [InlineData("-Configuration @{ first_seq = 5 }", "InitialSequence")]
    public void What_cannot_change_says_so(string change, string name)
    {
        using var shell = OpenConnected();
        shell.Run("$null = New-NasStream $s s.> -Storage Memory -DenyDelete -AllowMessageTtl");
        var result = shell.Invoke($"Set-NasStream $s {change}");
        Assert.Equal("InvalidConfiguration", result.ErrorId);
        Assert.Contains($"cannot change {name}", result.Errors[0].ToString());
    }
}

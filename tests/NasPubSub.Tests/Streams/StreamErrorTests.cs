using NasPubSub.Tests.Infrastructure;
using NasPubSub.TestServer;

namespace NasPubSub.Tests.Streams;

/// <summary>Errors of streams say what is wrong with what, and what to change.</summary>
public sealed class StreamErrorTests(StreamFixture fixture) : StreamShellTests(fixture)
{
    [ServerTheory(MinVersion = "2.14")]
    [InlineData("-Stream $other", "NoStream", "'OTHER' does not store .* 'SPACE.x.a'; the stream 'STREAM' does", "-Raw")]
    [InlineData("-Header @{ 'Nats-Expected-Stream' = 'no' }", "NoStream", "'no' does not .* 'STREAM' does", "-Raw")]
    [InlineData("-TimeToLive 5s", "MessageTtlDisabled", "'STREAM' does not allow", "Set-NasStream -AllowMessageTtl")]
    [InlineData("-Every 5s -TargetSubject x.b", "SchedulesDisabled", "'STREAM' does not", "-AllowMessageSchedules")]
    [InlineData("-Every 5s -TargetSubject no", "InvalidSchedule", "target .* 'SPACE.x.a'", "-TargetSubject", true)]
    [InlineData("-Cron abc -TargetSubject x.b", "InvalidSchedule", "six fields", "-Cron", true)]
    [InlineData("-Cron '0 0 * * * *' -TimeZone No -TargetSubject x.b", "InvalidSchedule", "zone", "-TimeZone", true)]
    [InlineData("-Header @{ 'Nats-TTL' = 'abc' }", "InvalidMessageTtl", "whole seconds", "-TimeToLive", true)]
    [InlineData("-Header @{ 'Nats-Rollup' = 'no' }", "JetStreamError", "message on 'SPACE.x.a' was refused", "", true)]
    public void A_refused_message_names_subject_stream_and_what_to_change(
        string parameters,
        string id,
        string message,
        string advice,
        bool isModern = false
    )
    {
        using var shell = OpenConnected();
        shell.Run("$other = \"$s-O\"; $null = New-NasStream $s x.> -Storage Memory; $null = New-NasStream $other y -Storage Memory");
        if (isModern)
        {
            shell.Run("Set-NasStream $s -AllowMessageSchedules -AllowMessageTtl -AllowRollup");
        }
        var stream = parameters.StartsWith("-Stream", StringComparison.Ordinal) ? "" : "-Stream $s";
        var error = Assert.Single(shell.Invoke($"1 | Publish-NasMessage x.a {stream} {parameters}").Errors);
        Assert.StartsWith(id + ",", error.FullyQualifiedErrorId);
        var name = Space.ToUpperInvariant();
        var pattern = message.Replace("SPACE", Space).Replace("STREAM", name).Replace("OTHER", name + "-O");
        Assert.Matches(pattern, error.Exception.Message);
        Assert.Contains(advice, error.ErrorDetails.RecommendedAction);
    }

    /// <summary>The names of Windows are known where the library ICU is, which the runspaces here do without.</summary>
    [ServerFact(MinVersion = "2.14")]
    public async Task Windows_name_of_a_time_zone_is_translated_or_told()
    {
        const string Publish =
            "1 | Publish-NasMessage x.a -Stream $s -TargetSubject x.b -Cron '0 0 * * * *' -TimeZone 'W. Europe Standard Time'";
        using var shell = OpenConnected();
        shell.Run("$null = New-NasStream $s x.> -Storage Memory -AllowMessageSchedules");
        Assert.Equal("InvalidArgument", shell.Invoke(Publish).ErrorId);
        Assert.Contains("is not the IANA name", shell.Get<string>("$Error[0].ToString()"));
        var start = Pwsh.WithModule(
            $$"""
            $s = '{{Space.ToUpperInvariant()}}'; $null = Connect-NasPubSub {{Server.Url}} -Namespace {{Space}}
            $zone = 'W. Europe Standard Time'
            $isKnown = '{{ModuleUnderTest.Build}}' -eq 'net8.0' -and [TimeZoneInfo]::TryConvertWindowsIdToIanaId($zone, [ref] $zone)
            if (-not $isKnown) { 'without'; exit }
            {{Publish}}
            "$zone $((Get-NasStreamMessage $s -Last 1).Headers['Nats-Schedule-Time-Zone'])"
            """
        );
        using var process = System.Diagnostics.Process.Start(start)!;
        var said = (await process.StandardOutput.ReadToEndAsync()).Trim();
        Assert.Equal(said == "without" ? said : "Europe/Berlin Europe/Berlin", said);
    }

    [Theory]
    [InlineData("Receive-NasMessage -Stream $s -NoWait -Filter 'a..b'")]
    [InlineData("New-NasConsumer $s c -Filter 'a..b'")]
    [InlineData("Get-NasStreamMessage $s -Subject 'a..b'")]
    [InlineData("Clear-NasStream $s -Subject 'a..b' -Confirm:$false")]
    public void A_bad_filter_is_named_and_no_subject_of_the_API(string script)
    {
        using var shell = OpenConnected();
        shell.Run("$null = New-NasStream $s x.> -Storage Memory");
        var error = Assert.Single(shell.Invoke(script).Errors);
        Assert.StartsWith("InvalidSubject,", error.FullyQualifiedErrorId);
        Assert.Matches($@"'({Space}\.)?a\.\.b'", error.Exception.Message);
    }

    [Fact]
    public void An_error_about_raw_subjects_names_no_namespace()
    {
        using var shell = OpenConnected();
        shell.Run("$null = New-NasStream $s \"$s.raw\" -Raw -Storage Memory");
        var error = Assert.Single(shell.Invoke("New-NasStream \"Q$s\" \"$s.raw\" -Raw").Errors);
        Assert.EndsWith($"The subjects are '{Space.ToUpperInvariant()}.raw'.", error.Exception.Message);
    }

    [Fact]
    public void Lines_of_a_file_are_a_configuration_as_well()
    {
        using var shell = OpenConnected();
        var names = shell.Run(
            """
            $lines = (New-NasStream $s x.> -Storage Memory | ConvertTo-Json -Depth 5) -split '\r?\n'
            if ($lines.Count -lt 3) { throw 'one line' }
            Remove-NasStream $s -Confirm:$false
            (New-NasStream -Configuration $lines).Stream
            (New-NasStream "$s-1" -Configuration @('', '{', '"Subjects": "y"', '}')).Subjects
            (New-NasStream -Configuration "{ Name: '$s-2', Subjects: 'z' }".Replace("'", '"').Replace('Name', '"Name"').Replace('Subjects', '"Subjects"'), @{ Name = "$s-3"; Subjects = 'w' }).Count
            (New-NasStream -Configuration (@{ Name = "$s-4"; Subjects = 'u' } | ConvertTo-Json -Compress), (@{ Name = "$s-5"; Subjects = 'v' } | ConvertTo-Json -Compress)).Count
            """
        );
        Assert.Equal([Space.ToUpperInvariant(), "y", "2", "2"], names.Select(name => $"{name}"));
    }

    [ServerTheory(MinVersion = "2.11")]
    [InlineData("Suspend-NasConsumer $s c -Until (Get-Date).AddMinutes(-1)", "InvalidArgument", "-Until is in the past")]
    [InlineData("Suspend-NasConsumer $s c -For 0", "InvalidArgument", "-For is zero")]
    [InlineData("New-NasConsumer $s d -PauseUntil 2020-01-01", "InvalidOption", "-PauseUntil is in the past")]
    public void A_pause_that_is_over_is_an_error(string script, string id, string message)
    {
        using var shell = OpenConnected();
        shell.Run("$null = New-NasStream $s x.> -Storage Memory; $null = New-NasConsumer $s c");
        var result = shell.Invoke(script);
        Assert.Equal(id, result.ErrorId);
        Assert.Contains(message, shell.Get<string>("$Error[0].ToString()"));
    }

    [Fact]
    public void A_message_that_is_too_large_with_the_headers_of_the_publisher_says_so()
    {
        using var shell = OpenConnected();
        shell.Run("$null = New-NasStream $s x.> -Storage Memory");
        var error = Assert.Single(shell.Invoke("'x' * (1MB - 8) | Publish-NasMessage x.a -Stream $s").Errors);
        Assert.StartsWith("PayloadTooLarge,", error.FullyQualifiedErrorId);
        Assert.Matches(@"accepts 1,048,576\. Of these, \d\d bytes are headers", error.Exception.Message);
    }

    [Fact]
    public void A_stream_of_another_namespace_keeps_its_subjects_unless_they_are_given_in_full()
    {
        using var shell = OpenConnected();
        shell.Run("$null = New-NasStream $s x.> -Storage Memory; $away = Connect-NasPubSub $nas.Servers[0] -Namespace away");
        var error = Assert.Single(shell.Invoke("Set-NasStream $s -Subject y.> -Connection $away").Errors);
        Assert.StartsWith("InvalidArgument,", error.FullyQualifiedErrorId);
        Assert.Contains($"'{Space}.x.>', none of them in the namespace 'away'", error.Exception.Message);
        shell.Run("Set-NasStream $s -MaxMessages 5 -Connection $away");
        Assert.Equal("x.> 5", shell.Get<string>("$n = Get-NasStream $s -Connection $nas; \"$($n.Subjects) $($n.MaxMessages)\""));
        shell.Run("Set-NasStream $s -Subject away.y.> -Raw -Connection $away");
        Assert.Equal("y.>", shell.Get<string>("(Get-NasStream $s -Connection $away).Subjects[0]"));
        shell.Run("Set-NasStream $s -Subject z.> -Connection $away");
    }
}

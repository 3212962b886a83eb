using NasPubSub.Tests.Infrastructure;
using NasPubSub.TestServer;

namespace NasPubSub.Tests.Streams;

/// <summary>Get-NasStreamMessage, Remove-NasStreamMessage, and what moves whole streams.</summary>
public sealed class StreamMessageTests(StoredFixture fixture) : StoredTests(fixture)
{
    [Fact]
    public void Messages_are_got_by_sequence_range_subject_and_time()
    {
        using var shell = OpenFilled("a", "b", "a", "b");
        Assert.Equal("2", shell.Get<string>("Get-NasStreamMessage $s 2 -As Text"));
        Assert.Equal(["1", "4"], Texts(shell, "1, 4 | Get-NasStreamMessage $s -As Text"));
        Assert.Equal(["2", "3"], Texts(shell, "Get-NasStreamMessage $s -FromSequence 2 -Count 2 -As Text"));
        Assert.Equal(["1", "3"], Texts(shell, "Get-NasStreamMessage $s -Subject x.a -As Text"));
        Assert.Equal(["2"], Texts(shell, "Get-NasStreamMessage $s -NextFor x.b -As Text"));
        Assert.Equal(["3", "4"], Texts(shell, "Get-NasStreamMessage $s -Last 2 -As Text"));
        Assert.Equal(["3", "4"], Texts(shell, "Get-NasStreamMessage $s -LastFor x.* -As Text"));
        Assert.Equal(["1", "2", "3", "4"], Texts(shell, "Get-NasStreamMessage $s -Since 10m -As Text"));
        Assert.Empty(Texts(shell, "Get-NasStreamMessage $s -Since ((Get-Date).AddDays(1)) -As Text"));
        var raw = "Get-NasStreamMessage $s -Leader -Raw -NextFor '*.x.b' -FromSequence 3 -As Text";
        Assert.Equal(["4"], Texts(shell, raw));
        var message = shell.Run("Get-NasStreamMessage $s 1")[0];
        Assert.Equal("x.a", message.Properties["Subject"].Value);
        Assert.Equal(1ul, message.Properties["Sequence"].Value);
        Assert.Contains("Sequence", shell.Show("Get-NasStreamMessage $s 1"));
        var list = shell.Show("Get-NasStreamMessage $s 1 | Format-List");
        Assert.Contains("Stream    : " + Space.ToUpperInvariant(), list);
    }

    [Fact]
    public void What_is_not_there_is_an_error_for_each()
    {
        using var shell = OpenFilled("a");
        var result = shell.Invoke("7, 1, 8 | Get-NasStreamMessage $s -As Text");
        Assert.Equal(["1"], result.Output.Select(o => o.ToString()));
        Assert.Equal(["MessageNotFound", "MessageNotFound"], result.Errors.Select(Id));
        Assert.Equal(7ul, result.Errors[0].TargetObject);
        Assert.Equal("MessageNotFound", Id(shell.Invoke("Get-NasStreamMessage $s -LastFor x.none").Errors[0]));
        Assert.Equal("StreamNotFound", Id(shell.Invoke("Get-NasStreamMessage NONE").Errors[0]));
        Assert.Equal("InvalidName", Id(shell.Invoke("Get-NasStreamMessage a.b").Errors[0]));
        Assert.Empty(shell.Run("Get-NasStreamMessage $s -LastFor none.*"));
    }

    [Fact]
    public void Messages_are_removed_from_the_pipeline_or_shown_with_WhatIf()
    {
        using var shell = OpenFilled("a", "b", "a");
        shell.Run("Remove-NasStreamMessage $s 1 -WhatIf");
        shell.Run("Get-NasStreamMessage $s -Subject x.b | Remove-NasStreamMessage -Secure");
        Assert.Equal(["1", "3"], Texts(shell, "Get-NasStreamMessage $s -As Text"));
        Assert.Equal("MessageNotFound", Id(shell.Invoke("Remove-NasStreamMessage $s 2").Errors[0]));
    }

    [Fact]
    public void A_stream_is_backed_up_restored_and_copied()
    {
        var folder = Directory.CreateTempSubdirectory("nas-stream-").FullName;
        try
        {
            using var shell = OpenFilled("a", "b");
            shell.Run("Set-Location $args[0]", folder);
            Assert.Contains("2", shell.Show("Export-NasStream $s backup | Format-List Messages"));
            Assert.Equal("BackupExists", Id(shell.Invoke("Export-NasStream $s backup -NoClobber").Errors[0]));
            Assert.Equal("StreamExists", Id(shell.Invoke("Import-NasStream backup").Errors[0]));
            Assert.Equal("BackupNotFound", Id(shell.Invoke("Import-NasStream none").Errors[0]));
            Call(shell, "STREAM.DELETE.");
            shell.Run("Import-NasStream backup -WhatIf");
            Assert.Equal(2ul, shell.Get<ulong>("(Get-Item backup | Import-NasStream).Messages"));

            const string copy =
                "Copy-NasStream $s ($s + 'C') -MapSubject @{ 'x.>' = 'c.>' } "
                + "-Process { if ($_.Subject -eq 'c.b') { 'new' } }";
            Assert.Equal("1 1", shell.Get<string>($"$r = {copy}; \"$($r.Copied) $($r.Dropped)\""));
            Assert.Equal(["new"], Texts(shell, "Get-NasStreamMessage ($s + 'C') -Subject c.b -As Text"));
            Assert.Equal("0", shell.Get<string>($"({copy}).Copied"));
            var failed = shell.Invoke("Copy-NasStream $s ($s + 'D') -Subject d -Process { throw 'no' }");
            Assert.Equal("ProcessFailed", Id(failed.Errors[0]));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public void A_recording_comes_from_a_stream_and_goes_to_one()
    {
        var file = Path.Combine(Path.GetTempPath(), $"nas-{Space}.jsonl");
        try
        {
            using var shell = OpenFilled("a", "b", "a", "b");
            shell.Run("Export-NasMessage $args[0] -Stream $s -Filter x.b", file);
            const string times =
                "(Import-NasMessage $args[0] -NoPublish | % Timestamp | % Ticks) -join ' ' -eq "
                + "((Get-NasStreamMessage $s -Subject x.b | % Timestamp | % Ticks) -join ' ')";
            Assert.True(shell.Get<bool>(times, file));
            var import = $"Import-NasMessage '{file}' -Stream $s -PassThru -Speed Max | % Text";
            Assert.Equal(["2", "4"], Texts(shell, import));
            Assert.Equal(6ul, shell.Get<ulong>("(Get-NasStreamMessage $s -Last 1).Sequence"));
            var map = $"-MapSubject @{{ 'x.b' = 'elsewhere' }} -Speed Max";
            var result = shell.Invoke($"Import-NasMessage '{file}' -Acknowledge {map}");
            Assert.Equal(2, result.Errors.Count);
            Assert.Contains("Line 1 of", result.Errors[0].Exception.Message);
            shell.Run("Export-NasMessage $args[0] -Stream $s -FromSequence 3 -Count 2", file);
            Assert.Equal(["3", "4"], Texts(shell, $"Import-NasMessage '{file}' -NoPublish | % Text"));
            Assert.Equal("StreamNotFound", Id(shell.Invoke($"Export-NasMessage '{file}' -Stream NONE").Errors[0]));
            Assert.Equal(2, File.ReadAllLines(file).Length);
        }
        finally
        {
            File.Delete(file);
        }
    }

    [Fact]
    public void Streams_from_the_pipeline_are_backed_up_where_they_were_found()
    {
        var folder = Directory.CreateTempSubdirectory("nas-stream-").FullName;
        try
        {
            using var shell = OpenFilled("a");
            shell.Run("Set-Location $args[0]; $all = @((Get-NasStream $s), (Get-NasStream $s))", folder);
            // Another session is the default one now.
            shell.Run($"$null = Connect-NasPubSub {Url} -NoNamespace -Name other");
            Assert.Equal("1", shell.Get<string>("($all[0] | Export-NasStream -Path { \"b/$($_.Stream)\" }).Messages"));
            var twice = shell.Invoke("$all | Export-NasStream -Path c");
            Assert.Equal((1, "BackupExists"), (twice.Output.Count, Id(twice.Errors[0])));
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public async Task Ctrl_C_ends_a_copy_within_a_second()
    {
        using var shell = OpenFilled([.. Enumerable.Repeat("a", 300)]);
        var run = shell.Start("Copy-NasStream $s ($s + 'S') -Subject s -Process { Start-Sleep -Milliseconds 20 }");
        await Eventually.TrueAsync(() => run.Streams.Progress.Count > 0);
        Assert.True(await run.StopAsync() < TimeSpan.FromSeconds(1));
    }
}

/// <summary>A server with JetStream for a class of tests.</summary>
public sealed class StoredFixture : IAsyncLifetime
{
    public NatsServer Server { get; private set; } = null!;

    public async ValueTask InitializeAsync() =>
        Server = await NatsServer.StartAsync(new NatsServerOptions { JetStream = true });

    public async ValueTask DisposeAsync() => await Server.DisposeAsync();
}

/// <summary>Tests of cmdlets on a stream with some messages.</summary>
public abstract class StoredTests(StoredFixture fixture) : IClassFixture<StoredFixture>
{
    protected string Url => fixture.Server.Url;

    protected string Space { get; } = "t" + Guid.NewGuid().ToString("N")[..10];

    /// <summary>
    /// A shell with a session whose stream <c>$s</c> has a message on each of these subjects below x, numbered.
    /// </summary>
    private protected Shell OpenFilled(params string[] subjects)
    {
        var shell = Shell.Open();
        var name = Space.ToUpperInvariant();
        shell.Run($"$nas = Connect-NasPubSub {fixture.Server.Url} -Namespace {Space}; $s = '{name}'");
        var config = $$"""{"name":"{{name}}","subjects":["{{Space}}.x.>"],"allow_direct":true}""";
        Call(shell, "STREAM.CREATE.", config);
        shell.Run("$i = 0; foreach ($a in $args[0]) { Publish-NasMessage x.$a ('' + ++$i) -Flush }", (object)subjects);
        shell.Run("$null = Invoke-NasRequest ('$JS.API.STREAM.INFO.' + $s) '' -Raw");
        return shell;
    }

    private protected static void Call(Shell shell, string call, string json = "") =>
        shell.Run(
            "$r = Invoke-NasRequest ('$JS.API.' + $args[0] + $s) $args[1] -Raw; if ($r.Json.error) { throw $r.Text }",
            call,
            json
        );

    private protected static IEnumerable<string> Texts(Shell shell, string script) =>
        shell.Run(script).Select(o => o.ToString());

    private protected static string Id(System.Management.Automation.ErrorRecord error) =>
        error.FullyQualifiedErrorId.Split(',')[0];
}

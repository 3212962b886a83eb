using System.Text.RegularExpressions;
using System.Xml.Linq;
using NasPubSub.Tests.Infrastructure;

namespace NasPubSub.Tests.Formatting;

public sealed partial class FormatTests(ServerFixture fixture) : ServedTests(fixture)
{
    [Fact]
    public void Messages_show_time_subject_size_and_payload()
    {
        using var shell = OpenConnected();
        var shown = shell.Show(
            """
            $sub = Register-NasSubscription m.*
            Publish-NasMessage m.text "hello`r`nworld"; Publish-NasMessage m.json @{ a = 1 }; Publish-NasMessage m.bin ([byte[]](0..255))
            Publish-NasMessage m.esc "a$([char]27)[31mred"; Publish-NasMessage m.long ('x' * 5000); Publish-NasMessage m.none
            Receive-NasMessage -Subscription $sub -Count 6 -Timeout 5
            """
        );
        Assert.Matches(@"\d\d:\d\d:\d\d\.\d{3} m\.text +12 B hello world", shown);
        Assert.Matches(@"m\.json +\d+ B \{""a"":1\}", shown);
        Assert.Matches(@"m\.bin +256 B 00 01 02 03 04 05 06 07 08 09 …", shown);
        Assert.Matches(@"m\.esc +9 B a·\[31mred", shown);
        Assert.Matches(@"m\.long +4\.9 KiB x+", shown);
        Assert.Matches(@"m\.none +0 B", shown);
        // The payload has what is left of the line.
        Assert.InRange(
            shown
                .Split('\n')
                .First(line => line.Contains("Payload", StringComparison.Ordinal))
                .IndexOf("Payload", StringComparison.Ordinal),
            40,
            50
        );
    }

    [Fact]
    public void Headers_show_names_and_values()
    {
        using var shell = OpenConnected();
        var shown = shell.Show(
            """
            $sub = Register-NasSubscription h
            Publish-NasMessage h x -Header ([ordered]@{ source = 'web'; 'X-Trace' = 'a', 'b'; esc = "a$([char]27)[31mred"; long = 'x' * 500 })
            ($sub | Receive-NasMessage -Count 1 -Timeout 5).Headers
            """
        );
        Assert.Matches(@"Name +Value", shown);
        Assert.Matches(@"source +web", shown);
        Assert.Matches(@"X-Trace +a, b", shown);
        Assert.Matches(@"esc +a·\[31mred", shown);
        // The value has what is left of the line.
        Assert.Matches(@"long +x+…", shown);
        Fits(shown[..shown.IndexOf("long", StringComparison.Ordinal)]);
    }

    [Theory]
    [InlineData("$nas", "Name", "State", "Server", "Namespace", "RTT", "Connected")]
    [InlineData("$nas.Statistics", "Received", "Sent", "Reconnects", "Dropped", "Unconfirmed")]
    [InlineData("$nas.ServerInfo", "Version", "MaxPayload", "1.0 MiB")]
    [InlineData("Register-NasSubscription a.b -QueueGroup q", "Sid", "Active", "a.b", "q", "Delivered", "Pending")]
    [InlineData(
        "$j = Register-NasSubscription a.b { $_ } -Name jobby; $j; Stop-Job $j",
        "Id",
        "jobby",
        "a.b",
        "Delivered",
        "MoreData"
    )]
    public void Each_type_has_a_view_that_fits(string script, params string[] expected)
    {
        using var shell = OpenConnected();
        var shown = shell.Show(script);
        Assert.All(expected, text => Assert.Contains(text, shown, StringComparison.Ordinal));
        Fits(shown);
    }

    [Fact]
    public void Subscriptions_tell_how_they_stand()
    {
        using var shell = OpenConnected();
        var shown = shell.Show(
            "$a = Register-NasSubscription a; Publish-NasMessage a -Flush; $a | Unregister-NasSubscription; $b = Register-NasSubscription b; $b | Unregister-NasSubscription; $a, $b"
        );
        Assert.Matches(@"Draining +a ", shown);
        Assert.Matches(@"Ended +b ", shown);
    }

    [Fact]
    public void Colour_is_there_where_the_shell_has_some()
    {
        using var shell = OpenConnected();
        var state = XDocument
            .Load(Path.Combine(Path.GetDirectoryName(ModuleUnderTest.Manifest)!, "module", "NasPubSub.Format.ps1xml"))
            .Descendants("ScriptBlock")
            .First(block => block.Value.Contains("StateColour", StringComparison.Ordinal))
            .Value;
        Assert.Equal("\u001b[32mConnected\u001b[0m", shell.Get<string>($"$nas | ForEach-Object {{ {state} }}"));
        Assert.Equal("Connected", shell.Get<string>($"& {{ $PSStyle = $null; $nas | ForEach-Object {{ {state} }} }}"));
    }

    [Theory]
    [InlineData(
        "NasMessage",
        "$s = Register-NasSubscription a; Publish-NasMessage a x -Header @{ h = 1 }; Receive-NasMessage -Subscription $s -Count 1"
    )]
    [InlineData(
        "NasHeader",
        "$s = Register-NasSubscription a; Publish-NasMessage a x -Header @{ h = 1 }; (Receive-NasMessage -Subscription $s -Count 1).Headers"
    )]
    [InlineData("NasConnection", "$nas")]
    [InlineData("NasStatistics", "$nas.Statistics")]
    [InlineData("NasServerInfo", "$nas.ServerInfo")]
    [InlineData("NasSubscription", "Register-NasSubscription a")]
    [InlineData("NasSubscriptionJob", "Register-NasSubscription a { $_ } -MaxMessages 1; Publish-NasMessage a")]
    [InlineData("NasThroughput", "Measure-NasThroughput PublishSubscribe -Count 10")]
    [InlineData("Measuring.NasLatencyClass", "(Measure-NasThroughput PublishSubscribe -Count 10).Latencies")]
    [InlineData("NasServerProcess", "$s = Start-NasServer; $s; Stop-NasServer $s")]
    public void All_that_a_view_asks_for_is_there(string type, string script)
    {
        using var shell = OpenConnected();
        shell.Run("$env:NATS_SERVER = $args[0]", NasPubSub.TestServer.NatsServerBinary.Find());
        var value = shell.Run(script)[0];
        var views = XDocument
            .Load(Path.Combine(Path.GetDirectoryName(ModuleUnderTest.Manifest)!, "module", "NasPubSub.Format.ps1xml"))
            .Descendants("View")
            .Where(view => view.Descendants("TypeName").Any(name => name.Value == "NasPubSub." + type))
            .ToList();
        Assert.NotEmpty(views);
        Assert.All(views.Descendants("PropertyName"), name => Assert.NotNull(value.Properties[name.Value]));
        Assert.All(
            views.Descendants("ScriptBlock"),
            block =>
                shell.Run("param($value) $value | ForEach-Object ([scriptblock]::Create($args[0]))", value, block.Value)
        );
    }

    [Theory]
    [InlineData("$m")]
    [InlineData("$nas")]
    [InlineData("$sub")]
    [InlineData("$nas.Statistics")]
    public void CliXml_and_remoting_keep_what_is_shown(string show)
    {
        using var shell = OpenConnected();
        var (live, carried, constrained) = (
            shell.Show(
                """
                $PSStyle.OutputRendering = 'PlainText'
                $sub = Register-NasSubscription c; Publish-NasMessage c "a`nb" -Header @{ h = 1, 2 }
                $m = $sub | Receive-NasMessage -Count 1 -Timeout 5
                $null = Test-NasConnection
                """
                    + "\n"
                    + show
            ),
            shell.Show(
                "$saved = $nas, $sub; $nas, $sub, $m = $nas, $sub, $m | ForEach-Object { [Management.Automation.PSSerializer]::Deserialize([Management.Automation.PSSerializer]::Serialize($_)) }; "
                    + show
            ),
            shell.Show(
                "$nas, $sub = $saved; $ExecutionContext.SessionState.LanguageMode = 'ConstrainedLanguage'; " + show
            )
        );
        Assert.Matches(@"\w{4}", live);
        Assert.Equal(live, carried);
        Assert.Equal(Words(live), Words(constrained));
    }

    [Fact]
    public void No_view_calls_a_method_which_ConstrainedLanguage_forbids()
    {
        var views = XDocument.Load(
            Path.Combine(Path.GetDirectoryName(ModuleUnderTest.Manifest)!, "module", "NasPubSub.Format.ps1xml")
        );
        Assert.All(views.Descendants("ScriptBlock"), block => Assert.DoesNotMatch(@"::|\.\w+\(", block.Value));
    }

    [Fact]
    public void Objects_of_different_types_are_shown_as_short_lists()
    {
        using var shell = OpenConnected();
        var shown = shell.Show(
            """
            $sub = Register-NasSubscription x; Publish-NasMessage x hello; $m = $sub | Receive-NasMessage -Count 1 -Timeout 5
            $job = Register-NasSubscription y -Action { $_ }
            'text'; $sub; $nas; $m; $job; $nas.Statistics; $nas.ServerInfo
            """
        );
        Assert.All(
            [
                "text",
                "Server    : nats://",
                ": hello",
                "SubjectText : x",
                "HasMoreData : False",
                "MessagesIn ",
                "Version  : ",
            ],
            text => Assert.Contains(text, shown, StringComparison.Ordinal)
        );
        Assert.DoesNotMatch(@"NasOptions|NasStatistics \{|RoundTrip", shown);
        Assert.InRange(shown.Split('\n').Length, 10, 50);
    }

    private static string[] Words(string shown) =>
        shown.Split([' ', '\n', '\r'], StringSplitOptions.RemoveEmptyEntries);

    private static void Fits(string shown) =>
        Assert.All(Colour().Replace(shown, "").Split('\n'), line => Assert.True(line.TrimEnd().Length <= 80, line));

    [GeneratedRegex(@"\u001b\[[0-9;]*m")]
    private static partial Regex Colour();
}

using NasPubSub.Tests.Infrastructure;

namespace NasPubSub.Tests.Payloads;

/// <summary>Messages as payload, live or as what CliXml, jobs, remoting and JSON leave of them.</summary>
public sealed class CarriedMessageTests(ServerFixture fixture) : ServedTests(fixture)
{
    private const string Receive = """
        function Copy-Clixml { [Management.Automation.PSSerializer]::Deserialize([Management.Automation.PSSerializer]::Serialize($args[0])) }
        function Copy-Json {
            $one = $args[0]
            $headers = @($one.Headers | ForEach-Object { [pscustomobject]@{ Name = $_.Name; Values = [object[]]$_.Values } })
            [pscustomobject]@{ Subject = $one.Subject; Topic = $one.Topic; Payload = [object[]]@($one.Payload | ForEach-Object { [long]$_ }); Headers = $headers; ReplyTo = $one.ReplyTo; Sid = [long]1 }
        }
        $sub = Register-NasSubscription 'm.>'
        Publish-NasMessage m.a 'text, é' -Header ([ordered]@{ T = 'x,y', 'z'; U = 'a=b' })
        Publish-NasMessage m.b ([byte[]](0, 1, 255)) -ReplyTo back
        Publish-NasMessage m.c
        Publish-NasMessage m.d @{ Topic = 1; Payload = 2 }
        $m = @($sub | Receive-NasMessage -Count 4 -Timeout 5)
        """;

    [Theory]
    [InlineData("Copy-Clixml $_")]
    [InlineData("Copy-Json $_")]
    [InlineData("$_")]
    public void They_are_published_again_whole(string copy)
    {
        using var shell = OpenConnected();
        var again = shell
            .Run(
                Receive
                    + $$"""

                    $m | ForEach-Object { {{copy}} } | Publish-NasMessage
                    $m | ForEach-Object { {{copy}} } | Publish-NasMessage m.other
                    $sub | Receive-NasMessage -Count 8 -Timeout 5 | ForEach-Object {
                        "$($_.Subject) $($_.Payload -join ' ') $(($_.Headers | ForEach-Object { "$($_.Name)=$($_.Values -join '+')" }) -join ' ') $($_.ReplyTo)".Trim()
                    }
                    """
            )
            .Select(o => o.ToString())
            .ToList();
        string[] expected =
        [
            "116 101 120 116 44 32 195 169 T=x,y+z U=a=b",
            "0 1 255",
            "",
            string.Join(' ', """{"Payload":2,"Topic":1}""".Select(c => (int)c)) + " Content-Type=application/json",
        ];
        Assert.Equal(4, expected.Zip(again.Take(4)).Count(p => Same($"{p.Second[..3]} {p.First}".Trim(), p.Second)));
        Assert.Equal(4, expected.Zip(again.Skip(4)).Count(p => Same($"m.other {p.First}".Trim(), p.Second)));
    }

    [Theory]
    [InlineData("Invoke-NasRequest echo $m[0] -Timeout 5", "$r = Register-NasSubscription echo -Reply -Action { $_ }")]
    [InlineData(
        "Invoke-NasRequest echo (Copy-Clixml $m[0]) -Timeout 5",
        "$r = Register-NasSubscription echo -Reply -Action { $_ }"
    )]
    [InlineData(
        "Invoke-NasRequest echo x -Timeout 5",
        "$r = Register-NasSubscription echo -Reply -Action { Send-NasReply $using:first -InputObject $_ } "
    )]
    public void Every_cmdlet_takes_a_message_for_its_payload_and_headers(string request, string service)
    {
        using var shell = OpenConnected();
        Assert.Equal(
            "text, é x,y+z",
            shell.Get<string>(
                Receive
                    + "\n$first = $m[0]\n"
                    + service
                    + "\n"
                    + "$reply = "
                    + request
                    + "\n\"$($reply.Text) $($reply.Headers.GetValues('T') -join '+')\""
            )
        );
    }

    [Fact]
    public void A_header_is_a_value_null_or_several()
    {
        using var shell = OpenConnected();
        Assert.Equal(
            ["True", "4", "x,y", "x,y z", "True", "a=b", "2", "T=x,y,z|U=a=b"],
            shell
                .Run(
                    Receive
                        + """

                        $null -eq $m[0].Headers['none']
                        Publish-NasMessage m.e x -Header @{ 'X-Try' = 3 }
                        [int]($sub | Receive-NasMessage -Count 1 -Timeout 5).Headers['x-try'] + 1
                        $m[0].Headers['T']
                        "$($m[0].Headers.GetValues('T'))"
                        $m[0].Headers['T'] -is [string]
                        ([hashtable]$m[0].Headers).u
                        ([hashtable]$m[0].Headers)['T'].Count
                        [string[]]$m[0].Headers -join '|'
                        """
                )
                .Select(o => o.ToString())
        );
    }

    private static bool Same(string expected, string given)
    {
        Assert.Equal(Sorted(expected), Sorted(given));
        return true;
    }

    /// <summary>A hashtable has no order, so neither has its JSON.</summary>
    private static string Sorted(string text) =>
        text.Contains("Content-Type", StringComparison.Ordinal) ? string.Concat(text.Order()) : text;
}

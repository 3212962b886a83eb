using System.Management.Automation;
using NasPubSub.Tests.Commands;
using NasPubSub.Tests.Infrastructure;

namespace NasPubSub.Tests.Payloads;

/// <summary>Objects as they go over the wire.</summary>
public sealed class JsonWriteTests(ServerFixture fixture) : ServedTests(fixture)
{
    private const string Secret = "S3cret";

    [Theory]
    [InlineData(
        "[pscustomobject]@{ z = 1; a = [pscustomobject]@{ b = [pscustomobject]@{ c = 2 } } }",
        """{"z":1,"a":{"b":{"c":2}}}"""
    )]
    [InlineData("@([pscustomobject]@{ a = 1 }, [pscustomobject]@{ a = 2 })", """[{"a":1},{"a":2}]""")]
    [InlineData("[ordered]@{ z = 1; a = @{ b = $null } }", """{"z":1,"a":{"b":null}}""")]
    [InlineData("[DayOfWeek]::Friday", "5")]
    [InlineData("[DayOfWeek]::Friday -EnumsAsStrings", "\"Friday\"")]
    [InlineData("[double]::NaN", "\"NaN\"")]
    [InlineData("[double]::NegativeInfinity", "\"-Infinity\"")]
    [InlineData("1.5, 1e300, -0.25", "[1.5,1E+300,-0.25]")]
    [InlineData(
        "[float]1.5, [byte]7, [sbyte]-7, [uint16]7, [uint64]::MaxValue, [long]::MinValue",
        "[1.5,7,-7,7,18446744073709551615,-9223372036854775808]"
    )]
    [InlineData("[decimal]'79228162514264337593543950335'", "79228162514264337593543950335")]
    [InlineData(
        "[System.Numerics.BigInteger]::Parse('123456789012345678901234567890')",
        "123456789012345678901234567890"
    )]
    [InlineData("$true, $false, $null", "[true,false,null]")]
    [InlineData("[datetime]::new(2026, 1, 2, 3, 4, 5, [System.DateTimeKind]::Utc)", "\"2026-01-02T03:04:05Z\"")]
    [InlineData(
        "[datetimeoffset]::new(2026, 1, 2, 3, 4, 5, [timespan]::FromHours(2))",
        "\"2026-01-02T03:04:05+02:00\""
    )]
    [InlineData("[timespan]::FromSeconds(61.5)", "\"00:01:01.5000000\"")]
    [InlineData("[guid]'8d6f3f0a-3c0b-4a58-9d0e-6f2f3f6c1b7e'", "\"8d6f3f0a-3c0b-4a58-9d0e-6f2f3f6c1b7e\"")]
    [InlineData(
        "[uri]'https://a/b', [version]'1.2.3', [ipaddress]'10.0.0.1'",
        """["https://a/b","1.2.3","10.0.0.1"]"""
    )]
    [InlineData("@([char]'x', { 1 + 1 }, [int])", """["x"," 1 + 1 ","System.Int32"]""")]
    [InlineData("@(, [byte[]](1, 2, 3))", """["AQID"]""")]
    [InlineData("[xml]'<a><b>1</b></a>'", "\"<a><b>1</b></a>\"")]
    [InlineData("@{ q = 'a\"b\\c' + [char]10 + [char]1 + 'é€' }", """{"q":"a\"b\\c\n\u0001é€"}""")]
    [InlineData("[System.Collections.Generic.Dictionary[string,int]]::new()", "{}")]
    [InlineData("@(, @()), @()", "[[[]],[]]")]
    [InlineData("[System.Collections.Generic.KeyValuePair[string,int]]::new('k', 1)", """{"Key":"k","Value":1}""")]
    public void Values_become_JSON(string expression, string json)
    {
        using var shell = OpenConnected();
        var parts = expression.Split(" -Enums");
        var more = parts.Length > 1 ? "-EnumsAsStrings" : "";
        Assert.Equal(
            json.Trim('\n'),
            shell.Get<string>(
                $"$s = Register-NasSubscription j; Publish-NasMessage j ({parts[0]}) {more}; $s | Receive-NasMessage -Count 1 -Timeout 5 -As Text"
            )
        );
    }

    [Fact]
    public void Cycles_end()
    {
        using var shell = OpenConnected();
        var seen = shell
            .Run(
                """
                $s = Register-NasSubscription j
                $table = @{}; $table.self = $table
                $list = [System.Collections.ArrayList]::new(); $null = $list.Add($list)
                $object = [pscustomobject]@{ n = 1; self = $null }; $object.self = $object
                $twice = @{ x = 1 }
                $table, $object, @{ l = $list }, @{ a = $twice; b = $twice } | Publish-NasMessage j
                $s | Receive-NasMessage -Count 4 -Timeout 5 -As Text
                """
            )
            .Select(o => o.ToString());
        Assert.Equal(["""{"self":null}""", """{"n":1,"self":null}""", """{"l":[null]}"""], seen.Take(3));
        Assert.Equal(
            """{"x":1}{"x":1}""",
            string.Concat(System.Text.RegularExpressions.Regex.Matches(seen.Last(), @"\{""x"":1\}"))
        );
    }

    [Fact]
    public void What_lies_too_deep_becomes_text_and_one_warning()
    {
        using var shell = OpenConnected();
        var result = shell.Invoke(
            """
            $s = Register-NasSubscription j
            $deep = @{ a = @{ b = @{ c = 1 } } }
            $deep, $deep | Publish-NasMessage j -Depth 1
            Publish-NasMessage j $deep -Depth 2
            $s | Receive-NasMessage -Count 3 -Timeout 5 -As Text
            """
        );
        Assert.Equal(
            [
                """{"a":{"b":"System.Collections.Hashtable"}}""",
                """{"a":{"b":"System.Collections.Hashtable"}}""",
                """{"a":{"b":{"c":1}}}""",
            ],
            result.ThrowIfFailed().Values
        );
        Assert.Contains("-Depth", Assert.Single(result.Warnings));
    }

    [Fact]
    public void A_request_and_a_reply_warn_of_what_lies_too_deep_once_a_call()
    {
        using var shell = OpenConnected();
        var result = shell
            .Invoke(
                """
                $deep = @{ a = @{ b = @{ c = 1 } } }
                $job = Register-NasSubscription j { $using:deep } -Reply -Depth 1
                $deep, $deep | Invoke-NasRequest j -Depth 1 -As Text
                "in the job: $($job.Warning.Count)"
                $s = Register-NasSubscription k
                $reply = Register-NasSubscription back
                1..2 | ForEach-Object { Publish-NasMessage k -ReplyTo back }
                $s | Receive-NasMessage -Count 2 -Timeout 5 | Send-NasReply $deep -Depth 1
                $reply | Receive-NasMessage -Count 2 -Timeout 5 -As Text
                """
            )
            .ThrowIfFailed();
        const string cut = """{"a":{"b":"System.Collections.Hashtable"}}""";
        Assert.Equal([cut, cut, "in the job: 1", cut, cut], result.Values);
        Assert.Equal(2, result.Warnings.Count(w => w.Contains("-Depth", StringComparison.Ordinal)));
    }

    [Fact]
    public void Live_objects_give_properties_and_no_graph()
    {
        using var shell = OpenConnected();
        var result = shell.Invoke(
            """
            $s = Register-NasSubscription j
            [System.IO.FileInfo]::new($args[0]), [System.Diagnostics.Process]::GetCurrentProcess(), [System.Exception]::new('x'), (Get-Command Get-Command) | Publish-NasMessage j
            $s | Receive-NasMessage -Count 4 -Timeout 5 -As Json
            """,
            typeof(JsonWriteTests).Assembly.Location
        );
        var output = result.ThrowIfFailed().Output;
        Assert.Equal("NasPubSub.Tests.dll", output[0].Properties["Name"].Value);
        Assert.IsType<string>(output[0].Properties["Directory"].Value);
        Assert.Equal((long)Environment.ProcessId, output[1].Properties["Id"].Value);
        // An exit code that cannot be had yet is null, not the end of the message.
        Assert.Null(output[1].Properties["ExitCode"].Value);
        Assert.Equal("x", output[2].Properties["Message"].Value);
        Assert.Equal("Get-Command", output[3].Properties["Name"].Value);
        Assert.True(result.Elapsed < TimeSpan.FromSeconds(10));
    }

    [Fact]
    public void Custom_objects_give_their_properties_whatever_else_they_are_given()
    {
        using var shell = OpenConnected();
        var extended = new PSObject();
        extended.Properties.Add(new PSNoteProperty("a", 1));
        extended.Members.Add(new PSScriptMethod("m", ScriptBlock.Create("2")));
        extended.Properties.Add(new PSScriptProperty("b", ScriptBlock.Create("$this.a + 1")));
        extended.Properties.Add(new PSAliasProperty("c", "a"));
        extended.Members.Add(new PSPropertySet("d", ["a"]));
        var named = extended.Copy();
        named.TypeNames.Insert(0, "Named");
        Assert.Equal(
            ["""{"a":1,"b":2,"c":1}""", """{"a":1,"b":2,"c":1}""", "{}"],
            shell
                .Invoke(
                    """
                    $s = Register-NasSubscription j
                    $args | Publish-NasMessage j
                    $s | Receive-NasMessage -Count 3 -Timeout 5 -As Text
                    """,
                    extended,
                    named,
                    new PSObject()
                )
                .ThrowIfFailed()
                .Values
        );
    }

    [Fact]
    public void A_getter_that_throws_is_null_and_an_enumerator_that_throws_costs_its_record_only()
    {
        using var shell = OpenConnected();
        var bad = new PSObject();
        bad.Properties.Add(new PSNoteProperty("a", 1));
        bad.Properties.Add(new PSScriptProperty("b", ScriptBlock.Create("throw 'no'")));
        var result = shell.Invoke(
            """
            $s = Register-NasSubscription j
            $args[0], $args[1], 'last' | Publish-NasMessage j
            $s | Receive-NasMessage -Count 2 -Timeout 5 -As Text
            """,
            bad,
            new Box(Broken())
        );
        Assert.Equal("InvalidPayload", result.ErrorId);
        Assert.Equal(["""{"a":1,"b":null}""", "last"], result.Values);
    }

    [Fact]
    public void Secrets_are_null()
    {
        using var shell = OpenConnected();
        var text = shell.Get<string>(
            $$"""
            $s = Register-NasSubscription j
            $secure = [System.Net.NetworkCredential]::new('', '{{Secret}}').SecurePassword
            $credential = [pscredential]::new('bob', $secure)
            Publish-NasMessage j @{ a = $secure; b = $credential; c = $credential.GetNetworkCredential(); d = @($credential) }
            $s | Receive-NasMessage -Count 1 -Timeout 5 -As Text
            """
        );
        Assert.DoesNotContain(Secret, text);
        Assert.Contains("\"d\":[null]", text);
    }

    [Theory]
    [InlineData("$secure")]
    [InlineData("([pscredential]::new('bob', $secure))")]
    [InlineData("([pscredential]::new('bob', $secure).GetNetworkCredential())")]
    public void A_secret_by_itself_is_an_error(string secret)
    {
        using var shell = OpenConnected();
        var result = shell.Invoke(
            $"$secure = [System.Net.NetworkCredential]::new('', '{Secret}').SecurePassword; Publish-NasMessage j {secret}; {secret} | Publish-NasMessage j; Invoke-NasRequest j {secret}"
        );
        Assert.Equal(
            ["InvalidPayload", "InvalidPayload", "InvalidPayload"],
            result.Errors.Select(e => e.FullyQualifiedErrorId.Split(',')[0])
        );
        Assert.Equal(0, shell.Get<long>("$nas.Statistics.MessagesOut"));
    }

    [Theory]
    [InlineData("([Memory[byte]]::new($bytes, 1, 2))")]
    [InlineData("([ReadOnlyMemory[byte]]::new($bytes, 1, 2))")]
    [InlineData("([ArraySegment[byte]]::new($bytes, 1, 2))")]
    [InlineData("([System.Collections.Generic.List[byte]]::new([byte[]](255, 0)))")]
    public void Bytes_are_bytes_in_whatever_holds_them(string bytes)
    {
        using var shell = OpenConnected();
        var result = shell.Run(
            $$"""
            $s = Register-NasSubscription j
            $bytes = [byte[]](1, 255, 0, 2)
            Publish-NasMessage j {{bytes}}
            Publish-NasMessage j @{ a = {{bytes}} }
            $m = $s | Receive-NasMessage -Count 2 -Timeout 5
            $m[0].Payload -join ','
            $m[1].Text
            """
        );
        Assert.Equal(["255,0", """{"a":"/wA="}"""], result.Select(o => o.BaseObject));
    }

    [Fact]
    public void Objects_of_the_scripts_own_classes_are_data_to_the_full_depth()
    {
        using var shell = OpenConnected();
        Assert.Equal(
            """{"Id":7,"Customer":{"Name":"Bob","Orders":[null]}}""",
            shell.Get<string>(
                """
                class Customer { [string] $Name = 'Bob'; [object[]] $Orders }
                class Order { [int] $Id = 7; [Customer] $Customer = [Customer]::new(); hidden [string] $Note = 'x' }
                $s = Register-NasSubscription j
                $order = [Order]::new()
                $order.Customer.Orders = @($order)
                $order | Publish-NasMessage j
                $s | Receive-NasMessage -Count 1 -Timeout 5 -As Text
                """
            )
        );
    }

    [Theory]
    [InlineData("Publish-NasMessage j $args[0]")]
    [InlineData("Invoke-NasRequest j $args[0]")]
    public async Task An_object_without_end_can_be_stopped(string script)
    {
        using var shell = OpenConnected();
        var endless = new Box(Endless());
        var run = shell.Start(script, endless);
        await TestServer.Eventually.TrueAsync(() => endless.Taken > 1000);
        Assert.True(await run.StopAsync() < TimeSpan.FromSeconds(1));
        Assert.True((await run.Completed).Stopped);
    }

    private static IEnumerable<int> Endless()
    {
        for (var i = 0; ; i++)
        {
            yield return i;
        }
    }

    private static IEnumerable<int> Broken()
    {
        yield return 1;
        throw new InvalidOperationException("broken");
    }

    public sealed class Box(IEnumerable<int> items)
    {
        private long _taken;

        /// <summary>How many were enumerated.</summary>
        internal long Taken => Interlocked.Read(ref _taken);

        public IEnumerable<int> Items =>
            items.Select(i =>
            {
                Interlocked.Increment(ref _taken);
                return i;
            });
    }
}

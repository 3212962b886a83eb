using System.Collections;
using System.Globalization;
using System.Management.Automation;
using System.Numerics;
using System.Text;
using NasPubSub.Tests.Commands;
using NasPubSub.Tests.Infrastructure;

namespace NasPubSub.Tests.Payloads;

/// <summary>JSON as objects, and there and back.</summary>
public sealed class JsonReadTests(ServerFixture fixture) : ServedTests(fixture)
{
    public static TheoryData<string, object?> Values =>
        new()
        {
            { "1", 1L },
            { "-9223372036854775808", long.MinValue },
            { "1.5", 1.5 },
            { "1e3", 1000.0 },
            { "123456789012345678901234567890", BigInteger.Parse("123456789012345678901234567890") },
            { "true", true },
            { "null", null },
            { "\"x\"", "x" },
            { "\"\"", "" },
            { "\"2026-01-02T03:04:05Z\"", new DateTime(2026, 1, 2, 3, 4, 5, DateTimeKind.Utc) },
            { "\"2026-01-02\"", "2026-01-02" },
            { "\"2026-13-02T03:04:05Z\"", "2026-13-02T03:04:05Z" },
            { "\uFEFF7", 7L },
            { " [ ] // end", Array.Empty<object>() },
        };

    [Theory]
    [MemberData(nameof(Values))]
    public void JSON_becomes_objects(string json, object? value)
    {
        using var shell = OpenConnected();
        var got = Assert.Single(
            shell.Run(
                "param($json) $s = Register-NasSubscription j; Publish-NasMessage j $json; $s | Receive-NasMessage -Count 1 -Timeout 5 -As Json",
                json
            )
        );
        Assert.Equal(value, got?.BaseObject);
        if (value is DateTime time)
        {
            Assert.Equal(time.Kind, ((DateTime)got!.BaseObject).Kind);
        }
    }

    [Theory]
    [InlineData("no")]
    [InlineData("{\"a\":1")]
    [InlineData("{\"psobject\":1}")]
    [InlineData("{\"PSTypeNames\":1}")]
    [InlineData("{\"psbase\":1}")]
    [InlineData("{\"psadapted\":1}")]
    [InlineData("{\"psextended\":1}")]
    [InlineData("{\"\":1}")]
    [InlineData("{\"a\":1,\"A\":2}")]
    [InlineData("1e400")]
    [InlineData("\"\\ud800\"")]
    [InlineData("DEEP")]
    [InlineData("LONG")]
    public void What_cannot_be_an_object_is_one_error_and_the_next_comes(string json)
    {
        using var shell = OpenConnected();
        json =
            json == "DEEP" ? new string('[', 5000)
            : json == "LONG" ? new string('9', 500_000)
            : json;
        var result = shell.Invoke(
            "param($json) $s = Register-NasSubscription j; $json, '{\"a\":1,\"a\":2}' | Publish-NasMessage j; $s | Receive-NasMessage -Count 2 -Timeout 5 -As Json",
            json
        );
        Assert.Equal("InvalidJson", result.ErrorId);
        Assert.Equal(2L, Assert.Single(result.Output).Properties["a"].Value);
        Assert.True(result.Elapsed < TimeSpan.FromSeconds(5));
    }

    [Fact]
    public void The_property_Json_is_null_where_there_is_none()
    {
        using var shell = OpenConnected();
        Assert.Equal(
            ["1", "none", "none"],
            shell
                .Run(
                    """
                    $s = Register-NasSubscription j; '{"a":1}', 'no', '' | Publish-NasMessage j
                    $s | Receive-NasMessage -Count 3 -Timeout 5 | ForEach-Object { if ($null -eq $_.Json) { 'none' } else { "$($_.Json.a)" } }
                    """
                )
                .Select(o => o.ToString())
        );
    }

    /// <summary>Any data a script can make comes back as the same data, in the same order.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Data_comes_back_as_it_was(int seed)
    {
        var random = new Random(seed);
        object?[] data =
        [
            .. Enumerable.Range(0, 400).Select(_ => Any(random, 4)).Where(v => v is not null and not string),
        ];
        using var shell = OpenConnected();
        var got = shell.Run(
            """
            $s = Register-NasSubscription j
            foreach ($value in $args[0]) { Publish-NasMessage j $value }
            $s | Receive-NasMessage -Count $args[0].Count -Timeout 20 -As Json
            """,
            [data]
        );
        Assert.Equal(data.Select(Shown), got.Select(g => Shown(g)));
    }

    private static object? Any(Random random, int depth) =>
        random.Next(depth > 0 ? 9 : 6) switch
        {
            0 => null,
            1 => random.Next(2) == 0,
            2 => random.NextInt64(long.MinValue, long.MaxValue),
            3 => BitConverter.Int64BitsToDouble(random.NextInt64()) is var real
            && double.IsFinite(real)
            && real != Math.Truncate(real)
                ? real
                : 0.5,
            4 or 5 => Text(random),
            6 => Enumerable.Range(0, random.Next(4)).Select(_ => Any(random, depth - 1)).ToArray(),
            7 => Filled(new PSObject(), random, depth),
            _ => Filled(new System.Collections.Specialized.OrderedDictionary(), random, depth),
        };

    private static PSObject Filled(PSObject target, Random random, int depth)
    {
        for (var i = random.Next(4); i > 0; i--)
        {
            target.Properties.Add(new PSNoteProperty($"p{i}{Text(random)}", Any(random, depth - 1)));
        }

        return target;
    }

    private static IDictionary Filled(IDictionary target, Random random, int depth)
    {
        for (var i = random.Next(4); i > 0; i--)
        {
            target[$"k{i}{Text(random)}"] = Any(random, depth - 1);
        }

        return target;
    }

    /// <summary>Control characters, quotes, several scripts, characters beyond the first plane.</summary>
    private static string Text(Random random)
    {
        string[] pieces = ["a", "\"", "\\", "\n", "\0", "é", "€", "日", "😀", "<", "\u2028", "'", "$", " "];
        return string.Concat(Enumerable.Range(0, random.Next(6)).Select(_ => pieces[random.Next(pieces.Length)]));
    }

    private static string Shown(object? value)
    {
        var plain = value is PSObject { BaseObject: not PSCustomObject } wrapped ? wrapped.BaseObject : value;
        return plain switch
        {
            null => "null",
            string text => Convert.ToHexString(Encoding.UTF8.GetBytes(text)),
            IDictionary table => "{"
                + string.Join(",", table.Cast<DictionaryEntry>().Select(e => Shown(e.Key) + ":" + Shown(e.Value)))
                + "}",
            PSObject custom => "{"
                + string.Join(",", custom.Properties.Select(p => Shown(p.Name) + ":" + Shown(p.Value)))
                + "}",
            IEnumerable list => "[" + string.Join(",", list.Cast<object?>().Select(Shown)) + "]",
            _ => Convert.ToString(plain, CultureInfo.InvariantCulture) + plain.GetType().Name,
        };
    }
}

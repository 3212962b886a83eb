using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using NasPubSub.JetStream.Api;

namespace NasPubSub.JetStream.Tests.Api;

/// <summary>The values of the API, from JSON and back.</summary>
public sealed class JsonValuesTests
{
    [Theory]
    [InlineData(0, "00:00:00")]
    [InlineData(1_500_000_000, "00:00:01.5")]
    [InlineData(100, "00:00:00.0000001")]
    [InlineData(604_800_000_000_000, "7.00:00:00")]
    [InlineData(-1_000_000_000, "-00:00:01")]
    public void A_duration_is_whole_nanoseconds(long nanoseconds, string time)
    {
        var span = TimeSpan.Parse(time, CultureInfo.InvariantCulture);
        Assert.Equal(span, JsonValues.ToTimeSpan(nanoseconds));
        Assert.Equal(nanoseconds, JsonValues.ToNanoseconds(span));
    }

    [Fact]
    public void What_is_shorter_than_a_tick_is_cut()
    {
        Assert.Equal(TimeSpan.Zero, JsonValues.ToTimeSpan(99));
        Assert.Equal(TimeSpan.FromTicks(1), JsonValues.ToTimeSpan(199));
    }

    [Fact]
    public void A_duration_beyond_292_years_is_the_longest_of_the_API()
    {
        Assert.Equal(long.MaxValue, JsonValues.ToNanoseconds(TimeSpan.MaxValue));
        Assert.Equal(long.MinValue, JsonValues.ToNanoseconds(TimeSpan.MinValue));
        Assert.Equal(long.MaxValue / 100, JsonValues.ToTimeSpan(long.MaxValue).Ticks);
    }

    [Theory]
    [InlineData("2026-01-31T12:30:00Z", "2026-01-31T12:30:00.0000000Z")]
    [InlineData("2026-01-31T12:30:00.123456789Z", "2026-01-31T12:30:00.1234567Z")]
    [InlineData("2026-01-31T12:30:00.5+02:00", "2026-01-31T10:30:00.5000000Z")]
    public void A_time_is_RFC_3339(string text, string written) =>
        Assert.Equal(written, JsonValues.ToText(JsonValues.ToTime(text)!.Value));

    [Fact]
    public void A_time_that_was_read_is_local()
    {
        var time = JsonValues.ToTime("2026-01-31T12:30:00Z")!.Value;
        Assert.Equal(TimeZoneInfo.Local.GetUtcOffset(time), time.Offset);
    }

    [Theory]
    [InlineData("0001-01-01T00:00:00Z")]
    [InlineData("")]
    [InlineData(null)]
    [InlineData("yesterday")]
    public void The_year_1_and_what_is_no_time_are_none(string? text) => Assert.Null(JsonValues.ToTime(text));

    [Fact]
    public void Times_are_read_and_written_alike_in_every_culture()
    {
        var before = CultureInfo.CurrentCulture;
        try
        {
            // A machine may know the invariant culture only.
            var other = (CultureInfo)CultureInfo.InvariantCulture.Clone();
            other.DateTimeFormat.TimeSeparator = ".";
            other.DateTimeFormat.DateSeparator = "~";
            CultureInfo.CurrentCulture = other;
            var time = JsonValues.ToTime("2026-01-31T12:30:00.25Z")!.Value;
            Assert.Equal("2026-01-31T12:30:00.2500000Z", JsonValues.ToText(time));
        }
        finally
        {
            CultureInfo.CurrentCulture = before;
        }
    }

    [Fact]
    public void A_field_that_is_missing_or_null_has_the_value_of_nothing()
    {
        foreach (var node in new JsonNode?[] { null, new JsonObject(), JsonNode.Parse("""{"a":null}""") })
        {
            Assert.Equal("", node.Text("a"));
            Assert.Equal((0L, 0UL, false), (node.Long("a"), node.ULong("a"), node.Flag("a")));
            Assert.Null(node.Duration("a"));
            Assert.Null(node.Time("a"));
        }
    }

    [Fact]
    public void Sequences_go_up_to_the_largest_number_of_64_bits()
    {
        var node = JsonNode.Parse("""{"seq":18446744073709551615,"max":-1,"on":true,"t":2000000000,"s":"x"}""");
        Assert.Equal((ulong.MaxValue, -1L), (node.ULong("seq"), node.Long("max")));
        Assert.Equal((true, "x"), (node.Flag("on"), node.Text("s")));
        Assert.Equal(TimeSpan.FromSeconds(2), node.Duration("t"));
        Assert.Contains("18446744073709551615", JsonSerializer.Serialize(node));
    }

    [Fact]
    public void A_number_is_read_whatever_type_it_was_set_as()
    {
        var node = new JsonObject { ["int"] = 5, ["long"] = 6L, ["ulong"] = 7UL, ["json"] = JsonNode.Parse("8") };
        Assert.Equal([5L, 6, 7, 8], new[] { "int", "long", "ulong", "json" }.Select(name => node.Long(name)));
        Assert.Equal([5UL, 6, 7, 8], new[] { "int", "long", "ulong", "json" }.Select(name => node.ULong(name)));
        Assert.Equal(TimeSpan.FromTicks(1), new JsonObject { ["t"] = 100 }.Duration("t"));
    }

    [Theory]
    [InlineData("""{"a":"five"}""")]
    [InlineData("""{"a":5.5}""")]
    [InlineData("""{"a":{}}""")]
    [InlineData("""{"a":99999999999999999999}""")]
    public void A_value_of_another_kind_is_an_error_that_names_the_field(string json)
    {
        var error = Assert.Throws<NasException>(() => JsonNode.Parse(json).Long("a"));
        Assert.Equal(NasError.ProtocolError, error.Error);
        Assert.Contains("'a'", error.Message);
    }
}

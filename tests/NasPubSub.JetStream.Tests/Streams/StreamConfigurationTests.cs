using System.Text.Json.Nodes;

namespace NasPubSub.JetStream.Tests.Streams;

/// <summary>Settings of a stream in all forms that people, servers and PowerShell write.</summary>
public sealed class StreamConfigurationTests
{
    [Theory]
    [InlineData("""{"max_age":3600000000000}""", "01:00:00")]
    [InlineData("""{"MaxAge":3600}""", "01:00:00")]
    [InlineData("""{"maxage":"36h"}""", "1.12:00:00")]
    [InlineData("""{"max_age":"1h30m"}""", "01:30:00")]
    [InlineData("""{"MaxAge":"60.00:00:00"}""", "60.00:00:00")]
    [InlineData("""{"MaxAge":{"Ticks":36000000000,"Days":0,"TotalHours":1.0}}""", "01:00:00")]
    [InlineData("""{"MaxAge":"1y"}""", "365.00:00:00")]
    public void Durations_are_read_in_each_form(string json, string expected) =>
        Assert.Equal(TimeSpan.Parse(expected), NasStreamConfiguration.Parse(json).MaxAge);

    [Theory]
    [InlineData("\"2026-01-02T03:04:05Z\"")]
    [InlineData("\"2026-01-02T04:04:05+01:00\"")]
    [InlineData("\"\\/Date(1767323045000)\\/\"")]
    [InlineData("""{"value":"\/Date(1767323045000)\/","DateTime":"Friday"}""")]
    [InlineData("""{"DateTime":"\/Date(0)\/","UtcTicks":639029198450000000}""")]
    public void Times_are_read_in_each_form(string json)
    {
        var settings = NasStreamConfiguration.Parse($$"""{"Sources":[{"Name":"A","StartTime":{{json}}}]}""");
        Assert.Equal(new DateTimeOffset(2026, 1, 2, 3, 4, 5, TimeSpan.Zero), settings.Sources[0].StartTime);
    }

    [Theory]
    [InlineData("""{"Storage":1,"Retention":2,"Discard":1,"Compression":1}""")]
    [InlineData("""{"storage":"memory","retention":"workqueue","discard":"new","compression":"s2"}""")]
    [InlineData("""{"Storage":"Memory","Retention":"work_queue","Discard":"NEW","Compression":"S2"}""")]
    public void Choices_are_numbers_or_names(string json) =>
        Assert.Equal(
            """{"storage":"memory","retention":"workqueue","discard":"new","compression":"s2"}""",
            NasStreamConfiguration.Parse(json).ToJson()
        );

    [Theory]
    [InlineData("""{"MaxBytes":"10MB"}""", 10485760)]
    [InlineData("""{"MaxBytes":10485760}""", 10485760)]
    [InlineData("""{"max_bytes":1e3}""", 1000)]
    [InlineData("""{"MaxBytes":"-1"}""", -1)]
    public void Sizes_have_units(string json, long expected) =>
        Assert.Equal(expected, NasStreamConfiguration.Parse(json).MaxBytes);

    [Theory]
    [InlineData("""["a","b"]""")]
    [InlineData("\"a b\"")]
    [InlineData("""{"value":["a","b"],"Count":2}""")]
    public void Lists_are_read_as_Windows_PowerShell_writes_them(string json) =>
        Assert.Equal(["a", "b"], NasStreamConfiguration.Parse($$"""{"Subjects":{{json}}}""").Subjects);

    [Theory]
    [InlineData("""[{"Name":"A","FilterSubject":"x","IsRaw":false},"B"]""")]
    [InlineData("""["{\"name\":\"A\",\"filter_subject\":\"x\"}","{\"name\":\"B\"}"]""")]
    [InlineData(""" "{\"name\":\"A\",\"filter_subject\":\"x\"} {\"name\":\"B\"}" """)]
    public void Objects_may_have_become_text(string json) =>
        Assert.Equal(
            """{"sources":[{"name":"A","filter_subject":"x"},{"name":"B"}]}""",
            NasStreamConfiguration.Parse($$"""{"Sources":{{json}}}""").ToJson()
        );

    [Fact]
    public void Flat_names_stand_for_parts() =>
        Assert.Equal(
            """{"name":"S","placement":{"cluster":"c","tags":["t"]},"consumer_limits":{"max_ack_pending":5}}""",
            NasStreamConfiguration
                .Parse(
                    """{"Stream":"S","PlacementCluster":"c","PlacementTags":["t"],"ConsumerInactiveThreshold":null,"ConsumerMaxAckPending":5}"""
                )
                .ToJson()
        );

    [Fact]
    public void What_is_state_is_ignored_and_what_is_unknown_is_kept() =>
        Assert.Equal(
            """{"name":"S","new_setting":{"a":1},"other":2}""",
            NasStreamConfiguration
                .Parse("""{"Stream":"S","Messages":5,"Leader":"n1","new_setting":{"a":1},"OtherSettings":"{\"other\":2}"}""")
                .ToJson()
        );

    [Fact]
    public void Null_sets_a_setting_back()
    {
        var settings = new NasStreamConfiguration("S", "a") { Description = "old", MaxMessages = 5 };
        settings.Apply(NasStreamConfiguration.Parse("""{"Description":null,"Mirror":null}"""));
        Assert.Equal("""{"name":"S","subjects":["a"],"max_msgs":5}""", settings.ToJson());
    }

    [Theory]
    [InlineData("nothing")]
    [InlineData("[]")]
    [InlineData("""{"MaxAge":"soon"}""")]
    [InlineData("""{"MaxBytes":1.5}""")]
    [InlineData("""{"Storage":"tape"}""")]
    [InlineData("""{"Sealed":"perhaps"}""")]
    public void What_cannot_be_read_is_an_error(string json)
    {
        var error = Assert.Throws<NasException>(() => NasStreamConfiguration.Parse(json));
        Assert.Equal("InvalidConfiguration", error.Code);
    }

    [Fact]
    public void Complete_settings_of_a_server_have_subjects_on_the_wire()
    {
        Assert.True(NasStreamConfiguration.Parse("""{"config":{"name":"S","max_bytes":-1,"num_replicas":1}}""").IsRaw);
        Assert.True(NasStreamConfiguration.Parse("""{"Stream":"S","Namespace":null}""").IsRaw);
        Assert.False(NasStreamConfiguration.Parse("""{"Stream":"S","Namespace":"prod"}""").IsRaw);
        Assert.False(NasStreamConfiguration.Parse("""{"name":"S","subjects":["a"]}""").IsRaw);
    }

    [Fact]
    public void Every_property_reads_what_it_wrote()
    {
        var settings = new NasStreamConfiguration();
        foreach (var property in typeof(NasStreamConfiguration).GetProperties().Where(p => p.CanWrite))
        {
            var type = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
            object value =
                type == typeof(string) ? "text"
                : type == typeof(bool) ? true
                : type == typeof(TimeSpan) ? TimeSpan.FromDays(90)
                : type == typeof(string[]) ? new[] { "a", "b" }
                : type == typeof(NasStreamSource[]) ? new[] { new NasStreamSource("A") { ConsumerName = "c" } }
                : type == typeof(Dictionary<string, string>) ? new Dictionary<string, string> { ["k"] = "v" }
                : type.IsEnum ? Enum.GetValues(type).GetValue(1)!
                : type.IsPrimitive ? Convert.ChangeType(7, type)
                : Activator.CreateInstance(type)!;
            property.SetValue(settings, value);
            Assert.Equal($"{Json(value)}", $"{Json(property.GetValue(settings)!)}");
        }
        Assert.Equal(settings.ToJson(), NasStreamConfiguration.Parse(settings.ToJson()).ToJson());
    }

    private static string Json(object value) =>
        value is System.Collections.IEnumerable and not string
            ? string.Join(' ', ((System.Collections.IEnumerable)value).Cast<object>())
            : value.ToString()!;
}

using System.Diagnostics;
using System.Text;
using FsCheck;
using FsCheck.Fluent;
using FsCheck.Xunit;

namespace NasPubSub.Client.Tests.Protocol;

public sealed class HeadersTests
{
    private static readonly Gen<string> Name = Gen.Elements(
        "Content-Type",
        "X",
        "x",
        "Nats-Msg-Id",
        "a!#$%&'*+-.^_`|~9"
    );
    private static readonly Gen<string> Value = Gen.Elements(
        "",
        "1",
        "a b",
        "ümläut",
        "x: y",
        "😀",
        "quote\"s",
        "tab\tinside"
    );

    [Property(MaxTest = 500)]
    public Property Headers_come_back_as_they_were_set() =>
        Prop.ForAll(
            Arb.From(Gen.Zip(Name, Value).ListOf()),
            pairs =>
            {
                var headers = new NasHeaders();
                foreach (var (name, value) in pairs)
                {
                    headers.Add(name, value);
                }

                var back = NasHeaders.Parse(headers.ToBytes());
                return back.Keys.SequenceEqual(headers.Keys)
                    && back.Keys.All(k => back.GetValues(k).SequenceEqual(headers.GetValues(k)))
                    && back.Status == 0;
            }
        );

    [Fact]
    public void The_block_is_what_the_protocol_asks_for() =>
        Assert.Equal(
            "NATS/1.0\r\nA: 1\r\nA: 2\r\nB: x\r\n\r\n",
            Encoding.UTF8.GetString(new NasHeaders().Add("A", "1").Add("B", "x").Add("A", "2").ToBytes())
        );

    [Fact]
    public void A_table_has_a_text_for_one_value_and_an_array_for_several()
    {
        var table = (System.Collections.Hashtable)new NasHeaders().Add("A", "1").Add("B", "x").Add("b", "y");
        Assert.Equal("1", table["a"]);
        Assert.Equal(["x", "y"], (string[])table["B"]!);
    }

    [Fact]
    public void Case_is_kept_and_a_look_up_forgives_it()
    {
        var headers = new NasHeaders().Add("Key", "1").Add("key", "2");
        Assert.Equal("1", headers["Key"]);
        Assert.Equal("2", headers["key"]);
        Assert.Equal("1", headers["KEY"]);
        Assert.Null(headers["other"]);
        Assert.Empty(headers.GetValues("other"));
        Assert.Equal("3", headers.Set("Key", "3")["Key"]);
        Assert.DoesNotContain("Key", headers.Set("Key").Keys);
    }

    [Theory]
    [InlineData("")]
    [InlineData("a b")]
    [InlineData("a:b")]
    [InlineData("a\r\nb")]
    [InlineData("ä")]
    [InlineData("\t")]
    public void A_name_that_cannot_be_sent_is_refused(string name) =>
        Assert.Equal(NasError.InvalidHeader, Assert.Throws<NasException>(() => new NasHeaders().Add(name, "x")).Error);

    [Theory]
    [InlineData("a\r\nInjected: 1")]
    [InlineData("a\n")]
    [InlineData("\r")]
    public void A_value_cannot_smuggle_another_header_in(string value)
    {
        Assert.Equal(NasError.InvalidHeader, Assert.Throws<NasException>(() => new NasHeaders().Add("X", value)).Error);
        Assert.Equal(
            NasError.InvalidHeader,
            Assert.Throws<NasException>(() => new NasHeaders().Set("X", "fine", value)).Error
        );
    }

    [Theory]
    [InlineData("NATS/1.0 503\r\n\r\n", 503, "")]
    [InlineData("NATS/1.0 100 Idle Heartbeat\r\nNats-Last-Consumer: 7\r\n\r\n", 100, "Idle Heartbeat")]
    [InlineData("NATS/1.0 409 Exceeded MaxWaiting\r\n\r\n", 409, "Exceeded MaxWaiting")]
    [InlineData("NATS/1.0\r\n\r\n", 0, "")]
    [InlineData("NATS/1.0 \r\n\r\n", 0, "")]
    [InlineData("NATS/1.0 5\r\n\r\n", 0, "")]
    [InlineData("NATS/1.0 abc\r\n\r\n", 0, "")]
    [InlineData("", 0, "")]
    public void A_status_and_its_text(string block, int status, string text)
    {
        var headers = NasHeaders.Parse(Encoding.UTF8.GetBytes(block));
        Assert.Equal((status, text), (headers.Status, headers.StatusText));
    }

    [Theory]
    [InlineData("NATS/1.0\r\nno colon\r\n: no name\r\nX:1\r\n\r\n")]
    [InlineData("NATS/1.0\nX:  1 \n")]
    [InlineData("NATS/1.0\r\nX: 1")]
    public void A_peers_mistakes_lose_no_other_header(string block) =>
        Assert.Equal("1", NasHeaders.Parse(Encoding.UTF8.GetBytes(block))["X"]);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_megabyte_of_tiny_headers_does_not_stop_the_receiver(bool oneName)
    {
        var block = Encoding.ASCII.GetBytes(
            "NATS/1.0\r\n"
                + string.Concat(Enumerable.Range(0, 130_000).Select(i => oneName ? "a:1234\r\n" : $"{i:x5}:\r\n"))
                + "\r\n"
        );
        var watch = Stopwatch.StartNew();
        var headers = NasHeaders.Parse(block);
        Assert.Equal(130_000, headers.Keys.Sum(_ => 1) == 1 ? headers.GetValues("a").Length : headers.Count);
        Assert.True(watch.Elapsed < TimeSpan.FromSeconds(2), watch.Elapsed.ToString());
    }

    [Property(MaxTest = 1000)]
    public void Bytes_at_random_crash_nothing(byte[] bytes)
    {
        NasHeaders.Parse(bytes);
        NasHeaders.PeekStatus(bytes);
    }
}

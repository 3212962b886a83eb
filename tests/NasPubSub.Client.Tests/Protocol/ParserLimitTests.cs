using System.Text;
using NasPubSub.Protocol;

namespace NasPubSub.Client.Tests.Protocol;

/// <summary>What no server sends: an error, or patience; never a crash, never memory without bound.</summary>
public sealed class ParserLimitTests
{
    [Theory]
    [InlineData("GET / HTTP/1.1\r\n")]
    [InlineData("\r\n")]
    [InlineData("\n")]
    [InlineData("PIN\r\n")]
    [InlineData("PINGS\r\n")]
    [InlineData("MSG\r\n")]
    [InlineData("MSG a\r\n")]
    [InlineData("MSG a 1\r\n")]
    [InlineData("MSG a 1 r 2 3 4\r\n")]
    [InlineData("MSG a 1 -1\r\n")]
    [InlineData("MSG a 1 +1\r\nx\r\n")]
    [InlineData("MSG a 1 1.0\r\nx\r\n")]
    [InlineData("MSG a 1 0x1\r\nx\r\n")]
    [InlineData("MSG a 1 1048577\r\n")]
    [InlineData("MSG a 1 2147483647\r\n")]
    [InlineData("MSG a 1 2147483648\r\n")]
    [InlineData("MSG a 1 4294967297\r\n")]
    [InlineData("MSG a 1 9223372036854775807\r\n")]
    [InlineData("MSG a 1 9223372036854775808\r\n")]
    [InlineData("MSG a 1 99999999999999999999999999999999\r\n")]
    [InlineData("MSG a x 1\r\ny\r\n")]
    [InlineData("MSG a -1 1\r\ny\r\n")]
    [InlineData("MSG a 1 1\r\nxyz")]
    [InlineData("MSG a 1 1\r\nx\n\n")]
    [InlineData("HMSG a 1 2\r\n")]
    [InlineData("HMSG a 1 3 2\r\nab\r\n")]
    [InlineData("HMSG a 1 -1 2\r\nab\r\n")]
    [InlineData("HMSG a 1 2147483648 2147483648\r\n")]
    [InlineData("HMSG a 1 r 1 99999999999\r\n")]
    [InlineData("HMSG a 1 r s 1 2\r\n")]
    [InlineData("\0\0\0\0\n")]
    public void Nonsense_is_an_error(string bytes)
    {
        var fed = Feed.Whole(bytes);
        Assert.Equal(NasError.ProtocolError, fed.Error?.Error);
        Assert.Empty(fed.Operations);
    }

    [Theory]
    [InlineData("P")]
    [InlineData("PING")]
    [InlineData("PING\r")]
    [InlineData("INFO {\"server")]
    [InlineData("MSG a 1 5\r\nhell")]
    [InlineData("MSG a 1 5\r\nhello")]
    [InlineData("MSG a 1 5\r\nhello\r")]
    [InlineData("HMSG a 1 12 12\r\nNATS/1.0\r\n")]
    public void A_cut_operation_waits_for_its_rest(string bytes)
    {
        var fed = Feed.Whole(bytes);
        Assert.Null(fed.Error);
        Assert.Empty(fed.Operations);
        Assert.Equal(bytes.Length, fed.Rest);
    }

    [Theory]
    [InlineData("", 64 * 1024)]
    [InlineData("MSG ", 64 * 1024)]
    [InlineData("-ERR '", 64 * 1024)]
    [InlineData("INFO {", 1024 * 1024)]
    public void A_line_without_end_is_an_error_in_good_time(string start, int limit)
    {
        var parser = new Parser(Feed.MaxMessage);
        var buffer = Feed.Bytes(start + new string('x', 2 * limit));
        var given = 0;
        var error = Assert.Throws<NasException>(() =>
        {
            for (given = start.Length; given < buffer.Length; given += 1000)
            {
                Assert.Equal(0, parser.Read(buffer.AsSpan(0, given), out _));
            }
        });
        Assert.Equal(NasError.ProtocolError, error.Error);
        Assert.InRange(given, limit - 1000, limit + 2000);
    }

    [Fact]
    public void A_large_INFO_is_taken()
    {
        var urls = string.Join(",", Enumerable.Range(0, 20_000).Select(i => $"\"10.0.0.{i % 250}:{i}\""));
        var fed = Feed.Whole($"INFO {{\"connect_urls\":[{urls}]}} \r\n");
        Assert.Equal(
            20_000,
            NasServerInfo.Parse(Encoding.Latin1.GetBytes(Assert.Single(fed.Operations).Text)).ConnectUrls.Count
        );
    }

    [Theory]
    [InlineData(int.MaxValue)]
    [InlineData(int.MaxValue - 1)]
    public void The_largest_limit_there_is_does_not_overflow(int limit)
    {
        var fed = Feed.Whole($"MSG a 1 {limit}\r\nx", limit);
        Assert.True(fed.Error is null or { Error: NasError.ProtocolError }, fed.Error?.ToString());
        Assert.Empty(fed.Operations);
    }

    [Fact]
    public void A_message_at_the_limit_is_taken_and_one_more_byte_is_not()
    {
        Assert.Single(Feed.Whole("MSG a 1 10\r\n0123456789\r\n", 10).Operations);
        Assert.Equal(NasError.ProtocolError, Feed.Whole("MSG a 1 11\r\n0123456789a\r\n", 10).Error?.Error);
        // The shorter way of messages that begin alike knows the limit too.
        Assert.Equal(
            NasError.ProtocolError,
            Feed.Whole("MSG a 1 1\r\nx\r\nMSG a 1 11\r\n0123456789a\r\n", 10).Error?.Error
        );
    }

    [Fact]
    public void What_it_shows_of_nonsense_is_short_and_printable()
    {
        var message = Feed.Whole("\u001b]0;owned\u0007" + new string('A', 5000) + "\r\n").Error!.Message;
        Assert.DoesNotContain(message, char.IsControl);
        Assert.True(message.Length < 300, message);
    }
}

using System.Text;
using NasPubSub.JetStream.Messages;

namespace NasPubSub.JetStream.Tests.Messages;

/// <summary>The headers of a direct get, told apart from those of the message.</summary>
public sealed class StoredHeadersTests
{
    private const string Added =
        "Nats-Stream: S\r\nNats-Subject: a.b\r\nNats-Sequence: 7\r\nNats-Time-Stamp: 2026-01-31T12:30:00.1234567Z\r\n"
        + "Nats-Num-Pending: 3\r\nNats-Last-Sequence: 5\r\n";

    [Fact]
    public void A_message_without_headers_has_none_of_its_own()
    {
        var headers = Parse("NATS/1.0\r\n" + Added + "\r\n");
        Assert.Null(headers.Own);
        Assert.Equal(("a.b", 7ul, 3ul, 5ul), (headers.Subject, headers.Sequence, headers.Pending, headers.Last));
        Assert.Equal(new DateTimeOffset(2026, 1, 31, 12, 30, 0, default).AddTicks(1234567), headers.Stored);
    }

    [Fact]
    public void Own_headers_stay_byte_for_byte()
    {
        var headers = Parse("NATS/1.0\r\nx:  1\r\nTwice: a\r\nTwice: b\r\n" + Added + "\r\n");
        Assert.Equal(
            "NATS/1.0\r\nx:  1\r\nTwice: a\r\nTwice: b\r\n\r\n",
            Encoding.UTF8.GetString(headers.Own!.ToByteArray())
        );
    }

    [Fact]
    public void A_republished_message_keeps_the_headers_of_its_origin()
    {
        var headers = Parse("NATS/1.0\r\nNats-Stream: ORIGIN\r\nNats-Sequence: 99\r\n" + Added + "\r\n");
        Assert.Equal(7ul, headers.Sequence);
        Assert.Equal(("ORIGIN", "99"), (headers.Own!["Nats-Stream"], headers.Own["Nats-Sequence"]));
    }

    [Fact]
    public void A_server_before_2_11_tells_no_number_of_messages() =>
        Assert.Null(Parse("NATS/1.0\r\nNats-Stream: S\r\nNats-Subject: a\r\nNats-Sequence: 1\r\n\r\n").Pending);

    private static StoredHeaders Parse(string block) => new(Encoding.UTF8.GetBytes(block));
}

using System.Text;
using NasPubSub.Protocol;
using static NasPubSub.Client.Tests.Protocol.Heard;

namespace NasPubSub.Client.Tests.Protocol;

public sealed class ParserVectorTests
{
    [Theory]
    [InlineData("PING\r\n", nameof(OperationKind.Ping))]
    [InlineData("ping\r\n", nameof(OperationKind.Ping))]
    [InlineData("PiNg \r\n", nameof(OperationKind.Ping))]
    [InlineData("PONG\r\n", nameof(OperationKind.Pong))]
    [InlineData("pong\n", nameof(OperationKind.Pong))]
    [InlineData("+OK\r\n", nameof(OperationKind.Ok))]
    [InlineData("+ok\r\n", nameof(OperationKind.Ok))]
    public void Operations_without_arguments_in_any_case(string bytes, string kind) =>
        Assert.Equal([new Heard(kind, 0, "", "", "", "", "")], Sound(bytes));

    [Theory]
    [InlineData("MSG a.b 7 5\r\nhello\r\n")]
    [InlineData("msg a.b 7 5\r\nhello\r\n")]
    [InlineData("MSG\ta.b\t7\t5\r\nhello\r\n")]
    [InlineData("MSG   a.b \t 7    5  \r\nhello\r\n")]
    [InlineData("MSG a.b 7 005\nhello\r\n")]
    public void A_message(string bytes) => Assert.Equal([Message("a.b", 7, "hello")], Sound(bytes));

    [Fact]
    public void A_message_with_reply_subject() =>
        Assert.Equal([Message("a", 1, "x", "r.1")], Sound("MSG a 1 r.1 1\r\nx\r\n"));

    [Fact]
    public void A_message_without_payload() => Assert.Equal([Message("a", 1, "")], Sound("MSG a 1 0\r\n\r\n"));

    [Fact]
    public void A_payload_of_line_ends_is_no_line() =>
        Assert.Equal(
            [Message("a", 1, "\r\n\r\n"), Plain(OperationKind.Ping)],
            Sound("MSG a 1 4\r\n\r\n\r\n\r\nPING\r\n")
        );

    [Fact]
    public void Messages_that_begin_alike_and_those_that_do_not()
    {
        var heard = Sound(
            "MSG a 1 1\r\nx\r\nMSG a 1 2\r\nyy\r\nMSG a 11 1\r\nz\r\nMSG a 1 r 1\r\nu\r\nMSG a 1 1\r\nv\r\nMSG a.b 1 1\r\nw\r\n"
        );
        Assert.Equal(
            [
                Message("a", 1, "x"),
                Message("a", 1, "yy"),
                Message("a", 11, "z"),
                Message("a", 1, "u", "r"),
                Message("a", 1, "v"),
                Message("a.b", 1, "w"),
            ],
            heard
        );
    }

    [Theory]
    [InlineData("MSG a 1 1 \r\nx\r\n", "MSG a 1 12\r\nhello, world\r\n", "hello, world", "")]
    [InlineData("MSG a 1 r.1 1\r\nx\r\n", "MSG a 1 r.22 1\r\ny\r\n", "y", "r.22")]
    [InlineData("MSG a 1 1\r\nx\r\n", "MSG a 1 22 1\r\ny\r\n", "y", "22")]
    [InlineData("MSG a 1 1\r\nx\r\n", "MSG a 1 r \t 1\r\ny\r\n", "y", "r")]
    [InlineData("MSG a 1 1\r\nx\r\n", "MSG a 1  1\r\ny\r\n", "y", "")]
    [InlineData("MSG a 1\tr\t1\r\nx\r\n", "MSG a 1 001\r\ny\r\n", "y", "")]
    [InlineData("MSG  a 1 1\r\nx\r\n", "MSG a 1 r 1\ny\r\n", "y", "r")]
    public void A_message_behind_one_that_begins_alike(string first, string second, string payload, string reply) =>
        Assert.Equal(Message("a", 1, payload, reply), Sound(first + second)[1]);

    [Fact]
    public void A_message_with_headers() =>
        Assert.Equal(
            [
                Message("a", 1, "hi", "", "NATS/1.0\r\nX: 1\r\n\r\n"),
                Message("a", 1, "", "r", "NATS/1.0\r\nX: 1\r\n\r\n"),
            ],
            Sound("HMSG a 1 18 20\r\nNATS/1.0\r\nX: 1\r\n\r\nhi\r\nhmsg a 1 r 18 18\r\nNATS/1.0\r\nX: 1\r\n\r\n\r\n")
        );

    [Theory]
    [InlineData("HMSG r 1 16 16\r\nNATS/1.0 503\r\n\r\n\r\n", "2.9")]
    [InlineData("HMSG r 1 33 33\r\nNATS/1.0 503\r\nNats-Subject: q\r\n\r\n\r\n", "2.12 and later")]
    public void No_responders_as_servers_of_all_ages_say_it(string bytes, string since)
    {
        var heard = Assert.Single(Sound(bytes));
        var headers = NasHeaders.Parse(Encoding.Latin1.GetBytes(heard.Headers));
        Assert.Equal(503, headers.Status);
        Assert.Equal(since == "2.9" ? null : "q", headers["Nats-Subject"]);
    }

    [Fact]
    public void An_INFO_with_a_blank_before_its_end()
    {
        var heard = Assert.Single(Sound("INFO {\"server_id\":\"A\",\"max_payload\":1048576} \r\n"));
        Assert.Equal(Plain(OperationKind.Info, "{\"server_id\":\"A\",\"max_payload\":1048576}"), heard);
    }

    [Fact]
    public void The_second_INFO_of_a_2_15_server_right_behind_the_PONG()
    {
        var heard = Sound(
            "PONG\r\nINFO {\"server_id\":\"A\",\"connect_info\":true,\"remote_account\":\"$G\",\"api_lvl\":4,\"xkey\":\"X\"} \r\nMSG a 1 1\r\nx\r\n"
        );
        Assert.Equal(["Pong", "Info", "Message"], heard.Select(h => h.Kind));
    }

    [Theory]
    [InlineData("-ERR 'Unknown Protocol Operation'\r\n", "Unknown Protocol Operation")]
    [InlineData(
        "-err  'Permissions Violation for Publish to \"a\"' \r\n",
        "Permissions Violation for Publish to \"a\""
    )]
    [InlineData("-ERR\t'x'\r\n", "x")]
    [InlineData("-ERR bare\r\n", "bare")]
    [InlineData("-ERR\r\n", "")]
    public void An_error_without_its_quotes(string bytes, string text) =>
        Assert.Equal([Plain(OperationKind.Error, text)], Sound(bytes));

    private static IReadOnlyList<Heard> Sound(string bytes)
    {
        var fed = Feed.Whole(bytes);
        Assert.Null(fed.Error);
        Assert.Equal(0, fed.Rest);
        return fed.Operations;
    }
}

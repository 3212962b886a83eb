using System.Text;
using NasPubSub.Protocol;

namespace NasPubSub.Client.Tests.Protocol;

public sealed class WireTests
{
    [Fact]
    public void Headers_go_over_the_wire_and_back()
    {
        var headers = new NasHeaders().Add("X", "1").Add("x", "2").Add("X", "3").Add("Empty", "").Add("U", "é : ü");
        var read = NasHeaders.Parse(headers.ToBytes());
        Assert.Equal(["X", "x", "Empty", "U"], read.Keys);
        Assert.Equal(["1", "3"], read["X"]);
        Assert.Equal(["2"], read["x"]);
        Assert.Equal("", read.Get("empty"));
        Assert.Equal("é : ü", read.Get("u"));
        Assert.Empty(read["none"]);
    }

    [Theory]
    [InlineData("", "v")]
    [InlineData("a b", "v")]
    [InlineData("a:b", "v")]
    [InlineData("é", "v")]
    [InlineData("a", "x\r\ny")]
    [InlineData("a", "x\ny")]
    public void Bad_headers_are_refused(string name, string value) =>
        Assert.Equal(NasError.InvalidHeader, Assert.Throws<NasException>(() => new NasHeaders().Add(name, value)).Error);

    [Theory]
    [InlineData("NATS/1.0 503\r\n\r\n", 503, "")]
    [InlineData("NATS/1.0 100 Idle Heartbeat\r\nA: b\r\n\r\n", 100, "Idle Heartbeat")]
    [InlineData("NATS/1.0\r\n\r\n", 0, "")]
    [InlineData("NATS/1.0", 0, "")]
    [InlineData("rubbish", 0, "")]
    [InlineData("", 0, "")]
    public void Status_lines(string block, int status, string text)
    {
        var read = NasHeaders.Parse(Encoding.ASCII.GetBytes(block));
        Assert.Equal((status, text), (read.Status, read.StatusText));
    }

    [Fact]
    public void A_row_of_operations_is_taken_apart_at_the_right_places()
    {
        string[] operations = ["PUB a 5\r\nhello\r\n", "PING\r\n", "HPUB a reply 12 14\r\nNATS/1.0\r\n\r\nhi\r\n", "SUB a 1\r\n", "PUB a.b 0\r\n\r\n", "UNSUB 1 5\r\n", "PUB x r 12\r\nPUB a 1\r\nx\r\n\r\n"];
        var bytes = Encoding.ASCII.GetBytes(string.Concat(operations));
        var at = 0;
        foreach (var operation in operations)
        {
            var (length, isPublish, size) = ClientLines.Measure(bytes.AsSpan(at));
            Assert.Equal(operation.Length, length);
            Assert.Equal(operation.Contains("PUB ", StringComparison.Ordinal) && operation[0] is 'P' or 'H', isPublish);
            if (isPublish) Assert.Equal(operation.Length - operation.IndexOf('\n') - 3, size);
            at += length;
        }
    }

    [Theory]
    [InlineData("'Authorization Violation'", NasError.AuthenticationFailed, true)]
    [InlineData("user authentication expired", NasError.AuthenticationFailed, true)]
    [InlineData("Authentication Timeout", NasError.AuthenticationFailed, true)]
    [InlineData("maximum connections exceeded", NasError.LimitExceeded, true)]
    [InlineData("Maximum Subscriptions Exceeded", NasError.LimitExceeded, false)]
    [InlineData("Maximum Payload Violation", NasError.PayloadTooLarge, true)]
    [InlineData("STALE CONNECTION", NasError.ServerError, true)]
    [InlineData("Invalid Publish Subject", NasError.InvalidSubject, false)]
    [InlineData("something new", NasError.ServerError, false)]
    public void Server_errors_are_told_apart_whatever_their_case(string text, NasError error, bool closes)
    {
        var read = ServerErrors.Read(text);
        Assert.Equal((error, closes), (read.Error, read.Closes));
    }

    [Theory]
    [InlineData("Permissions Violation for Publish to \"a.b\"", "a.b", null, 0, true)]
    [InlineData("permissions violation for publish with reply of \"r\"", "r", null, 0, true)]
    [InlineData("Permissions Violation for Subscription to \"a.>\"", "a.>", null, 0, false)]
    [InlineData("Permissions Violation for Subscription to \"a\" using queue \"q\"", "a", "q", 0, false)]
    [InlineData("Permissions Violation for Subscription to \"a\" (sid \"7\")", "a", null, 7, false)]
    [InlineData("Permissions Violation for Subscription to \"a\" using queue \"q\" (sid \"7\")", "a", "q", 7, false)]
    public void Violations_say_what_they_are_about(string text, string topic, string? queue, long sid, bool isPublish)
    {
        var read = ServerErrors.Read(text);
        Assert.Equal((NasError.PermissionDenied, topic, queue, sid, isPublish, false), (read.Error, read.Topic, read.QueueGroup, read.Sid, read.IsPublish, read.Closes));
    }

    [Theory]
    [InlineData("host", "nats://host:4222")]
    [InlineData("host:1234", "nats://host:1234")]
    [InlineData("nats://[::1]:5", "nats://[::1]:5")]
    [InlineData("tls://h", "tls://h:4222")]
    [InlineData("ws://h", "ws://h:80")]
    [InlineData("wss://h/path?q=1", "wss://h:443/path?q=1")]
    [InlineData("nats://u:p%40ss@h:1", "nats://h:1")]
    public void Addresses(string text, string shown) => Assert.Equal(shown, NasServerAddress.Parse(text).ToString());

    [Theory]
    [InlineData("http://h")]
    [InlineData("nats://")]
    [InlineData("nats://h:99999")]
    [InlineData("nats://h:0")]
    public void Bad_addresses(string text) => Assert.Equal(NasError.InvalidOption, Assert.Throws<NasException>(() => NasServerAddress.Parse(text)).Error);

    [Fact]
    public void An_info_with_wrong_types_is_refused_and_unknown_fields_are_not()
    {
        Assert.Equal("n", NasServerInfo.Parse("""{"server_name":"n","new_thing":{"a":[1]},"nonce":null}"""u8).Name);
        foreach (var bad in new[] { "", "{", "[]", "\"x\"", """{"server_name":5}""", """{"max_payload":"big"}""", """{"headers":"yes"}""", """{"max_payload":1e400}""" })
            Assert.Equal(NasError.ProtocolError, Assert.Throws<NasException>(() => NasServerInfo.Parse(Encoding.UTF8.GetBytes(bad))).Error);
    }
}

using System.Text;
using NasPubSub.Protocol;

namespace NasPubSub.Client.Tests.Protocol;

public sealed class ServerErrorTests
{
    [Theory]
    [InlineData("Authorization Violation", NasError.AuthenticationFailed, true)]
    [InlineData("authorization violation", NasError.AuthenticationFailed, true)]
    [InlineData("Authentication Timeout", NasError.ServerError, true)]
    [InlineData("User Authentication Expired", NasError.AuthenticationFailed, true)]
    [InlineData("User Authentication Revoked", NasError.AuthenticationFailed, true)]
    [InlineData("Account Authentication Expired", NasError.AuthenticationFailed, true)]
    [InlineData("maximum connections exceeded", NasError.LimitExceeded, true)]
    [InlineData("Maximum Payload Violation", NasError.PayloadTooLarge, true)]
    [InlineData("maximum control line exceeded", NasError.ServerError, true)]
    [InlineData("Unknown Protocol Operation", NasError.ServerError, true)]
    [InlineData("No Responders Requires Headers Support", NasError.ServerError, true)]
    [InlineData("invalid client protocol", NasError.ServerError, true)]
    [InlineData("Stale Connection", NasError.ServerError, true)]
    [InlineData("Failed Account Registration", NasError.ServerError, true)]
    [InlineData("Secure Connection - TLS Required", NasError.TlsFailed, true)]
    [InlineData("maximum subscriptions exceeded", NasError.LimitExceeded, false)]
    [InlineData("Maximum Subscriptions Exceeded", NasError.LimitExceeded, false)]
    [InlineData("Invalid Publish Subject", NasError.InvalidSubject, false)]
    [InlineData("Invalid Subject", NasError.InvalidSubject, false)]
    [InlineData("something nobody has heard of", NasError.ServerError, false)]
    [InlineData("", NasError.ServerError, false)]
    public void A_text_and_what_it_means(string text, NasError error, bool closes)
    {
        var read = ServerErrors.Read(text);
        Assert.Equal((error, closes), (read.Error, read.Closes));
    }

    [Theory]
    [InlineData("Permissions Violation for Publish to \"a.b\"", "a.b", null, true, 0)]
    [InlineData("permissions violation for publish to \"a.b\"", "a.b", null, true, 0)]
    [InlineData("Permissions Violation for Publish with Reply of \"r\"", "r", null, true, 0)]
    [InlineData("Permissions Violation for Subscription to \"a.>\"", "a.>", null, false, 0)]
    [InlineData("Permissions Violation for Subscription to \"a\" using queue \"q\"", "a", "q", false, 0)]
    [InlineData("Permissions Violation for Subscription to \"a\" using queue \"q\" (sid \"12\")", "a", "q", false, 12)]
    [InlineData("Permissions Violation for Subscription to \"a\" (sid \"12\")", "a", null, false, 12)]
    [InlineData("Permissions Violation for Subscription to \"a.b.c\" - too many tokens", "a.b.c", null, false, 0)]
    [InlineData("Permissions Violation", null, null, false, 0)]
    [InlineData(
        "Permissions Violation for Subscription to \"a\\\"b\" using queue \"q\\\\w\" (sid \"7\")",
        "a\"b",
        "q\\w",
        false,
        7
    )]
    [InlineData(
        "Permissions Violation for Publish to \"a\\u200bb\\x7f\\U000e0001\"",
        "a\u200bb\u007f\U000e0001",
        null,
        true,
        0
    )]
    public void A_permissions_violation_taken_apart(string text, string? topic, string? group, bool isPublish, long sid)
    {
        var read = ServerErrors.Read(text);
        Assert.Equal(NasError.PermissionDenied, read.Error);
        Assert.False(read.Closes);
        Assert.Equal((topic, group, isPublish, sid), (read.Topic, read.QueueGroup, read.IsPublish, read.Sid));
    }

    [Fact]
    public void INFO_with_escapes_unknown_fields_and_none_at_all()
    {
        var info = NasServerInfo.Parse(
            """{"server_name":"a\u003eb","max_payload":99,"headers":true,"new":{"x":[1]},"connect_urls":["a:1",null,""],"ldm":true,"client_id":18446744073709551615}"""u8
        );
        Assert.Equal(
            ("a>b", 99, true, true, ulong.MaxValue),
            (info.Name, info.MaxPayload, info.Headers, info.LameDuck, info.ClientId)
        );
        Assert.Equal(["a:1"], info.ConnectUrls);
        Assert.Equal(1024 * 1024, NasServerInfo.Parse("{}"u8).MaxPayload);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("[]")]
    [InlineData("null")]
    [InlineData("{\"max_payload\":\"1\"}")]
    [InlineData("{\"max_payload\":1.5}")]
    [InlineData("{\"max_payload\":99999999999999999999}")]
    [InlineData("{\"server_id\":1}")]
    [InlineData("{\"tls_required\":\"yes\"}")]
    [InlineData("{\"connect_urls\":[1]}")]
    [InlineData("{\"server_id\":\"\\ud800\"}")]
    [InlineData("{\"client_id\":-1}")]
    public void INFO_that_cannot_be_read_is_a_protocol_error(string json) =>
        Assert.Equal(
            NasError.ProtocolError,
            Assert.Throws<NasException>(() => NasServerInfo.Parse(Encoding.UTF8.GetBytes(json))).Error
        );

    [Fact]
    public void INFO_nested_without_end_is_a_protocol_error() =>
        Assert.Equal(
            NasError.ProtocolError,
            Assert
                .Throws<NasException>(() =>
                    NasServerInfo.Parse(Encoding.UTF8.GetBytes("{\"x\":" + new string('[', 100_000)))
                )
                .Error
        );
}

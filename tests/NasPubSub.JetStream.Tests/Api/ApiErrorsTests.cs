using System.Text.Json.Nodes;
using NasPubSub.JetStream.Api;

namespace NasPubSub.JetStream.Tests.Api;

/// <summary>The errors of the API as errors of this library.</summary>
public sealed class ApiErrorsTests
{
    [Theory]
    [InlineData(10059, "StreamNotFound")]
    [InlineData(10014, "ConsumerNotFound")]
    [InlineData(10037, "MessageNotFound")]
    [InlineData(10043, "MessageNotFound")]
    [InlineData(10071, "WrongRevision")]
    [InlineData(10164, "WrongRevision")]
    [InlineData(10058, "StreamExists")]
    [InlineData(10065, "SubjectsOverlap")]
    [InlineData(10077, "StreamFull")]
    [InlineData(10148, "ConsumerExists")]
    [InlineData(10039, "JetStreamDisabled")]
    [InlineData(10076, "JetStreamDisabled")]
    [InlineData(10185, "UnsupportedByServer")]
    [InlineData(10025, "InvalidConfiguration")]
    [InlineData(10008, "NoLeader")]
    [InlineData(10023, "InsufficientResources")]
    [InlineData(19999, "JetStreamError")]
    public void Kinds_that_scripts_branch_on_have_a_code_of_their_own(int code, string name)
    {
        var error = ApiErrors.From(Error($$"""{"code":400,"err_code":{{code}},"description":"it failed"}"""));
        Assert.Equal((name, code, "it failed"), (error.Code, error.ApiErrorCode, error.ApiErrorDescription));
        Assert.Equal(NasError.ServerError, error.Error);
    }

    [Theory]
    [InlineData("stream not found", null, "Stream not found.")]
    [InlineData("stream not found", "orders", "'orders': Stream not found.")]
    [InlineData("Ends with one.", null, "Ends with one.")]
    public void The_message_is_a_sentence_that_names_what_it_is_about(string text, string? subject, string message)
    {
        var error = ApiErrors.From(
            new JsonObject { ["code"] = 404, ["err_code"] = 10059, ["description"] = text },
            subject
        );
        Assert.Equal((message, subject), (error.Message, error.Target));
    }

    [Theory]
    [InlineData("""{"code":503}""", "Error 503.", 0)]
    [InlineData("""{"code":503,"err_code":10008}""", "Error 503.", 10008)]
    [InlineData("""{"description":""}""", "", 0)]
    public void An_error_that_lacks_fields_is_an_error(string json, string message, int code)
    {
        var error = ApiErrors.From(Error(json));
        Assert.Equal((message, code), (error.Message, error.ApiErrorCode));
    }

    [Fact]
    public void Control_characters_of_the_server_do_not_reach_the_message() =>
        Assert.DoesNotContain('\u001b', ApiErrors.From(new JsonObject { ["description"] = "a\u001b[31mb" }).Message);

    [Fact]
    public void An_unsupported_feature_names_the_version_needed()
    {
        var error = ApiErrors.Unsupported("A time to live for a message", "2.11", "2.9.25");
        Assert.Equal(
            ("UnsupportedByServer", "A time to live for a message needs nats-server 2.11 or later; this is 2.9.25."),
            (error.Code, error.Message)
        );
        Assert.EndsWith("or later.", ApiErrors.Unsupported("It", "2.11", null).Message);
    }

    private static JsonObject Error(string json) => (JsonObject)JsonNode.Parse(json)!;
}

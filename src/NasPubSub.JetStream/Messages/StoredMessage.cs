using System.Text.Json.Nodes;
using NasPubSub.JetStream.Api;

namespace NasPubSub.JetStream.Messages;

/// <summary>Makes messages of what the server answers to a read.</summary>
internal static class StoredMessage
{
    /// <summary>The message of a response to STREAM.MSG.GET.</summary>
    /// <exception cref="NasException">ProtocolError: it cannot be read.</exception>
    public static NasMessage FromJson(NasConnection connection, string stream, JsonObject response)
    {
        try
        {
            var message = response["message"] ?? throw new FormatException("The response has no message.");
            var headers = message.Text("hdrs") is { Length: > 0 } block
                ? NasHeaders.FromByteArray(Convert.FromBase64String(block))
                : null;
            return NasMessage.CreateStored(
                connection,
                message.Text("subject"),
                Convert.FromBase64String(message.Text("data")),
                headers,
                stream,
                message.ULong("seq"),
                message.Time("time") ?? DateTimeOffset.MinValue
            );
        }
        catch (Exception e) when (e is FormatException or InvalidOperationException or NasException)
        {
            throw new NasException(NasError.ProtocolError, $"A message of '{stream}' cannot be read: {e.Message}", e);
        }
    }

    /// <summary>The message of a response to a direct get.</summary>
    public static NasMessage FromDirect(
        NasConnection connection,
        string stream,
        NasMessage response,
        StoredHeaders headers
    ) =>
        NasMessage.CreateStored(
            connection,
            headers.Subject ?? throw new NasException(NasError.ProtocolError, "A stored message has no subject."),
            response.Payload,
            headers.Own,
            stream,
            headers.Sequence,
            headers.Stored,
            headers.Pending
        );

    /// <summary>The stream has no such message.</summary>
    /// <param name="stream">Its name.</param>
    /// <param name="what">The end of the sentence, such as "7" or "on 'a.b'".</param>
    /// <param name="inner">What the server answered.</param>
    public static NasException NotFound(string stream, string what, Exception? inner = null) =>
        new(NasError.ServerError, $"The stream '{stream}' has no message {what}.", inner)
        {
            Code = "MessageNotFound",
            ApiErrorCode = ApiErrors.MessageNotFound,
            ApiErrorDescription = (inner as NasException)?.ApiErrorDescription ?? "no message found",
            Target = stream,
        };
}

using System.Text;
using NasPubSub.Protocol;

namespace NasPubSub.Client.Tests.Protocol;

/// <summary>An operation as a value, for comparing: Latin-1, a character is a byte.</summary>
public sealed record Heard(
    string Kind,
    long Sid,
    string Subject,
    string ReplyTo,
    string Headers,
    string Payload,
    string Text
)
{
    internal static Heard From(ref ServerOperation operation) =>
        new(
            operation.Kind.ToString(),
            operation.Sid,
            Latin(operation.Subject),
            Latin(operation.ReplyTo),
            Latin(operation.Headers),
            Latin(operation.Payload),
            Latin(operation.Text)
        );

    public static Heard Message(string subject, long sid, string payload, string replyTo = "", string headers = "") =>
        new(nameof(OperationKind.Message), sid, subject, replyTo, headers, payload, "");

    internal static Heard Plain(OperationKind kind, string text = "") => new(kind.ToString(), 0, "", "", "", "", text);

    private static string Latin(ReadOnlySpan<byte> bytes) => Encoding.Latin1.GetString(bytes);
}

using NasPubSub.Protocol;

namespace NasPubSub.Connection;

/// <summary>One message on its way out, from the call that publishes it to the send buffer.</summary>
/// <param name="Subject">Where it goes.</param>
/// <param name="ReplyTo">The reply subject on the wire, or null.</param>
/// <param name="Headers">The encoded headers, or null.</param>
/// <param name="Payload">The payload, where <paramref name="Text"/> is null.</param>
/// <param name="Text">The payload as text, sent as UTF-8.</param>
internal readonly record struct OutgoingMessage(
    EncodedSubject Subject,
    string? ReplyTo,
    EncodedHeaders? Headers,
    ReadOnlyMemory<byte> Payload,
    string? Text
);

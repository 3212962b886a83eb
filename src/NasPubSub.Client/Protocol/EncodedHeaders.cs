namespace NasPubSub.Protocol;

/// <summary>A header block as it goes over the wire, from NATS/1.0 to the empty line. Immutable, thread-safe.</summary>
/// <param name="Block">The bytes.</param>
/// <param name="IsOptional">May a server without headers get the message without them?</param>
internal sealed record EncodedHeaders(byte[] Block, bool IsOptional = false);

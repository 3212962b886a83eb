namespace NasPubSub.JetStream;

/// <summary>One message of an atomic batch. Immutable.</summary>
/// <param name="Subject">Without the namespace.</param>
/// <param name="Payload">The bytes.</param>
/// <param name="Options">What the message asks of the stream, and its headers.</param>
/// <param name="Input">Goes into its receipt.</param>
public sealed record NasBatchMessage(
    string Subject,
    ReadOnlyMemory<byte> Payload,
    NasPublishOptions? Options = null,
    object? Input = null
);

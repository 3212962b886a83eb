namespace NasPubSub.JetStream;

/// <summary>How a <see cref="NasStreamPublisher"/> works. Immutable.</summary>
public sealed record NasStreamPublisherOptions
{
    /// <summary>
    /// The stream that is to store the messages; another does not. Null: the stream that has the subject.
    /// </summary>
    public string? Stream { get; init; }

    /// <summary>
    /// Messages that wait for their acknowledgement at most; then PublishAsync waits. Default:
    /// 1,000.
    /// </summary>
    public int MaxPending { get; init; } = 1000;

    /// <summary>Bytes of their headers and payloads. One larger message goes alone. Default: 8 MiB.</summary>
    public long MaxPendingBytes { get; init; } = 8 * 1024 * 1024;

    /// <summary>
    /// How long to try to store a message, over reconnects and leader changes; then it fails. Messages that may have
    /// been stored are sent again only within the stream's <c>duplicate_window</c>, whatever this says. Default: 2
    /// minutes.
    /// </summary>
    public TimeSpan Timeout { get; init; } = TimeSpan.FromMinutes(2);

    /// <summary>
    /// For a stream of messages: each may wait up to a millisecond, and leaves with others. Default: no.
    /// </summary>
    public bool Batch { get; init; }

    /// <summary>
    /// Called for each message that was stored, in the order of publishing, one call at a time on a thread of the pool.
    /// Null makes no receipts, and permits fast ingest, whose acknowledgements do not name each sequence.
    /// </summary>
    public Action<NasPublishReceipt>? OnStored { get; init; }

    /// <summary>
    /// Called for each message that was not stored, with its error and the caller's state, in turn with
    /// <see cref="OnStored"/>. Null: FlushAsync throws the errors.
    /// </summary>
    public Action<NasException, object?>? OnFailed { get; init; }
}

namespace NasPubSub.JetStream.Publishing;

/// <summary>A subject that a publisher sends to, and what is known of its stream.</summary>
internal sealed class PublishTarget(NasPublisher publisher, bool useNamespace)
{
    public NasPublisher Publisher { get; } = publisher;
    public bool UseNamespace { get; } = useNamespace;

    /// <summary>The stream; null where nobody could say.</summary>
    public StreamFacts? Stream { get; set; }

    /// <summary>The stream that has the subject, where it is another than the wanted one.</summary>
    public string? Owner { get; set; }

    /// <summary>A stream has the subject: where nobody answers, it has no leader at the moment.</summary>
    public bool IsCaptured { get; set; }

    /// <summary>No stream has the subject, and nobody listens on it.</summary>
    public NasException? Dead { get; set; }

    /// <summary>A request for whether a stream has the subject is under way.</summary>
    public bool IsLooking { get; set; }

    public bool IsFor(string subject, bool useNamespace) =>
        UseNamespace == useNamespace && Publisher.Subject == subject;

    /// <summary>Nobody listens on the subject: has a stream got it, whose leader is missing?</summary>
    /// <returns>The error of its messages; null where a stream has the subject, or nobody says.</returns>
    public async Task<NasException?> FindStreamAsync(StreamCatalog streams)
    {
        try
        {
            var stream = await streams.FindAsync(Publisher.Topic, default).ConfigureAwait(false);
            Stream ??= stream;
            return stream is null ? PublishErrors.NoStream(Publisher.Topic) : null;
        }
        catch (NasException e)
        {
            return e.Code == "JetStreamDisabled" ? e : null;
        }
    }
}

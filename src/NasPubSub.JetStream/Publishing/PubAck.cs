using System.Numerics;

namespace NasPubSub.JetStream.Publishing;

/// <summary>What the acknowledgements of one stream have in common.</summary>
internal sealed record AckOrigin(string Stream, string? Domain);

/// <summary>What an acknowledgement says beside stream and sequence.</summary>
internal sealed record AckDetails(BigInteger? Counter, string? BatchId, int BatchCount);

/// <summary>One acknowledgement: the message was stored, or an error.</summary>
internal readonly struct PubAck
{
    public AckOrigin? Origin { get; init; }
    public ulong Sequence { get; init; }
    public bool IsDuplicate { get; init; }
    public AckDetails? Details { get; init; }
    public NasException? Error { get; init; }

    /// <summary>Status 503: nobody listens on the subject.</summary>
    public bool IsNoResponders { get; init; }

    public bool IsStored => Origin is not null && Error is null;

    public NasPublishReceipt ToReceipt(string subject, object? input) =>
        new()
        {
            Subject = subject,
            Stream = Origin!.Stream,
            Sequence = Sequence,
            IsDuplicate = IsDuplicate,
            Domain = Origin.Domain,
            CounterValue = Details?.Counter,
            BatchId = Details?.BatchId,
            BatchCount = Details?.BatchCount ?? 0,
            Input = input,
        };
}

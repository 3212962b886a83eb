namespace NasPubSub.JetStream;

/// <summary>Why a consumer delivers nothing, or delivers otherwise than asked.</summary>
public enum NasReadNoticeKind
{
    /// <summary>The consumer is paused.</summary>
    Paused,

    /// <summary>As many messages as the consumer allows (<c>max_ack_pending</c>) are not acknowledged yet.</summary>
    AckLimitReached,

    /// <summary>As many requests as the consumer allows (<c>max_waiting</c>) are waiting.</summary>
    TooManyReaders,

    /// <summary>The stream or the consumer has no leader that answers.</summary>
    NoLeader,

    /// <summary>The heartbeats of the server did not come; the request is made again.</summary>
    HeartbeatsMissed,

    /// <summary>Another client holds the pin of the priority group, and this one waits.</summary>
    NotPinned,

    /// <summary>A request asks for less than the options say, because the consumer allows no more.</summary>
    RequestLimited,

    /// <summary>A message was larger than MaxBytes, so that more bytes are asked for.</summary>
    MaxBytesRaised,
}

/// <summary>A reason why nothing comes, told once until messages come again.</summary>
/// <param name="Kind">What it is.</param>
/// <param name="Message">One sentence for a person.</param>
public sealed record NasReadNotice(NasReadNoticeKind Kind, string Message);

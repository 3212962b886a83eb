using System.Numerics;
using NasPubSub.Diagnostics;

namespace NasPubSub.JetStream;

/// <summary>What a stream said when it had stored a message. Immutable.</summary>
public sealed record NasPublishReceipt
{
    /// <summary>The subject as it was published, without the namespace.</summary>
    public string Subject { get; init; } = "";

    /// <summary>The stream that stored the message.</summary>
    public string Stream { get; init; } = "";

    /// <summary>The message's sequence in the stream.</summary>
    public ulong Sequence { get; init; }

    /// <summary>
    /// Had the stream a message with this id already? Then nothing new was stored, and <see cref="Sequence"/> is that
    /// message's. For an id that the publisher chose by itself, it means that the message was sent twice and stored
    /// once.
    /// </summary>
    public bool IsDuplicate { get; init; }

    /// <summary>The JetStream domain of the stream; null where it has none.</summary>
    public string? Domain { get; init; }

    /// <summary>The counter after the increment; null for a message that is none (ADR-49).</summary>
    public BigInteger? CounterValue { get; init; }

    /// <summary>The atomic batch it was published in; null outside of one (ADR-50).</summary>
    public string? BatchId { get; init; }

    /// <summary>Messages of that batch; 0 outside of one.</summary>
    public int BatchCount { get; init; }

    /// <summary>What the caller passed as state: in PowerShell the object that was published.</summary>
    public object? Input { get; init; }

    /// <inheritdoc/>
    public override string ToString() =>
        TerminalText.Line($"{Subject}: {Stream} {Sequence}{(IsDuplicate ? " (duplicate)" : "")}");
}

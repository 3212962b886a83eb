namespace NasPubSub.JetStream;

/// <summary>
/// What an ordered read begins with, and what it reads (ADR-17). Without a start it reads from the first message on.
/// Immutable, thread-safe; make a changed copy with <c>with</c>.
/// </summary>
public sealed record NasOrderedOptions
{
    /// <summary>
    /// Only messages whose subject one of these filters matches; empty for all messages. Several need nats-server 2.10.
    /// </summary>
    public IReadOnlyList<string> Filters { get; init; } = [];

    /// <summary>Do the filters lack the namespace of the connection? Default: yes.</summary>
    public bool UseNamespace { get; init; } = true;

    /// <summary>Begins with this sequence.</summary>
    public ulong? FromSequence { get; init; }

    /// <summary>Begins with the first message that was stored at this time or later.</summary>
    public DateTimeOffset? Since { get; init; }

    /// <summary>Begins with the last message.</summary>
    public bool Last { get; init; }

    /// <summary>Begins with the next message to be stored.</summary>
    public bool New { get; init; }

    /// <summary>Begins with the last message of each subject.</summary>
    public bool LastPerSubject { get; init; }

    /// <summary>Reads no payloads; the header <c>Nats-Msg-Size</c> says how large each is.</summary>
    public bool HeadersOnly { get; init; }

    /// <summary>Ends where the stream ended when the read began. Default: no.</summary>
    public bool NoWait { get; init; }

    /// <summary>Ends after this number of messages; 0 for never.</summary>
    public long Count { get; init; }

    /// <summary>Messages asked for at most that were not read yet. Default: 500. Ignored with
    /// <see cref="MaxBytes"/>.</summary>
    public int Batch { get; init; } = 500;

    /// <summary>Bytes asked for at most that were not read yet, instead of messages; 0 for no limit.</summary>
    public long MaxBytes { get; init; }

    /// <summary>How long a request waits at the server, 1 s at least. Default: 30 s.</summary>
    public TimeSpan Expires { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>
    /// The time between the server's heartbeats while nothing comes, half of <see cref="Expires"/> at most. Two that
    /// are missing begin the read anew behind the last message. Default: 5 s.
    /// </summary>
    public TimeSpan Heartbeat { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>What the names of its consumers begin with; null for a unique one.</summary>
    public string? NamePrefix { get; init; }

    /// <summary>
    /// Called once, when the present end is reached: within the read that returns the last message that was there, or
    /// finds that there is none. It must return at once.
    /// </summary>
    public Action? OnCaughtUp { get; init; }

    /// <summary>
    /// Called when nothing comes and there is a reason for it, once until messages come again. It runs on a thread of
    /// the pool and must return at once.
    /// </summary>
    public Action<NasReadNotice>? OnNotice { get; init; }

    /// <exception cref="NasException">InvalidOption.</exception>
    internal void Check()
    {
        var starts =
            (FromSequence is null ? 0 : 1)
            + (Since is null ? 0 : 1)
            + (Last ? 1 : 0)
            + (New ? 1 : 0)
            + (LastPerSubject ? 1 : 0);
        Require(starts <= 1, "Choose one of FromSequence, Since, Last, New and LastPerSubject.");
        Require(Count >= 0, "Count must not be negative.");
        Require(Batch > 0, "Batch must be at least 1.");
        Require(MaxBytes >= 0, "MaxBytes must not be negative.");
        Require(Expires >= TimeSpan.FromSeconds(1), "Expires must be at least 1 s.");
        Require(
            Heartbeat > TimeSpan.Zero && Heartbeat.Ticks <= Expires.Ticks / 2,
            "Heartbeat must be at most half of Expires."
        );
    }

    private static void Require(bool isSo, string rule)
    {
        if (!isSo)
        {
            throw new NasException(NasError.InvalidOption, rule);
        }
    }
}

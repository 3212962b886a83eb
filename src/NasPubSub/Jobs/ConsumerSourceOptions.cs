using NasPubSub.JetStream;

namespace NasPubSub.Jobs;

/// <summary>What a job reads from a consumer, and what happens to messages whose action fails.</summary>
internal sealed record ConsumerSourceOptions
{
    public string Stream { get; init; } = "";

    public string Consumer { get; init; } = "";

    /// <summary>Ends after so many messages; 0 for never.</summary>
    public long Count { get; init; }

    /// <summary>Before the second delivery, the third and so on.</summary>
    public TimeSpan[] RetryDelays { get; init; } = [];

    /// <summary>Deliveries at most; 0 for the consumer's.</summary>
    public long MaxDeliver { get; init; }

    /// <summary>Where messages go that are given up.</summary>
    public string? DeadLetter { get; init; }

    /// <summary>Is the namespace put before <see cref="DeadLetter"/>?</summary>
    public bool UseNamespace { get; init; }

    /// <summary>How many actions run at once.</summary>
    public int Workers { get; init; } = 1;

    public string? Group { get; init; }

    public int? Priority { get; init; }

    /// <summary>Takes a warning while it is opened.</summary>
    public Action<string> Warn { get; init; } = static _ => { };

    /// <summary>Refuses what would lose messages, or deliver them for ever.</summary>
    /// <exception cref="NasException">InvalidOption.</exception>
    public void Check(NasConsumer consumer, RetryPolicy retries)
    {
        var name = $"The consumer '{Consumer}' of '{Stream}'";
        var isRetrying = RetryDelays.Length > 0 || MaxDeliver > 0 || DeadLetter is not null;
        Require(
            consumer.AckPolicy != NasAckPolicy.None || !isRetrying,
            $"{name} asks for no acknowledgement, so nothing is delivered again."
        );
        Require(
            consumer.AckPolicy != NasAckPolicy.All,
            $"{name} takes an acknowledgement for all messages before it as well: one that failed could not be told apart. An action needs the policy Explicit."
        );
        Require(
            DeadLetter is null || retries.MaxDeliver > 0,
            "-DeadLetter needs -MaxDeliver, or a consumer with a maximum of deliveries: else no message is ever given up."
        );
    }

    /// <summary>Looks at the streams that would store dead letters.</summary>
    /// <exception cref="NasException">InvalidOption: this consumer would deliver them again.</exception>
    public void CheckDeadLetters(NasConsumer consumer, string topic, IReadOnlyList<string> streams)
    {
        if (streams.Count == 0)
        {
            Warn($"No stream has the subject '{topic}' of -DeadLetter: dead letters reach only those who listen.");
        }
        var filters = consumer.ToConfiguration().FilterSubjects;
        Require(
            !streams.Contains(Stream) || (filters.Length > 0 && !filters.Any(f => NasSubject.Matches(f, topic))),
            $"The consumer '{Consumer}' of '{Stream}' would deliver its own dead letters on '{topic}' again."
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

using System.Globalization;
using System.Management.Automation;
using NasPubSub.JetStream;

namespace NasPubSub.Formatting;

/// <summary>The hidden code properties of the types file that the views of consumers show.</summary>
public static class ConsumerProperties
{
    /// <summary>The stream of a consumer as one line.</summary>
    public static string StreamText(PSObject consumer) => Line(consumer, c => c.Stream);

    /// <summary>The name of a consumer as one line.</summary>
    public static string ConsumerText(PSObject consumer) => Line(consumer, c => c.Consumer);

    /// <summary>The description of a consumer as one line.</summary>
    public static string DescriptionText(PSObject consumer) => Line(consumer, c => c.Description);

    /// <summary>The subjects that a consumer delivers as one line.</summary>
    public static string FilterText(PSObject consumer) => Line(consumer, c => string.Join(", ", c.FilterSubjects));

    /// <summary>How messages get out of a consumer, in a word or a subject.</summary>
    public static string ModeText(PSObject consumer) =>
        Line(
            consumer,
            c =>
                c.IsPaused ? "Paused"
                : c.IsPush ? "Push"
                : "Pull"
        );

    /// <summary>The subject of a push consumer as one line.</summary>
    public static string DeliverSubjectText(PSObject consumer) => Line(consumer, c => c.DeliverSubject);

    /// <summary>Where a consumer began, in a word: CliXml makes the choice a number.</summary>
    public static string DeliverPolicyText(PSObject consumer) =>
        Line(
            consumer,
            c =>
                c.StartSequence is { } sequence ? $"{c.DeliverPolicy} ({sequence})"
                : c.StartTime is { } time ? $"{c.DeliverPolicy} ({time.ToString("u", CultureInfo.InvariantCulture)})"
                : $"{c.DeliverPolicy}"
        );

    /// <summary>What acknowledgement a consumer asks for, in a word.</summary>
    public static string AckPolicyText(PSObject consumer) => Line(consumer, c => $"{c.AckPolicy}");

    /// <summary>The waits before further deliveries as one line.</summary>
    public static string BackoffText(PSObject consumer) => Line(consumer, c => string.Join(", ", c.Backoff));

    /// <summary>The number of messages to deliver.</summary>
    public static string PendingText(PSObject consumer) =>
        Line(consumer, c => c.Pending.ToString(CultureInfo.InvariantCulture));

    /// <summary>The priority groups with their pinned clients as one line.</summary>
    public static string GroupsText(PSObject consumer) =>
        Line(consumer, c => string.Join(", ", c.PriorityGroupStates.Select(g => g.ToString())));

    /// <summary>The leader and the other servers as one line.</summary>
    public static string ServersText(PSObject consumer) =>
        Line(
            consumer,
            c =>
                string.Join(
                    ", ",
                    new[] { c.Leader is null || c.Cluster is null ? "" : $"{c.Leader} (leader)" }
                        .Concat(c.Peers.Select(p => p.IsOffline ? $"{p.Name} (offline)" : p.Name))
                        .Where(text => text.Length > 0)
                )
        );

    /// <summary>The name of a priority group as one line.</summary>
    public static string GroupText(PSObject group) =>
        group?.BaseObject is NasPriorityGroup typed ? MessageFormat.Line(typed.Group) : "";

    /// <summary>The id of the pinned client as one line.</summary>
    public static string PinnedText(PSObject group) =>
        group?.BaseObject is NasPriorityGroup typed ? MessageFormat.Line(typed.PinnedClientId) : "";

    private static string Line(PSObject? value, Func<NasConsumer, string?> text) =>
        value?.BaseObject is NasConsumer consumer ? MessageFormat.Line(text(consumer)) : "";
}

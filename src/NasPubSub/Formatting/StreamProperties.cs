using System.Globalization;
using System.Management.Automation;
using NasPubSub.JetStream;

namespace NasPubSub.Formatting;

/// <summary>The hidden code properties of the types file that the views of streams show.</summary>
public static class StreamProperties
{
    /// <summary>The name of a stream as one line.</summary>
    public static string StreamText(PSObject stream) => Line<NasStream>(stream, s => s.Stream);

    /// <summary>The description of a stream as one line.</summary>
    public static string DescriptionText(PSObject stream) => Line<NasStream>(stream, s => s.Description);

    /// <summary>The subjects of a stream, or what it copies, as one line.</summary>
    public static string SubjectsText(PSObject stream) =>
        Line<NasStream>(
            stream,
            s =>
                string.Join(
                    ", ",
                    s.Subjects.Concat(s.Mirror is { } mirror ? [$"(mirror of {mirror.Name})"] : [])
                        .Concat(s.Sources.Select(source => $"(from {source.Name})"))
                )
        );

    /// <summary>The number of messages.</summary>
    public static string MessagesText(PSObject stream) => Number<NasStream>(stream, s => s.Messages);

    /// <summary>The size of all messages.</summary>
    public static string SizeText(PSObject stream) => Of<NasStream>(stream, s => MessageFormat.Size((long)s.Bytes));

    /// <summary>The limit of the size.</summary>
    public static string MaxSizeText(PSObject stream) => Of<NasStream>(stream, s => Limit(s.MaxBytes));

    /// <summary>The limit of the size of one message.</summary>
    public static string MaxMessageSizeText(PSObject stream) => Of<NasStream>(stream, s => Limit(s.MaxMessageSize));

    /// <summary>When messages are let go, in a word: CliXml makes the choice a number.</summary>
    public static string RetentionText(PSObject stream) => Of<NasStream>(stream, s => s.Retention.ToString());

    /// <summary>Where messages are kept, in a word.</summary>
    public static string StorageText(PSObject stream) => Of<NasStream>(stream, s => s.Storage.ToString());

    /// <summary>What happens at a limit, in a word.</summary>
    public static string DiscardText(PSObject stream) => Of<NasStream>(stream, s => s.Discard.ToString());

    /// <summary>The leader and the other servers, as one line.</summary>
    public static string ServersText(PSObject stream) =>
        Line<NasStream>(
            stream,
            s =>
                string.Join(
                    ", ",
                    new[] { s.Leader is null || s.Cluster is null ? "" : $"{s.Leader} (leader)" }
                        .Concat(s.Peers.Select(Peer))
                        .Where(text => text.Length > 0)
                )
        );

    /// <summary>How far the mirror and the sources are copied, as one line.</summary>
    public static string CopiedText(PSObject stream) =>
        Line<NasStream>(
            stream,
            s =>
                string.Join(
                    ", ",
                    (s.MirrorState is { } mirror ? [mirror] : s.SourceStates).Select(c =>
                        $"{c.Name}: {(c.Error is { } error ? error : c.Active is null ? "not yet" : $"{c.Lag} to come")}"
                    )
                )
        );

    /// <summary>The stream of a count as one line.</summary>
    public static string SubjectStreamText(PSObject subject) => Line<NasStreamSubject>(subject, s => s.Stream);

    /// <summary>The subject of a count as one line.</summary>
    public static string SubjectText(PSObject subject) => Line<NasStreamSubject>(subject, s => s.Subject);

    /// <summary>The number of messages of a subject.</summary>
    public static string SubjectMessagesText(PSObject subject) => Number<NasStreamSubject>(subject, s => s.Messages);

    private static string Peer(NasStreamPeer peer) =>
        peer.Name
        + (
            peer.IsOffline ? " (offline)"
            : peer.IsCurrent ? ""
            : " (late)"
        );

    private static string Limit(long? bytes) => bytes is > 0 and { } size ? MessageFormat.Size(size) : "";

    private static string Number<T>(PSObject value, Func<T, ulong> number) =>
        Of<T>(value, v => number(v).ToString(CultureInfo.InvariantCulture));

    private static string Of<T>(PSObject? value, Func<T, string> shown) =>
        value?.BaseObject is T typed ? shown(typed) : "";

    private static string Line<T>(PSObject? value, Func<T, string?> text) =>
        Of<T>(value, v => MessageFormat.Line(text(v)));
}

using System.Globalization;
using System.Management.Automation;
using NasPubSub.JetStream;

namespace NasPubSub.Formatting;

/// <summary>The hidden code properties that the views of the parts of a stream's settings show.</summary>
public static class StreamPartProperties
{
    /// <summary>The name of a copied stream as one line.</summary>
    public static string SourceName(PSObject source) => Line<NasStreamSource>(source, s => s.Name);

    /// <summary>Where the copy begins.</summary>
    public static string SourceStart(PSObject source) =>
        Line<NasStreamSource>(
            source,
            s =>
                s.StartSequence is { } sequence ? sequence.ToString(CultureInfo.InvariantCulture)
                : s.StartTime is { } time ? time.ToString("yyyy-MM-dd HH:mm:ss zzz", CultureInfo.InvariantCulture)
                : ""
        );

    /// <summary>The subjects that are copied, as one line.</summary>
    public static string SourceFilter(PSObject source) =>
        Line<NasStreamSource>(
            source,
            s => s.FilterSubject ?? string.Join(", ", s.SubjectTransforms.Select(t => t.Source))
        );

    /// <summary>How subjects change, as one line.</summary>
    public static string SourceTransforms(PSObject source) =>
        Line<NasStreamSource>(
            source,
            s => string.Join(", ", s.SubjectTransforms.Select(t => $"{t.Source} -> {t.Destination}"))
        );

    /// <summary>The prefix of the API that a copied stream of another account or domain is reached by.</summary>
    public static string SourceExternal(PSObject source) => Line<NasStreamSource>(source, s => s.ExternalApiPrefix);

    /// <summary>The subjects that change, as one line.</summary>
    public static string TransformSource(PSObject transform) => Line<NasSubjectTransform>(transform, t => t.Source);

    /// <summary>What they change to, as one line.</summary>
    public static string TransformDestination(PSObject transform) =>
        Line<NasSubjectTransform>(transform, t => t.Destination);

    /// <summary>The subjects that are published again, as one line.</summary>
    public static string RepublishSource(PSObject republish) => Line<NasRepublish>(republish, r => r.Source);

    /// <summary>What they are published to, as one line.</summary>
    public static string RepublishDestination(PSObject republish) => Line<NasRepublish>(republish, r => r.Destination);

    private static string Line<T>(PSObject? value, Func<T, string?> text) =>
        value?.BaseObject is T typed ? MessageFormat.Line(text(typed)) : "";
}

using System.Management.Automation;
using NasPubSub.JetStream;

namespace NasPubSub.Formatting;

/// <summary>
/// The hidden code properties that the views of configurations show: texts that others may have written.
/// </summary>
public static class ConfigurationProperties
{
    /// <summary>The description of a stream as one line.</summary>
    public static string StreamDescription(PSObject settings) =>
        Line<NasStreamConfiguration>(settings, s => s.Description);

    /// <summary>The subjects of a stream as one line.</summary>
    public static string StreamSubjects(PSObject settings) =>
        Line<NasStreamConfiguration>(settings, s => string.Join(", ", s.Subjects));

    /// <summary>The metadata of a stream as one line.</summary>
    public static string StreamMetadata(PSObject settings) =>
        Line<NasStreamConfiguration>(settings, s => Pairs(s.Metadata));

    /// <summary>The description of a consumer as one line.</summary>
    public static string ConsumerDescription(PSObject settings) =>
        Line<NasConsumerConfiguration>(settings, s => s.Description);

    /// <summary>The filters of a consumer as one line.</summary>
    public static string ConsumerFilters(PSObject settings) =>
        Line<NasConsumerConfiguration>(settings, s => string.Join(", ", s.FilterSubjects));

    /// <summary>The metadata of a consumer as one line.</summary>
    public static string ConsumerMetadata(PSObject settings) =>
        Line<NasConsumerConfiguration>(settings, s => Pairs(s.Metadata));

    /// <summary>The subject that a push consumer delivers to, as one line.</summary>
    public static string ConsumerDeliverSubject(PSObject settings) =>
        Line<NasConsumerConfiguration>(settings, s => s.DeliverSubject);

    /// <summary>The value of a setting before a change, as one line.</summary>
    public static string ChangeBefore(PSObject change) => Line<NasSettingChange>(change, c => c.Before);

    /// <summary>The value of a setting after a change, as one line.</summary>
    public static string ChangeAfter(PSObject change) => Line<NasSettingChange>(change, c => c.After);

    private static string Pairs(IReadOnlyDictionary<string, string> metadata) =>
        string.Join(", ", metadata.Select(pair => $"{pair.Key}={pair.Value}"));

    private static string Line<T>(PSObject? value, Func<T, string?> text) =>
        value?.BaseObject is T typed ? MessageFormat.Line(text(typed)) : "";
}

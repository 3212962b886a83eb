using System.Globalization;
using System.Management.Automation;
using NasPubSub.JetStream;

namespace NasPubSub.Formatting;

/// <summary>The hidden code properties of the types file that the views of dead letters show.</summary>
public static class DeadLetterProperties
{
    /// <summary>When the message was given up, to the second.</summary>
    public static string TimeText(PSObject letter) =>
        Line(letter, l => l.Time.LocalDateTime.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture));

    /// <summary>The stream as one line.</summary>
    public static string StreamText(PSObject letter) => Line(letter, l => l.Stream);

    /// <summary>The consumer as one line.</summary>
    public static string ConsumerText(PSObject letter) => Line(letter, l => l.Consumer);

    /// <summary>The reason in a word: CliXml makes it a number.</summary>
    public static string ReasonText(PSObject letter) => Line(letter, l => l.Reason.ToString());

    /// <summary>What the receiver said, as one line.</summary>
    public static string DetailText(PSObject letter) => Line(letter, l => l.Detail);

    /// <summary>The subject of the message as one line.</summary>
    public static string SubjectText(PSObject letter) => Line(letter, l => l.Subject);

    /// <summary>The topic of the message as one line.</summary>
    public static string TopicText(PSObject letter) => Line(letter, l => l.Topic);

    /// <summary>The beginning of the payload as one line.</summary>
    public static string Content(PSObject letter) =>
        Line(letter, l => l.Payload is null ? "(not stored any more)" : l.Text);

    /// <summary>All headers as one line.</summary>
    public static string HeaderText(PSObject letter) => Line(letter, l => l.Headers.ToString());

    private static string Line(PSObject? value, Func<NasDeadLetter, string?> text) =>
        value?.BaseObject is NasDeadLetter letter ? MessageFormat.Line(text(letter)) : "";
}

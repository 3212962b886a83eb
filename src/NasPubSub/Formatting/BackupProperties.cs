using System.Globalization;
using System.Management.Automation;
using NasPubSub.JetStream;

namespace NasPubSub.Formatting;

/// <summary>
/// The hidden code properties of the types file that the views of stored messages, backups and copies show.
/// </summary>
public static class BackupProperties
{
    /// <summary>The stream of a message as one line.</summary>
    public static string MessageStreamText(PSObject message) => Line<NasMessage>(message, m => m.Stream);

    /// <summary>When a message was stored, to the second.</summary>
    public static string MessageStoredText(PSObject message) =>
        Of<NasMessage>(
            message,
            m => m.Timestamp.ToString("yyyy-MM-dd HH:mm:ss", CultureInfo.InvariantCulture)
        );

    /// <summary>The stream of a backup as one line.</summary>
    public static string StreamText(PSObject backup) => Line<NasBackup>(backup, b => b.Stream);

    /// <summary>The folder of a backup as one line.</summary>
    public static string PathText(PSObject backup) => Line<NasBackup>(backup, b => b.Path);

    /// <summary>The size of a backup with its unit.</summary>
    public static string SizeText(PSObject backup) => Of<NasBackup>(backup, b => MessageFormat.Size(b.Size));

    /// <summary>The size of the messages with its unit.</summary>
    public static string MessageBytesText(PSObject backup) =>
        Of<NasBackup>(backup, b => MessageFormat.Size((long)b.MessageBytes));

    /// <summary>The source of a copy as one line.</summary>
    public static string CopyStreamText(PSObject copy) => Line<NasCopyResult>(copy, c => c.Stream);

    /// <summary>The destination of a copy as one line.</summary>
    public static string CopyDestinationText(PSObject copy) => Line<NasCopyResult>(copy, c => c.Destination);

    private static string Of<T>(PSObject? value, Func<T, string> shown) =>
        value?.BaseObject is T typed ? shown(typed) : "";

    private static string Line<T>(PSObject? value, Func<T, string?> text) =>
        Of<T>(value, v => MessageFormat.Line(text(v)));
}

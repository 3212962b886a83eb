using System.Management.Automation;

namespace NasPubSub.Errors;

/// <summary>Errors of what moves whole streams.</summary>
internal static class TransferErrors
{
    public static ErrorRecord FolderFailed(string path, Exception error) =>
        NasErrorRecord.Make(
            new IOException($"The backup in '{path}' failed: {error.Message}", error),
            "BackupFailed",
            ErrorCategory.WriteError,
            path,
            "Check the folder, its permissions and the free space on the disk; -Force replaces read-only files."
        );

    public static ErrorRecord ScriptFailed(string stream, Exception error, NasMessage? message) =>
        NasErrorRecord.Make(
            new PSArgumentException(
                $"The copy of '{stream}' ended at sequence {message?.Sequence}: -Process or -MapSubject failed: {error.Message}",
                error
            ),
            "ProcessFailed",
            ErrorCategory.InvalidResult,
            message,
            "Correct the script block, in which $_ is the message, and copy again: the copy continues where it ended."
        );

    public static ErrorRecord FolderTwice(string path, string stream) =>
        NasErrorRecord.Make(
            new IOException($"The folder '{path}' already contains the backup of another stream of this call."),
            "BackupExists",
            ErrorCategory.ResourceExists,
            stream,
            "Give each stream a folder of its own, as in Get-NasStream | Export-NasStream -Path { \"backup/$($_.Stream)\" }."
        );
}

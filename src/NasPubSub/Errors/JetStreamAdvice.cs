using System.Management.Automation;

namespace NasPubSub.Errors;

/// <summary>
/// The category of each error of JetStream that has a code of its own, and what the user can do about it.
/// </summary>
internal static class JetStreamAdvice
{
    /// <summary>Null for a code that is not one of JetStream's.</summary>
    public static ErrorCategory? CategoryOf(string code) =>
        code switch
        {
            "StreamNotFound" or "ConsumerNotFound" or "MessageNotFound" => ErrorCategory.ObjectNotFound,
            "ConsumerDeleted" => ErrorCategory.ResourceUnavailable,
            "PushConsumer" => ErrorCategory.InvalidArgument,
            "PullRefused" => ErrorCategory.InvalidOperation,
            "MaxBytesExceeded" => ErrorCategory.LimitsExceeded,
            "StreamExists" or "ConsumerExists" => ErrorCategory.ResourceExists,
            "SubjectsOverlap" or "InvalidConfiguration" or "NotAcknowledgeable" => ErrorCategory.InvalidArgument,
            "InvalidName" or "InvalidSequence" => ErrorCategory.InvalidArgument,
            "ConfigurationNotFound" or "DeadLettersNotRecorded" => ErrorCategory.ObjectNotFound,
            "ConsumerUnavailable" => ErrorCategory.ResourceUnavailable,
            "BackupNotFound" => ErrorCategory.ObjectNotFound,
            "BackupExists" => ErrorCategory.ResourceExists,
            "InvalidBackup" or "BackupIncomplete" => ErrorCategory.InvalidData,
            "BackupFailed" or "RestoreFailed" => ErrorCategory.OperationStopped,
            "CopyIncomplete" => ErrorCategory.InvalidResult,
            "DirectGetNotAllowed" => ErrorCategory.InvalidOperation,
            "StreamFull" or "InsufficientResources" => ErrorCategory.LimitsExceeded,
            "JetStreamDisabled" or "NoLeader" => ErrorCategory.ResourceUnavailable,
            "UnsupportedByServer" => ErrorCategory.NotImplemented,
            "WrongRevision" => ErrorCategory.InvalidOperation,
            "NoStream" => ErrorCategory.ObjectNotFound,
            "OutcomeUnknown" => ErrorCategory.OperationTimeout,
            "NoAcknowledgement" or "AtomicDisabled" => ErrorCategory.InvalidOperation,
            "BatchTooLarge" => ErrorCategory.LimitsExceeded,
            "JetStreamError" or "SettingsNotApplied" => ErrorCategory.InvalidResult,
            _ => null,
        };

    /// <summary>Null for a code that is not one of JetStream's.</summary>
    public static string? Of(string code) =>
        code switch
        {
            "StreamNotFound" => "Get-NasStream lists the streams of the account; New-NasStream makes one.",
            "ConsumerNotFound" => "Get-NasConsumer lists the consumers of a stream; New-NasConsumer makes one.",
            "MessageNotFound" => "The message was removed, has expired, or never existed: Get-NasStream shows the range.",
            "BackupNotFound" => "Give the folder that Export-NasStream or 'nats stream backup' wrote.",
            "BackupExists" => "Choose another folder, or leave out -NoClobber.",
            "InvalidBackup" => "Make the backup again; its files must not be changed.",
            "BackupIncomplete" => "Compare the limits of the stream with the backup; Remove-NasStream removes the stream.",
            "BackupFailed" => "Try again; the log of the server says more. Nothing is left of the attempt.",
            "RestoreFailed" => "Try again; the log of the server says more. The server forgets what it has received.",
            "CopyIncomplete" => "Compare limits and states of both streams with Get-NasStream; copying again goes on.",
            "DirectGetNotAllowed" => "Allow direct gets with Set-NasStream -AllowDirect.",
            "ConsumerDeleted" => "Somebody deleted it, its stream is gone, or it was inactive for too long. New-NasConsumer makes another.",
            "PushConsumer" => "Subscribe to its delivery subject with Receive-NasMessage -Subject, or use a pull consumer.",
            "PullRefused" => "Get-NasConsumer shows the settings of the consumer; its limits and its priority groups may refuse a request.",
            "MaxBytesExceeded" => "Increase -MaxBytes, or the limit of the consumer.",
            "StreamExists" => "Change the stream with Set-NasStream, or choose another name. Namespaces share the names.",
            "ConsumerExists" => "Change the consumer with Set-NasConsumer, or choose another name.",
            "SubjectsOverlap" => "Each subject belongs to one stream only; Get-NasStream -Subject finds the other one.",
            "InvalidConfiguration" => "Correct the setting that the message names.",
            "SettingsNotApplied" => "Look at what was stored with Get-NasStream: the server or other settings limit it.",
            "InvalidName" => "Choose a name without blanks, dots, wildcards and slashes.",
            "InvalidSequence" => "Get-NasStream shows the first and the last sequence of the stream.",
            "ConfigurationNotFound" => "Check the path, and that the file may be read.",
            "DeadLettersNotRecorded" =>
                "New-NasConsumer and Set-NasConsumer record them from then on with -TrackDeadLetter.",
            "ConsumerUnavailable" => "Check that enough servers of the cluster run; Get-NasStream shows the replicas.",
            "StreamFull" => "Raise the limits with Set-NasStream, remove messages with Clear-NasStream, or let old ones go.",
            "InsufficientResources" => "Free storage on the servers, or ask for higher limits of the account.",
            "JetStreamDisabled" =>
                "Enable JetStream on the server (nats-server -js, Start-NasServer -JetStream) and for the account, or check -Domain.",
            "NoLeader" => "Wait until the cluster has elected a leader, and check that enough servers run.",
            "UnsupportedByServer" => "Update the server, or leave out what it does not support.",
            "WrongRevision" => "Somebody else wrote first: read the present state, and try again.",
            "NotAcknowledgeable" =>
                "Acknowledge only what 'Receive-NasMessage -Stream -Consumer' outputs, of a consumer with -AckPolicy Explicit or All.",
            "NoStream" => "Get-NasStream shows the subjects of the streams; check the subject, the namespace, and -Raw.",
            "OutcomeUnknown" =>
                "Look into the stream before you publish the message again, or give messages a -MessageId of their own.",
            "NoAcknowledgement" => "Publish without -Stream and -Acknowledge, or set NoAck of the stream to false.",
            "AtomicDisabled" => "Set-NasStream -AllowAtomic allows atomic batches.",
            "BatchTooLarge" => "Publish several batches.",
            "JetStreamError" => "ApiErrorCode and ApiErrorDescription of the exception are the server's; see its log as well.",
            _ => null,
        };
}

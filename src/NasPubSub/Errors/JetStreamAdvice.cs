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
            "NoAcknowledgement" or "AtomicDisabled" or "MessageTtlDisabled" or "SchedulesDisabled" =>
                ErrorCategory.InvalidOperation,
            "InvalidMessageTtl" or "InvalidSchedule" => ErrorCategory.InvalidArgument,
            "WorkQueueStream" => ErrorCategory.InvalidOperation,
            "BatchTooLarge" => ErrorCategory.LimitsExceeded,
            "JetStreamError" or "SettingsNotApplied" => ErrorCategory.InvalidResult,
            _ => null,
        };

    /// <summary>Null for a code that is not one of JetStream's.</summary>
    public static string? Of(string code) =>
        code switch
        {
            "StreamNotFound" => "Get-NasStream lists the streams of the account; New-NasStream creates one.",
            "ConsumerNotFound" => "Get-NasConsumer lists the consumers of a stream; New-NasConsumer creates one.",
            "MessageNotFound" => "The message was removed, has expired, or never existed: Get-NasStream shows the range.",
            "BackupNotFound" => "Give the folder that Export-NasStream or 'nats stream backup' wrote.",
            "BackupExists" => "Choose another folder, or leave out -NoClobber.",
            "InvalidBackup" => "Create the backup again, and do not change its files.",
            "BackupIncomplete" => "Compare the limits of the stream with the backup; Remove-NasStream removes the stream.",
            "BackupFailed" => "See the log of the server, and try again. The failed attempt leaves no files.",
            "RestoreFailed" => "See the log of the server, and try again. The server discards what it has received.",
            "CopyIncomplete" => "Compare the limits and states of both streams; another copy continues where it ended.",
            "DirectGetNotAllowed" => "Allow direct gets with Set-NasStream -AllowDirect.",
            "ConsumerDeleted" => "It was deleted, its stream was deleted, or it was inactive for too long. New-NasConsumer creates one.",
            "PushConsumer" => "Subscribe to its delivery subject with Receive-NasMessage -Subject, or use a pull consumer.",
            "PullRefused" => "Check the limits and the priority groups of the consumer with Get-NasConsumer.",
            "MaxBytesExceeded" => "Increase -MaxBytes, or the limit of the consumer.",
            "StreamExists" => "Change the stream with Set-NasStream, or choose another name. All namespaces share stream names.",
            "ConsumerExists" => "Change the consumer with Set-NasConsumer, or choose another name.",
            "SubjectsOverlap" => "Each subject belongs to one stream only; Get-NasStream -Subject finds the other stream.",
            "InvalidConfiguration" => "Correct the setting that the message names.",
            "SettingsNotApplied" => "Check the stored settings with Get-NasStream or Get-NasConsumer; the server may limit them.",
            "InvalidName" => "Choose a name without blanks, dots, wildcards or slashes.",
            "InvalidSequence" => "Get-NasStream shows the first and the last sequence of the stream.",
            "ConfigurationNotFound" => "Check the path and the permissions of the file.",
            "DeadLettersNotRecorded" =>
                "-TrackDeadLetter of New-NasConsumer and Set-NasConsumer records them from then on.",
            "ConsumerUnavailable" => "Check that enough servers of the cluster are running; Get-NasStream shows the replicas.",
            "StreamFull" => "Raise the limits with Set-NasStream, remove messages with Clear-NasStream, or use -Discard Old.",
            "InsufficientResources" => "Free storage on the servers, or request higher limits for the account.",
            "JetStreamDisabled" =>
                "Enable JetStream on the server (nats-server -js, Start-NasServer -JetStream) and for the account, or check -Domain.",
            "NoLeader" => "Wait until the cluster has elected a leader, and check that enough servers are running.",
            "UnsupportedByServer" => "Update the server, or leave out what it does not support.",
            "WrongRevision" => "Another message was stored first: read the current state, and try again.",
            "NotAcknowledgeable" =>
                "Acknowledge only messages from 'Receive-NasMessage -Stream -Consumer', of a consumer with -AckPolicy Explicit or All.",
            "NoStream" => "Get-NasStream shows the subjects of the streams; check the subject, the namespace, and -Raw.",
            "OutcomeUnknown" =>
                "Check whether the stream has the message before you publish it again, or publish with -MessageId.",
            "NoAcknowledgement" => "Publish without -Stream and -Acknowledge, or set NoAck of the stream to false.",
            "AtomicDisabled" => "Set-NasStream -AllowAtomic allows atomic batches.",
            "MessageTtlDisabled" => "Set-NasStream -AllowMessageTtl allows -TimeToLive.",
            "InvalidMessageTtl" => "Correct -TimeToLive, or the header Nats-TTL.",
            "SchedulesDisabled" => "Set-NasStream -AllowMessageSchedules allows -At, -Every and -Cron.",
            "InvalidSchedule" =>
                "Correct -At, -Every, -Cron, -TargetSubject, -TimeZone or -TimeToLive, or the headers that begin with Nats-Schedule.",
            "WorkQueueStream" =>
                "Read it with 'Receive-NasMessage -Stream -Consumer', or look at its messages with Get-NasStreamMessage.",
            "BatchTooLarge" => "Publish several smaller batches.",
            "JetStreamError" => "ApiErrorCode and ApiErrorDescription of the exception come from the server; see also its log.",
            _ => null,
        };
}

using System.Management.Automation;
using NasPubSub.Diagnostics;

namespace NasPubSub.Errors;

/// <summary>Creates every error of the cmdlets: ErrorId, category, recommended action.</summary>
internal static class NasErrorRecord
{
    public static ErrorRecord From(Exception error, object? target = null) =>
        error switch
        {
            NasException nas => Make(
                nas,
                nas.Code,
                JetStreamAdvice.CategoryOf(nas.Code) ?? NasErrorAdvice.CategoryOf(nas.Error),
                target ?? nas.Target,
                JetStreamAdvice.Of(nas.Code) ?? NasErrorAdvice.Of(nas.Error)
            ),
            IContainsErrorRecord known => Shown(known.ErrorRecord),
            AggregateException { InnerException: { } inner } => From(inner, target),
            _ => Make(
                error,
                "Unexpected",
                ErrorCategory.NotSpecified,
                target,
                "This is a defect in NasPubSub. Please report it."
            ),
        };

    /// <param name="name">The name that was not found.</param>
    /// <param name="isElsewhere">Another runspace of the process has it.</param>
    public static ErrorRecord SessionNotFound(string name, bool isElsewhere = false) =>
        Make(
            new ItemNotFoundException(
                $"There is no session named '{name}' in this runspace.{(isElsewhere ? " Another runspace has a session with this name: pass the session itself, as in -Connection $using:nas." : "")}"
            ),
            "SessionNotFound",
            ErrorCategory.ObjectNotFound,
            name,
            "Get-NasConnection lists the sessions of this runspace. In ForEach-Object -Parallel and jobs, pass the session itself: -Connection $using:nas."
        );

    public static ErrorRecord DisconnectTimedOut(NasConnection connection, TimeSpan limit, long unhandled) =>
        TimedOut(
            unhandled > 0
                ? $"The session to {connection.Server} was closed after {limit.TotalSeconds:0.###} s: {unhandled} messages that arrived were not handled."
                : $"The session to {connection.Server} was closed after {limit.TotalSeconds:0.###} s, before the server confirmed the published messages.",
            connection,
            unhandled > 0
                ? "Increase -Timeout, or make the actions faster."
                : "Check whether the server can still be reached, or increase -Timeout. Statistics.Unconfirmed of the session counts the messages that may be lost."
        );

    public static ErrorRecord DisconnectedEarly(NasConnection connection) =>
        Make(
            new NasException(
                NasError.ConnectionLost,
                $"The session to {connection.Server} was closed before the server confirmed the published messages."
            ),
            nameof(NasError.ConnectionLost),
            ErrorCategory.ConnectionError,
            connection,
            "Statistics.Unconfirmed of the session counts the messages that may be lost; publish them again over a new session."
        );

    public static ErrorRecord StopTimedOut(Job job, TimeSpan limit, long unhandled) =>
        TimedOut(
            $"The actions did not end within {limit.TotalSeconds:0.###} s: {unhandled} messages that arrived were not handled.",
            job,
            "Give more time with -StopTimeout, or make the actions faster."
        );

    public static ErrorRecord SubscriptionNotFound(string what, object target) =>
        Make(
            new ItemNotFoundException($"There is no subscription with {what} on this connection."),
            "SubscriptionNotFound",
            ErrorCategory.ObjectNotFound,
            target,
            "Get-NasSubscription lists the subscriptions."
        );

    public static ErrorRecord UndefinedUsing(string variable) =>
        Make(
            new ItemNotFoundException(
                $"The action uses $using:{variable}, but the variable '{variable}' does not exist."
            ),
            "UsingVariableUndefined",
            ErrorCategory.ObjectNotFound,
            variable,
            "Set the variable before you register the subscription."
        );

    public static ErrorRecord LimitedLanguage(PSLanguageMode mode, object? action) =>
        Make(
            new PSInvalidOperationException($"An action cannot run in the caller's runspace in {mode} mode."),
            "LimitedLanguage",
            ErrorCategory.PermissionDenied,
            action,
            "Omit -InCallerRunspace. The action then runs in its own runspace, in the same language mode."
        );

    /// <param name="name">Null: the selected one was looked for.</param>
    public static ErrorRecord ContextNotFound(string? name) =>
        Make(
            new ItemNotFoundException(
                name is null ? "No context is selected." : $"There is no context named '{name}'."
            ),
            "ContextNotFound",
            ErrorCategory.ObjectNotFound,
            name,
            "Get-NasContext lists them; New-NasContext creates one, and 'Set-NasContext name -Select' selects one."
        );

    public static ErrorRecord ContextExists(string name) =>
        Make(
            new InvalidOperationException($"There is a context named '{name}' already."),
            "ContextExists",
            ErrorCategory.ResourceExists,
            name,
            "Change it with Set-NasContext, or replace it with -Force."
        );

    public static ErrorRecord ServerNotFound(string? path) =>
        Make(
            new FileNotFoundException(
                path is null
                    ? "No nats-server was found: not in NATS_SERVER, not on PATH, not in the folder NasPubSub of your local application data."
                    : $"There is no nats-server at '{path}'."
            ),
            "ServerNotFound",
            ErrorCategory.ObjectNotFound,
            path,
            "Start-NasServer -Download gets an official release. You can also install nats-server (https://nats.io/download); if it is not on PATH, set -Path or $env:NATS_SERVER."
        );

    public static ErrorRecord DownloadFailed(Exception error, bool isRefused) =>
        isRefused
            ? Make(
                error,
                "DownloadRefused",
                ErrorCategory.SecurityError,
                null,
                "The download is deleted. Check -Version, and -DownloadUrl or $env:NAS_SERVER_DOWNLOAD_URL if you use a mirror."
            )
            : Make(
                error,
                "DownloadFailed",
                ErrorCategory.ConnectionError,
                null,
                "Check the network and the proxy (HTTPS_PROXY), or name a mirror with -DownloadUrl or $env:NAS_SERVER_DOWNLOAD_URL."
            );

    public static ErrorRecord ServerFailed(string path, string why) =>
        Make(
            new InvalidOperationException($"nats-server did not start: {why}"),
            "ServerFailed",
            ErrorCategory.OpenError,
            path,
            "Check the configuration and the arguments, choose another -Port, or increase -Timeout."
        );

    public static ErrorRecord InvalidJson(NasMessage message, Exception error) =>
        Make(
            new FormatException($"The payload of the message on '{message.Topic}' is not JSON: {error.Message}", error),
            "InvalidJson",
            ErrorCategory.InvalidData,
            message,
            "Use -As Text or -As Bytes to see the payload."
        );

    public static ErrorRecord MissingSubject(object? value, bool byScript) =>
        Make(
            new PSArgumentException(
                byScript
                    ? "The script block of -Subject returned nothing for the object."
                    : "No subject was given, and the object has no property Subject."
            ),
            "MissingSubject",
            ErrorCategory.InvalidArgument,
            new FailedPayload(value),
            byScript
                ? "Correct the script block of -Subject, in which $_ is the object, or filter out objects without a subject with Where-Object."
                : "Use -Subject, or objects with a Subject property, such as rows of a CSV file."
        );

    public static ErrorRecord SubjectScriptFailed(object? value, Exception error) =>
        Make(
            new PSArgumentException($"-Subject returned no subject for the object: {error.Message}", error),
            "SubjectScriptFailed",
            ErrorCategory.InvalidResult,
            new FailedPayload(value),
            "Correct the script block of -Subject, in which $_ is the object."
        );

    public static ErrorRecord MessageIdScriptFailed(object? value, Exception error) =>
        Make(
            new PSArgumentException($"-MessageId returned no id for the object: {error.Message}", error),
            "MessageIdScriptFailed",
            ErrorCategory.InvalidResult,
            new FailedPayload(value),
            "Correct the script block of -MessageId, in which $_ is the object."
        );

    public static ErrorRecord InvalidPayload(object? value, Exception error) =>
        Make(
            new PSArgumentException($"The object cannot be converted to a message: {error.Message}", error),
            "InvalidPayload",
            ErrorCategory.InvalidData,
            new FailedPayload(value),
            "Select the properties to send with Select-Object, or send text."
        );

    public static ErrorRecord RecordingNotFound(string path) =>
        Make(
            new FileNotFoundException($"There is no recording '{path}'."),
            "RecordingNotFound",
            ErrorCategory.ObjectNotFound,
            path,
            "Check the path; Export-NasMessage creates a recording."
        );

    public static ErrorRecord RecordingExists(string path) =>
        Make(
            new IOException($"The file '{path}' already exists."),
            "RecordingExists",
            ErrorCategory.ResourceExists,
            path,
            "Choose another file, or leave out -NoClobber; -Append adds to it."
        );

    public static ErrorRecord RecordingFailed(string path, Exception error) =>
        Make(
            new IOException($"The recording '{path}' failed: {error.Message}", error),
            "RecordingFailed",
            ErrorCategory.WriteError,
            path,
            "Check the folder, its permissions and the free space on the disk; -Force writes to a read-only file."
        );

    public static ErrorRecord InvalidRecording(string path, long line, Exception error) =>
        Make(
            new InvalidDataException($"Line {line} of '{path}' is not a recorded message: {error.Message}", error),
            "InvalidRecording",
            ErrorCategory.InvalidData,
            path,
            "Correct the line; Get-Help Export-NasMessage describes the format. The other lines are still read."
        );

    public static ErrorRecord InvalidMessage(object? value) =>
        Make(
            new PSArgumentException("The object is not a message."),
            "InvalidMessage",
            ErrorCategory.InvalidType,
            new FailedPayload(value),
            "Pass what Receive-NasMessage or New-NasMessage outputs."
        );

    public static ErrorRecord SubjectMapFailed(NasMessage message, Exception error) =>
        Make(
            new PSArgumentException(
                $"-MapSubject gave no subject for the message on '{message.Subject}': {error.Message}",
                error
            ),
            "SubjectScriptFailed",
            ErrorCategory.InvalidResult,
            message,
            "Correct -MapSubject; $_ is the message in its script block."
        );

    public static ErrorRecord InvalidArgument(string message, object? value, string advice) =>
        Make(new PSArgumentException(message), "InvalidArgument", ErrorCategory.InvalidArgument, value, advice);

    public static ErrorRecord NoFilePath(string path, string reason) =>
        Make(
            new PSArgumentException($"'{path}' does not name a file. {reason}"),
            "NoFilePath",
            ErrorCategory.InvalidArgument,
            path,
            "Use a full path, or change to a folder first: relative paths start at the current location."
        );

    public static ErrorRecord EndedEarly(NasSubscription subscription, long received, long wanted) =>
        Make(
            new InvalidOperationException(
                $"The subscription to '{subscription.Topic}' ended after {received} of {wanted} messages."
            ),
            "SubscriptionEnded",
            ErrorCategory.ResourceUnavailable,
            subscription,
            "It was unsubscribed, it reached its maximum number of messages, or its connection was closed: see Get-NasConnection."
        );

    public static ErrorRecord ReplyScriptFailed(NasMessage message, Exception error) =>
        Make(
            new PSArgumentException(
                $"-Payload returned no reply to the message on '{message.Topic}': {error.Message}",
                error
            ),
            "ReplyScriptFailed",
            ErrorCategory.InvalidResult,
            message,
            "Correct the script block of -Payload, in which $_ is the message."
        );

    public static ErrorRecord ActionEnded(NasMessage message, string how, bool isRequest) =>
        Make(
            new InvalidOperationException(
                isRequest
                    ? $"The action did not answer the request on '{message.Subject}': {how}."
                    : $"The action did not handle message {message.Sequence} of '{message.Stream}': {how}."
            ),
            "ActionEnded",
            ErrorCategory.OperationStopped,
            message,
            isRequest
                ? "Use return to end an action early. Its output up to then is the reply."
                : "Use return to end an action early. The message is then acknowledged."
        );

    public static ErrorRecord DeadLetterFailed(NasMessage message, string subject, Exception error) =>
        Make(
            new InvalidOperationException(
                $"Message {message.Sequence} of '{message.Stream}' could not be published to the dead-letter subject '{subject}', and is delivered again: {error.Message}",
                error
            ),
            "DeadLetterFailed",
            ErrorCategory.WriteError,
            message,
            "Check the stream that has the subject of -DeadLetter, and the permission to publish to it."
        );

    /// <summary>
    /// The error that a service put into the headers of its reply (ADR-32); null for any other reply.
    /// </summary>
    public static ErrorRecord? FromReply(NasMessage reply, string subject)
    {
        if (!reply.HasHeaders)
        {
            return null;
        }

        var (text, code) = (reply.Headers.Get("Nats-Service-Error"), reply.Headers.Get("Nats-Service-Error-Code"));
        if (text is null && code is null)
        {
            return null;
        }

        var message =
            $"The service on '{subject}' failed{(string.IsNullOrEmpty(code) ? "" : $" with code {code}")}"
            + $"{(string.IsNullOrEmpty(text) ? "" : $": {text}")}";
        return From(new NasException(NasError.ServiceError, message) { Target = subject }, reply);
    }

    public static ErrorRecord TimedOut(string message, object? target, string advice) =>
        Make(new TimeoutException(message), nameof(NasError.Timeout), ErrorCategory.OperationTimeout, target, advice);

    public static ErrorRecord Make(Exception error, string id, ErrorCategory category, object? target, string advice)
    {
        var about = target switch
        {
            FailedPayload failed => failed.Value,
            // A subject or another name, which may be a peer's: Get-Error shows it.
            string name => TerminalText.Lines(name),
            _ => target,
        };
        var shown = TerminalText.Error(error);
        return Shown(
            new ErrorRecord(shown, id, category, about)
            {
                ErrorDetails = new ErrorDetails(shown.Message) { RecommendedAction = advice },
            }
        );
    }

    /// <summary>
    /// A record of the user's script, which may quote text from a peer. It is shown without control characters.
    /// </summary>
    public static ErrorRecord Shown(ErrorRecord record)
    {
        var message = record.ErrorDetails?.Message ?? record.Exception.Message;
        if (TerminalText.Lines(message) is var text && text != message)
        {
            record.ErrorDetails = new ErrorDetails(text) { RecommendedAction = record.ErrorDetails?.RecommendedAction };
        }
        record.CategoryInfo.TargetName = TerminalText.Line(record.CategoryInfo.TargetName);
        return record;
    }
}

/// <summary>The payload that was not sent, as the target of an error, so that it can be sent again.</summary>
internal sealed record FailedPayload(object? Value);

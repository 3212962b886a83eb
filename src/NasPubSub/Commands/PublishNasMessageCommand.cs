using System.Collections;
using System.Management.Automation;
using NasPubSub.Completion;
using NasPubSub.Errors;
using NasPubSub.JetStream;
using NasPubSub.Payloads;
using NasPubSub.Receiving;

namespace NasPubSub.Commands;

/// <summary>
/// Publish-NasMessage. The payload alone is bound from the pipeline, and by value: binding by property name would cost
/// each object four times as much, so the properties of objects that bring their own subject are read here.
/// </summary>
[Cmdlet(VerbsData.Publish, "NasMessage")]
[OutputType(typeof(object))]
public sealed class PublishNasMessageCommand : NasStreamPublishCmdlet
{
    private NasConnection _connection = null!;
    private readonly CustomObjectMembers _members = new();
    private NasPublisher? _publisher,
        _last;
    private ScriptBlock? _subjectScript,
        _idScript;
    private IStreamPublish? _stream;
    private HeldMessages? _outer;
    private HeldInput? _held;

    /// <summary>
    /// The subject, or a script block that gives it for each object. Without it objects bring their own.
    /// </summary>
    [Parameter(Position = 0)]
    [ArgumentCompleter(typeof(SubjectCompleter))]
    public object? Subject { get; set; }

    /// <summary>Where answers go.</summary>
    [Parameter]
    [TypedTextTransformation]
    public string? ReplyTo { get; set; }

    /// <summary>Returns when the server has processed all of it.</summary>
    [Parameter]
    public SwitchParameter Flush { get; set; }

    /// <summary>
    /// Passes on the objects that were sent; those that were stored, where a stream acknowledges
    /// them.
    /// </summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        var subject = Subject.Unwrap();
        _subjectScript = subject as ScriptBlock;
        if (subject is IEnumerable and not string)
        {
            ThrowTerminatingError(
                NasErrorRecord.InvalidArgument(
                    $"-Subject takes one subject or a script block, not a {subject.GetType().Name}.",
                    subject,
                    "For several subjects, publish once for each."
                )
            );
        }

        base.BeginProcessing();
        // A script around this pipeline decides by itself what happens to its message.
        _outer = HeldMessages.Current;
        try
        {
            _connection = Nas;
            if (ReplyTo is not null)
            {
                NasSubject.CheckReply(ReplyTo);
            }

            if (subject is not null && _subjectScript is null)
            {
                _publisher = PublisherOf(TypedText.Of(Subject) ?? "");
            }
            if (IsAcknowledged)
            {
                _idScript = MessageId.Unwrap() as ScriptBlock;
                _stream = CreateStreamPublish(_connection, ReplyTo, PassThru);
            }
        }
        catch (Exception e) when (IsExpected(e))
        {
            Fail(e, Subject);
        }
    }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        var isSent = false;
        _held =
            _stream is not null && HeldMessages.Current is { } output && output != _outer ? output.Hold(Payload) : null;
        try
        {
            isSent = _publisher is null ? SendOwn(Payload) : Send(_publisher, Payload, Payload, ReplyTo);
            WriteWarnings();
            if (_stream is not null)
            {
                if (LastAtHand.IsOutput && !Atomic)
                {
                    // Else results and errors would wait for the next message.
                    Await(_stream.FlushAsync(Cancellation));
                }
                WriteResults(_stream);
            }
            else if (PassThru && isSent)
            {
                WriteObject(Payload);
            }
        }
        catch (NasException e) when (_stream is not null && EndsStreamPublish(e))
        {
            Fail(e, Stream);
        }
        catch (NasException e) when (Atomic)
        {
            Refuse(NasErrorRecord.From(e, new FailedPayload(Payload)));
        }
        catch (Exception e) when (IsExpected(e))
        {
            ReportOrFail(e, new FailedPayload(Payload));
        }
        finally
        {
            if (!isSent)
            {
                _held?.Release(isStored: false);
            }
        }
    }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        if (_stream is not null)
        {
            try
            {
                Await(_stream.FlushAsync(Cancellation));
            }
            catch (Exception e) when (IsExpected(e))
            {
                Fail(e);
            }
            WriteResults(_stream);
            ReportDenials();
            return;
        }
        _connection.SendBatched();
        EndPublishing(Flush);
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing && _stream?.Close() is > 0 and var open)
        {
            // The pipeline was stopped, and takes no more warnings.
            Host.UI.WriteWarningLine(
                $"{open:N0} messages are not acknowledged. Each may be stored, or not: look into the stream."
            );
        }
        base.Dispose(disposing);
    }

    private NasPublisher PublisherOf(string subject)
    {
        if (_last?.Subject == subject)
        {
            return _last;
        }
        SeenSubjects.Add(_connection, subject);
        return _last = _connection.CreatePublisher(subject, !Raw, batch: true);
    }

    /// <param name="publisher">Where to send it.</param>
    /// <param name="input">The object of the pipeline.</param>
    /// <param name="payload">What of it to send.</param>
    /// <param name="replyTo">Where replies go.</param>
    /// <param name="own">Headers of this message alone.</param>
    /// <returns>False where it reported an error instead.</returns>
    private bool Send(
        NasPublisher publisher,
        object? input,
        object? payload,
        string? replyTo,
        NasHeaders? own = null
    )
    {
        if (!TryTake(payload, own, input))
        {
            return false;
        }

        if (_stream is not null)
        {
            return Store(_stream, publisher.Subject, input);
        }
        if (Source.Text is { } text)
        {
            publisher.Publish(text, replyTo, Source.Headers, Cancellation);
        }
        else
        {
            publisher.Publish(Source.Bytes, replyTo, Source.Headers, Cancellation);
        }

        return true;
    }

    /// <returns>False where it reported an error instead.</returns>
    private bool Store(IStreamPublish stream, string subject, object? input)
    {
        string? id;
        try
        {
            id = _idScript is not null ? Evaluate(_idScript, input) : TypedText.Of(MessageId);
        }
        catch (Exception e) when (IsScriptError(e))
        {
            Refuse(NasErrorRecord.MessageIdScriptFailed(input, e));
            return false;
        }
        var taken = stream.PublishAsync(subject, Source, id, input, _held, Cancellation);
        if (!taken.IsCompletedSuccessfully)
        {
            Await(taken.AsTask());
        }
        return true;
    }

    /// <summary>An object that brings its own subject, or a message to send on.</summary>
    private bool SendOwn(object? value)
    {
        var message = value.Unwrap() as NasMessage;
        if (OwnPublisher(value, message) is not { } publisher)
        {
            return false;
        }

        if (_subjectScript is not null || IsMessage(value, message))
        {
            return Send(publisher, value, value, ReplyTo);
        }

        string? reply;
        NasHeaders? headers;
        object? payload;
        try
        {
            reply = ReplyTo ?? (TypedText.Of(Property(value, "ReplyTo")) is { Length: > 0 } own ? own : null);
            headers = HeaderTable.Of(Property(value, "Header") ?? Property(value, "Headers"));
            payload = HasProperty(value, "Payload") ? Property(value, "Payload") : value;
        }
        catch (Exception e) when (IsScriptError(e))
        {
            // A property that cannot be read costs its record only.
            Refuse(NasErrorRecord.InvalidPayload(value, e));
            return false;
        }
        return Send(publisher, value, payload, reply, headers);
    }

    /// <summary>Is it sent with the payload and the headers of a message?</summary>
    private bool IsMessage(object? value, NasMessage? message) =>
        message is not null || value.Unwrap() is NasDeadLetter || MessageRecord.Is(value, _members);

    private NasPublisher? OwnPublisher(object? value, NasMessage? message)
    {
        string? subject;
        try
        {
            subject =
                _subjectScript is not null ? Evaluate(_subjectScript, value)
                : message is not null ? message.Subject
                : TypedText.Of(Property(value, "Subject"));
        }
        catch (Exception e) when (IsScriptError(e))
        {
            // This one gets no subject; the next may.
            Refuse(NasErrorRecord.SubjectScriptFailed(value, e));
            return null;
        }
        if (!string.IsNullOrEmpty(subject))
        {
            return PublisherOf(subject!);
        }

        Refuse(NasErrorRecord.MissingSubject(value, _subjectScript is not null));
        return null;
    }

    private static string? Evaluate(ScriptBlock script, object? value)
    {
        var results = script.InvokeWithContext(null, [new PSVariable("_", value)]);
        return results.Count > 1 ? throw new RuntimeException($"it put out {results.Count} objects.")
            : results.Count == 0 ? null
            : TypedText.Of(results[0]);
    }

    private static bool HasProperty(object? value, string name) =>
        value is not null && PSObject.AsPSObject(value).Properties[name] is not null;

    private static object? Property(object? value, string name) =>
        value is null ? null : PSObject.AsPSObject(value).Properties[name]?.Value;
}

using System.Collections;
using System.Management.Automation;
using System.Text;
using NasPubSub.Completion;
using NasPubSub.Connection;
using NasPubSub.Errors;
using NasPubSub.Payloads;
using NasPubSub.Protocol;

namespace NasPubSub.Commands;

/// <summary>
/// Publish-NasMessage. The payload alone is bound from the pipeline, and by value: binding by property name would cost each
/// object four times as much, so the properties of objects that bring their own subject are read here.
/// </summary>
[Cmdlet(VerbsData.Publish, "NasMessage")]
[OutputType(typeof(object))]
public sealed class PublishNasMessageCommand : NasSessionCmdlet
{
    private NasConnection _connection = null!;
    private readonly CustomObjectMembers _members = new();
    private PayloadSource _source = null!;
    private PublishHead? _head;
    private ScriptBlock? _subjectScript;
    private string? _replyTopic;
    private string? _lastSubject;

    /// <summary>The subject, or a script block that gives it for each object. Without it objects bring their own.</summary>
    [Parameter(Position = 0)]
    [ArgumentCompleter(typeof(SubjectCompleter))]
    public object? Subject { get; set; }

    /// <summary>What to send: bytes as they are, text in the encoding, everything else as JSON.</summary>
    [Parameter(Position = 1, ValueFromPipeline = true)]
    [Alias("InputObject", "Message")]
    [AllowNull]
    public object? Payload { get; set; }

    /// <summary>Where answers go.</summary>
    [Parameter]
    [TypedTextTransformation]
    public string? ReplyTo { get; set; }

    /// <summary>Headers: a name with a value, or several.</summary>
    [Parameter]
    [Alias("Headers")]
    [HeaderTransformation]
    public IDictionary? Header { get; set; }

    /// <summary>The subject as it stands, without the namespace.</summary>
    [Parameter]
    [Alias("NoNamespace")]
    public SwitchParameter Raw { get; set; }

    /// <summary>How text becomes bytes.</summary>
    [Parameter]
    [EncodingTransformation]
    [ArgumentCompleter(typeof(EncodingCompleter))]
    public Encoding Encoding { get; set; } = EncodingTransformationAttribute.Utf8;

    /// <summary>How many levels of objects within objects are written as JSON.</summary>
    [Parameter]
    [ValidateRange(0, 100)]
    public int Depth { get; set; } = 10;

    /// <summary>Enumeration values by name instead of number.</summary>
    [Parameter]
    public SwitchParameter EnumsAsStrings { get; set; }

    /// <summary>Returns when the server has processed all of it.</summary>
    [Parameter]
    public SwitchParameter Flush { get; set; }

    /// <summary>Passes on the objects that were sent.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        try
        {
            var subject = Subject is PSObject wrapped ? wrapped.BaseObject : Subject;
            _subjectScript = subject as ScriptBlock;
            if (subject is IEnumerable and not string)
                ThrowTerminatingError(NasErrorRecord.InvalidArgument($"-Subject takes one subject or a script block, not a {subject.GetType().Name}.", subject, "For several subjects, publish once for each."));
            _connection = Nas;
            _source = new PayloadSource(Encoding, Depth, EnumsAsStrings, HeaderTable.ToHeaders(Header), Cancellation);
            _replyTopic = _connection.ReplyTopic(ReplyTo, !Raw);
            if (subject is not null && _subjectScript is null) _head = HeadOf(TypedText.Of(Subject) ?? "");
        }
        catch (NasException e)
        {
            Fail(e, Subject);
        }
    }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        try
        {
            var isSent = _head is null ? SendOwn(Payload) : Send(_head, Payload, _replyTopic);
            WriteWarnings();
            if (PassThru && isSent) WriteObject(Payload);
        }
        catch (NasException e) when (e.Error is not (NasError.ConnectionClosed or NasError.NotConnected))
        {
            Report(e, new FailedPayload(Payload));
        }
        catch (NasException e)
        {
            Fail(e, new FailedPayload(Payload));
        }
        catch (OperationCanceledException)
        {
            throw new PipelineStoppedException();
        }
    }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        _connection.Hasten();
        EndPublishing(Flush);
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing) _source?.Dispose();
        base.Dispose(disposing);
    }

    private PublishHead HeadOf(string subject)
    {
        var head = _connection.HeadOf(subject, !Raw);
        if (subject != _lastSubject) SeenSubjects.Add(_connection, _lastSubject = subject);
        return head;
    }

    /// <param name="head">The subject.</param>
    /// <param name="payload">What to send.</param>
    /// <param name="replyTopic">The wire's reply subject.</param>
    /// <param name="own">Headers of this message alone.</param>
    /// <returns>False where it reported an error instead.</returns>
    private bool Send(PublishHead head, object? payload, string? replyTopic, NasHeaders? own = null)
    {
        try
        {
            _source.Take(payload, own);
        }
        catch (Exception e) when (e is not (NasException or PipelineStoppedException or OperationCanceledException or OutOfMemoryException))
        {
            WriteError(NasErrorRecord.InvalidPayload(payload, e));
            return false;
        }
        if (_source.TakeCutWarning() is { } warning) WriteWarning(warning);
        var block = _connection.HeaderBlock(_source.Headers, _source.HasOwnHeaders);
        _connection.Publish(head, replyTopic, block, _source.Bytes, _source.Text, Cancellation, Haste.Together);
        return true;
    }

    /// <summary>An object that brings its own subject, or a message to send on.</summary>
    private bool SendOwn(object? value)
    {
        var message = (value is PSObject wrapped ? wrapped.BaseObject : value) as NasMessage;
        if (OwnHead(value, message) is not { } head) return false;
        if (_subjectScript is not null || message is not null || MessageRecord.Is(value, _members)) return Send(head, value, _replyTopic);
        string? reply;
        NasHeaders? headers;
        object? payload;
        try
        {
            reply = _replyTopic ?? (TypedText.Of(Property(value, "ReplyTo")) is { Length: > 0 } own ? _connection.ReplyTopic(own, !Raw) : null);
            headers = HeaderTable.Of(Property(value, "Header") ?? Property(value, "Headers"));
            payload = HasProperty(value, "Payload") ? Property(value, "Payload") : value;
        }
        catch (RuntimeException e) when (e is not PipelineStoppedException)
        {
            // A property that cannot be read costs its record only.
            WriteError(NasErrorRecord.InvalidPayload(value, e));
            return false;
        }
        return Send(head, payload, reply, headers);
    }

    private PublishHead? OwnHead(object? value, NasMessage? message)
    {
        string? subject;
        try
        {
            subject = _subjectScript is not null ? Evaluate(_subjectScript, value) : message is not null ? message.Subject : TypedText.Of(Property(value, "Subject"));
        }
        catch (RuntimeException e) when (e is not PipelineStoppedException)
        {
            // This one gets no subject; the next may.
            WriteError(NasErrorRecord.SubjectScriptFailed(value, e));
            return null;
        }
        if (!string.IsNullOrEmpty(subject)) return HeadOf(subject!);
        WriteError(NasErrorRecord.MissingSubject(value, _subjectScript is not null));
        return null;
    }

    private static string? Evaluate(ScriptBlock script, object? value)
    {
        var results = script.InvokeWithContext(null, [new PSVariable("_", value)]);
        return results.Count > 1 ? throw new RuntimeException($"it put out {results.Count} objects.") : results.Count == 0 ? null : TypedText.Of(results[0]);
    }

    private static bool HasProperty(object? value, string name) => value is not null && PSObject.AsPSObject(value).Properties[name] is not null;

    private static object? Property(object? value, string name) => value is null ? null : PSObject.AsPSObject(value).Properties[name]?.Value;
}

using System.Collections;
using System.Management.Automation;
using System.Text;
using NasPubSub.Completion;
using NasPubSub.Errors;
using NasPubSub.Payloads;

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
    private PayloadSource _source = null!;
    private string? _subject;
    private ScriptBlock? _subjectScript;
    private string? _replyTopic;
    private bool _cutWarned;

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
    public string? ReplyTo { get; set; }

    /// <summary>Headers: a name with a value, or several.</summary>
    [Parameter]
    [Alias("Headers")]
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

    /// <summary>How deep objects are written as JSON.</summary>
    [Parameter]
    [ValidateRange(1, 100)]
    public int Depth { get; set; } = 10;

    /// <summary>Enumeration values by name instead of number.</summary>
    [Parameter]
    public SwitchParameter EnumsAsStrings { get; set; }

    /// <summary>Returns when the server has processed all of it.</summary>
    [Parameter]
    public SwitchParameter Flush { get; set; }

    /// <summary>Passes the objects on.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        try
        {
            var given = Subject is PSObject wrapped ? wrapped.BaseObject : Subject;
            _subjectScript = given as ScriptBlock;
            _subject = _subjectScript is null ? given?.ToString() : null;
            _connection = Nas;
            _source = new PayloadSource(Encoding, Depth, EnumsAsStrings, HeaderTable.ToHeaders(Header));
            _replyTopic = _connection.ReplyTopic(ReplyTo, !Raw);
            if (_subject is not null) SeenSubjects.Add(_connection, _subject);
        }
        catch (NasException e)
        {
            Fail(e);
        }
    }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        try
        {
            if (_subject is not null && (Payload is PSObject wrapped ? wrapped.BaseObject : Payload) is not NasMessage) Send(_subject, Payload, _replyTopic);
            else SendOwn(Payload);
            if (PassThru) WriteObject(Payload);
        }
        catch (NasException e) when (e.Error is not (NasError.ConnectionClosed or NasError.NotConnected))
        {
            Report(e, Payload);
        }
        catch (NasException e)
        {
            Fail(e, Payload);
        }
        catch (OperationCanceledException)
        {
            throw new PipelineStoppedException();
        }
    }

    /// <inheritdoc/>
    protected override void EndProcessing()
    {
        if (!Flush) return;
        try
        {
            Await(_connection.FlushAsync(cancel: Cancellation));
        }
        catch (NasException e)
        {
            Report(e);
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing) _source?.Dispose();
        base.Dispose(disposing);
    }

    private void Send(string subject, object? payload, string? replyTopic, byte[]? headers = null)
    {
        try
        {
            _source.Take(payload);
        }
        catch (Exception e) when (e is not (PipelineStoppedException or OutOfMemoryException))
        {
            WriteError(NasErrorRecord.InvalidPayload(payload, e));
            return;
        }
        if (_source.IsCut && !_cutWarned)
        {
            _cutWarned = true;
            WriteWarning($"The JSON is cut at a depth of {Depth}: use -Depth for more.");
        }
        var block = headers ?? _source.Headers;
        if (block is not null && _connection.ServerInfo is { Headers: false }) block = null;
        _connection.Publish(_connection.HeadOf(subject, !Raw), replyTopic, block, _source.Bytes, _source.Text, Cancellation);
    }

    /// <summary>An object that brings its own subject, or a message to send on.</summary>
    private void SendOwn(object? value)
    {
        var wrapped = value as PSObject;
        var message = (wrapped is null ? value : wrapped.BaseObject) as NasMessage;
        var subject = _subject ?? (_subjectScript is not null ? Evaluate(_subjectScript, value) : message?.Subject ?? Property(value, "Subject") as string);
        if (string.IsNullOrEmpty(subject))
        {
            WriteError(NasErrorRecord.MissingSubject(value));
            return;
        }
        if (message is not null)
        {
            var headers = Header is null ? message.HeaderBlock : null;
            Send(subject!, message.Payload, _replyTopic, headers);
        }
        else if (_subjectScript is not null || value is null)
        {
            Send(subject!, value, _replyTopic);
        }
        else
        {
            var reply = _replyTopic ?? (Property(value, "ReplyTo")?.ToString() is { Length: > 0 } own ? _connection.ReplyTopic(own, !Raw) : null);
            var own_ = (Property(value, "Header") ?? Property(value, "Headers")) as IDictionary;
            Send(subject!, HasProperty(value, "Payload") ? Property(value, "Payload") : value, reply, own_ is null ? null : HeaderTable.ToHeaders(own_)?.ToBytes());
        }
    }

    private static string? Evaluate(ScriptBlock script, object? value)
    {
        var results = script.InvokeWithContext(null, [new PSVariable("_", value)]);
        return results.Count == 0 ? null : results[0]?.ToString();
    }

    private static bool HasProperty(object? value, string name) => value is not null && PSObject.AsPSObject(value).Properties[name] is not null;

    private static object? Property(object? value, string name)
    {
        var found = value is null ? null : PSObject.AsPSObject(value).Properties[name]?.Value;
        return found is PSObject wrapped && wrapped.BaseObject is not PSCustomObject ? wrapped.BaseObject : found;
    }
}

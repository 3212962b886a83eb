using System.Collections;
using System.Management.Automation;
using System.Text;
using NasPubSub.Completion;
using NasPubSub.Errors;
using NasPubSub.Payloads;

namespace NasPubSub.Commands;

/// <summary>Send-NasReply: answers a request, on the connection and to the very subject it came with.</summary>
[Cmdlet(VerbsCommunications.Send, "NasReply")]
[OutputType(typeof(void))]
public sealed class SendNasReplyCommand : NasCmdlet
{
    private PayloadSource? _source;

    /// <summary>The answer, or a script block that makes it of the message in <c>$_</c>.</summary>
    [Parameter(Position = 0)]
    [AllowNull]
    public object? Payload { get; set; }

    /// <summary>The message to answer.</summary>
    [Parameter(Mandatory = true, ValueFromPipeline = true)]
    [Alias("Message", "Request")]
    public NasMessage InputObject { get; set; } = null!;

    /// <summary>Headers: a name with a value, or several.</summary>
    [Parameter]
    [Alias("Headers")]
    public IDictionary? Header { get; set; }

    /// <summary>How text becomes bytes.</summary>
    [Parameter]
    [EncodingTransformation]
    [ArgumentCompleter(typeof(EncodingCompleter))]
    public Encoding Encoding { get; set; } = EncodingTransformationAttribute.Utf8;

    /// <summary>How deep objects are written as JSON.</summary>
    [Parameter]
    [ValidateRange(1, 100)]
    public int Depth { get; set; } = 10;

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        try
        {
            _source = new PayloadSource(Encoding, Depth, false, HeaderTable.ToHeaders(Header));
        }
        catch (NasException e)
        {
            Fail(e);
        }
    }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        var connection = InputObject.Subscription.Connection;
        Watched = connection;
        try
        {
            if (InputObject.ReplyTopic is not { } topic)
                throw new NasException(NasError.NoReplySubject, $"The message on '{InputObject.Subject}' asks for no answer: it has no reply subject.");
            _source!.Take((Payload is PSObject wrapped ? wrapped.BaseObject : Payload) is ScriptBlock script ? Evaluate(script) : Payload);
            connection.Publish(connection.HeadOf(topic, useNamespace: false), null, _source.Headers, _source.Bytes, _source.Text, Cancellation);
        }
        catch (NasException e)
        {
            Report(e, InputObject);
        }
        catch (OperationCanceledException)
        {
            throw new PipelineStoppedException();
        }
        catch (Exception e) when (e is not (PipelineStoppedException or OutOfMemoryException))
        {
            WriteError(NasErrorRecord.InvalidPayload(Payload, e));
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing) _source?.Dispose();
        base.Dispose(disposing);
    }

    private object? Evaluate(ScriptBlock script)
    {
        var results = script.InvokeWithContext(null, [new PSVariable("_", InputObject)]);
        return results.Count switch { 0 => null, 1 => results[0], _ => results.ToArray() };
    }
}

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
    [HeaderTransformation]
    public IDictionary? Header { get; set; }

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

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        try
        {
            _source = new PayloadSource(Encoding, Depth, EnumsAsStrings, HeaderTable.ToHeaders(Header), Cancellation);
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
        if (Watched != connection)
        {
            EndPublishing(flush: false);
            Watched = connection;
            ReportDenials();
        }
        try
        {
            if (InputObject.ReplyTopic is not { } topic)
            {
                throw new NasException(
                    NasError.NoReplySubject,
                    $"The message on '{InputObject.Topic}' asks for no answer: it has no reply subject."
                );
            }

            if (!TryTake())
            {
                return;
            }

            if (_source!.TakeCutWarning() is { } warning)
            {
                WriteWarning(warning);
            }

            if (_source.Text is { } text)
            {
                InputObject.Reply(text, _source.Headers, Cancellation);
            }
            else
            {
                InputObject.Reply(_source.Bytes, _source.Headers, Cancellation);
            }

            WriteWarnings();
        }
        catch (NasException e)
        {
            Report(e, InputObject);
        }
        catch (OperationCanceledException)
        {
            throw new PipelineStoppedException();
        }
    }

    /// <inheritdoc/>
    protected override void EndProcessing() => EndPublishing(flush: false);

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing)
        {
            _source?.Dispose();
        }

        base.Dispose(disposing);
    }

    private bool TryTake()
    {
        var answer = Payload;
        try
        {
            if ((Payload is PSObject wrapped ? wrapped.BaseObject : Payload) is ScriptBlock script)
            {
                answer = Evaluate(script);
            }
        }
        catch (RuntimeException e) when (e is not PipelineStoppedException)
        {
            WriteError(NasErrorRecord.ReplyScriptFailed(InputObject, e));
            return false;
        }
        try
        {
            _source!.Take(answer);
            return true;
        }
        catch (Exception e)
            when (e is not (PipelineStoppedException or OperationCanceledException or OutOfMemoryException))
        {
            WriteError(NasErrorRecord.InvalidPayload(answer, e));
            return false;
        }
    }

    private object? Evaluate(ScriptBlock script)
    {
        var results = script.InvokeWithContext(null, [new PSVariable("_", InputObject)]);
        return results.Count switch
        {
            0 => null,
            1 => results[0],
            _ => results.ToArray(),
        };
    }
}

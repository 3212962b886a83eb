using System.Collections;
using System.Management.Automation;
using System.Text;
using System.Text.Json;
using NasPubSub.Completion;
using NasPubSub.Errors;
using NasPubSub.Payloads;
using NasPubSub.Sessions;

namespace NasPubSub.Commands;

/// <summary>Invoke-NasRequest: a request and its reply, or its replies.</summary>
[Cmdlet(VerbsLifecycle.Invoke, "NasRequest")]
[OutputType(typeof(NasMessage), typeof(string), typeof(PSObject), typeof(byte[]))]
public sealed class InvokeNasRequestCommand : NasSessionCmdlet
{
    private PayloadSource? _source;
    private NasHeaders? _headers;

    /// <summary>The subject of the service.</summary>
    [Parameter(Mandatory = true, Position = 0)]
    [ArgumentCompleter(typeof(SubjectCompleter))]
    public string Subject { get; set; } = "";

    /// <summary>What to send: bytes as they are, text in the encoding, everything else as JSON.</summary>
    [Parameter(Position = 1, ValueFromPipeline = true)]
    [Alias("InputObject", "Message")]
    [AllowNull]
    public object? Payload { get; set; }

    /// <summary>How long to wait for the reply, or for all replies.</summary>
    [Parameter]
    [SecondsTransformation]
    public TimeSpan? Timeout { get; set; }

    /// <summary>Waits for so many replies.</summary>
    [Parameter]
    [ValidateRange(1, int.MaxValue)]
    public int Count { get; set; } = 1;

    /// <summary>Takes every reply until none has come for this time, or an empty one tells the end.</summary>
    [Parameter]
    [SecondsTransformation]
    public TimeSpan? IdleTimeout { get; set; }

    /// <summary>Headers: a name with a value, or several.</summary>
    [Parameter]
    [Alias("Headers")]
    public IDictionary? Header { get; set; }

    /// <summary>The subject as it stands, without the namespace.</summary>
    [Parameter]
    [Alias("NoNamespace")]
    public SwitchParameter Raw { get; set; }

    /// <summary>The whole reply, or its payload as text, JSON objects or bytes.</summary>
    [Parameter]
    public NasMessageForm As { get; set; }

    /// <summary>How text becomes bytes, both ways.</summary>
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
            _headers = HeaderTable.ToHeaders(Header);
            _source = new PayloadSource(Encoding, Depth, false, _headers);
            SeenSubjects.Add(Nas, Subject);
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
            _source!.Take(Payload);
        }
        catch (Exception e) when (e is not (PipelineStoppedException or OutOfMemoryException))
        {
            WriteError(NasErrorRecord.InvalidPayload(Payload, e));
            return;
        }
        try
        {
            var bytes = _source.Text is { } text ? EncodingTransformationAttribute.Utf8.GetBytes(text) : _source.Bytes.ToArray();
            var headers = _source.Headers is { } block ? NasHeaders.Parse(block) : null;
            if (Count == 1 && IdleTimeout is null) Give(Await(Nas.RequestAsync(Subject, bytes, Timeout, headers, !Raw, Cancellation).AsTask()));
            else GiveMany(bytes, headers);
        }
        catch (NasException e) when (e.Error is not (NasError.ConnectionClosed or NasError.InvalidSubject))
        {
            Report(e, Subject);
        }
        catch (NasException e)
        {
            Fail(e, Subject);
        }
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        if (disposing) _source?.Dispose();
        base.Dispose(disposing);
    }

    private void GiveMany(byte[] bytes, NasHeaders? headers)
    {
        var wanted = MyInvocation.BoundParameters.ContainsKey(nameof(Count)) ? Count : 0;
        var replies = Nas.RequestManyAsync(Subject, bytes, Timeout, wanted, IdleTimeout, stopOnEmpty: true, headers, !Raw, Cancellation).GetAsyncEnumerator(Cancellation);
        var got = 0;
        try
        {
            for (; Await(replies.MoveNextAsync().AsTask()); got++) Give(replies.Current);
        }
        finally
        {
            replies.DisposeAsync().AsTask().Wait(TimeSpan.FromSeconds(1));
        }
        var limit = (Timeout ?? Nas.Options.RequestTimeout).TotalSeconds;
        if (got == 0)
            Report(new NasException(NasError.RequestTimeout, $"No reply to the request on '{Subject}' came within {limit:0.###} s."), Subject);
        else if (wanted > got)
            Report(new NasException(NasError.RequestTimeout, $"{got} of {wanted} replies on '{Subject}' came within {limit:0.###} s."), Subject);
    }

    private void Give(NasMessage reply)
    {
        try
        {
            WriteObject(reply.To(As, Encoding), enumerateCollection: false);
        }
        catch (JsonException e)
        {
            WriteError(NasErrorRecord.InvalidJson(reply, e));
        }
    }
}

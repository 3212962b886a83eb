using System.Collections;
using System.Diagnostics;
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

    /// <summary>The subject of the service.</summary>
    [Parameter(Mandatory = true, Position = 0)]
    [ArgumentCompleter(typeof(SubjectCompleter))]
    [TypedTextTransformation]
    public string Subject { get; set; } = "";

    /// <summary>What to send: bytes as they are, text in the encoding, everything else as JSON.</summary>
    [Parameter(Position = 1, ValueFromPipeline = true)]
    [Alias("InputObject", "Message")]
    [AllowNull]
    public object? Payload { get; set; }

    /// <summary>How long to wait for the reply, or for all replies.</summary>
    [Parameter]
    [DurationTransformation]
    public NasDuration? Timeout { get; set; }

    /// <summary>Waits for so many replies.</summary>
    [Parameter]
    [ValidateRange(1, int.MaxValue)]
    public int Count { get; set; } = 1;

    /// <summary>Takes every reply until none has come for this time, or an empty one tells the end.</summary>
    [Parameter]
    [DurationTransformation]
    public NasDuration? IdleTimeout { get; set; }

    /// <summary>Headers: a name with a value, or several.</summary>
    [Parameter]
    [Alias("Headers")]
    [HeaderTransformation]
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

    /// <summary>How many levels of objects within objects are written as JSON.</summary>
    [Parameter]
    [ValidateRange(0, 100)]
    public int Depth { get; set; } = 10;

    /// <summary>Enumeration values by name instead of number.</summary>
    [Parameter]
    public SwitchParameter EnumsAsStrings { get; set; }

    private protected override TimeSpan? Patience => Timeout;

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        try
        {
            _source = new PayloadSource(Encoding, Depth, EnumsAsStrings, HeaderTable.ToHeaders(Header), Cancellation);
            // What cannot be sent to at all is told once, not for each object.
            _ = Nas.CreatePublisher(Subject, !Raw);
            SeenSubjects.Add(Nas, Subject);
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
            _source!.Take(Payload);
        }
        catch (Exception e)
            when (e is not (PipelineStoppedException or OperationCanceledException or OutOfMemoryException))
        {
            WriteError(NasErrorRecord.InvalidPayload(Payload, e));
            return;
        }
        catch (OperationCanceledException)
        {
            throw new PipelineStoppedException();
        }
        if (_source.TakeCutWarning() is { } warning)
        {
            WriteWarning(warning);
        }

        try
        {
            var bytes = _source.Text is { } text
                ? EncodingTransformationAttribute.Utf8.GetBytes(text)
                : _source.Bytes.ToArray();
            if (Count == 1 && IdleTimeout is null)
            {
                Give(Await(Nas.RequestAsync(Subject, bytes, Timeout, _source.Headers, !Raw, Cancellation).AsTask()));
            }
            else
            {
                GiveMany(bytes, _source.Headers);
            }
        }
        catch (NasException e) when (e.Error is not (NasError.ConnectionClosed or NasError.NotConnected))
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
        if (disposing)
        {
            _source?.Dispose();
        }

        base.Dispose(disposing);
    }

    private void GiveMany(byte[] bytes, NasHeaders? headers)
    {
        var wanted = MyInvocation.BoundParameters.ContainsKey(nameof(Count)) ? Count : 0;
        TimeSpan limit = Timeout ?? Nas.Options.RequestTimeout;
        var clock = Stopwatch.StartNew();
        var replies = Nas.RequestManyAsync(
                Subject,
                bytes,
                limit,
                wanted,
                IdleTimeout,
                headers: headers,
                useNamespace: !Raw,
                cancel: Cancellation
            )
            .GetAsyncEnumerator(Cancellation);
        var next = Task.FromResult(false);
        var got = 0;
        try
        {
            while (Await(next = replies.MoveNextAsync().AsTask()))
            {
                got++;
                Give(replies.Current);
            }
        }
        finally
        {
            // Ctrl+C leaves the step under way to end by itself; only then the subscription can be taken back.
            _ = next.ContinueWith(_ => replies.DisposeAsync().AsTask(), TaskScheduler.Default);
        }
        // An empty message from the service ends the replies before time: none is an answer as well.
        if (got == 0 && clock.Elapsed >= limit)
        {
            Report(
                new NasException(
                    NasError.RequestTimeout,
                    $"No reply to the request on '{Nas.ToWireSubject(Subject, !Raw)}' came within {limit.TotalSeconds:0.###} s."
                ),
                Subject
            );
        }
        else if (got < wanted)
        {
            Report(
                new NasException(
                    NasError.RequestTimeout,
                    $"{got} of {wanted} replies on '{Nas.ToWireSubject(Subject, !Raw)}' came in time."
                ),
                Subject
            );
        }
    }

    private void Give(NasMessage reply)
    {
        if (NasErrorRecord.FromReply(reply, Subject) is { } failure)
        {
            WriteError(failure);
            return;
        }
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

using System.Diagnostics;
using System.Management.Automation;
using NasPubSub.Completion;
using NasPubSub.Errors;
using NasPubSub.Payloads;

namespace NasPubSub.Commands;

/// <summary>Invoke-NasRequest: a request and its reply, or its replies.</summary>
[Cmdlet(VerbsLifecycle.Invoke, "NasRequest")]
[OutputType(typeof(NasMessage), typeof(string), typeof(PSObject), typeof(byte[]))]
public sealed class InvokeNasRequestCommand : NasPublishCmdlet
{
    /// <summary>The subject of the service.</summary>
    [Parameter(Mandatory = true, Position = 0)]
    [ArgumentCompleter(typeof(SubjectCompleter))]
    [TypedTextTransformation]
    public string Subject { get; set; } = "";

    /// <summary>How long to wait for the reply, or for all replies.</summary>
    [Parameter]
    [DurationTransformation]
    public NasDuration? Timeout { get; set; }

    /// <summary>The number of replies to wait for.</summary>
    [Parameter]
    [ValidateRange(1, int.MaxValue)]
    public int Count { get; set; } = 1;

    /// <summary>Takes every reply until none has come for this time, or an empty one tells the end.</summary>
    [Parameter]
    [DurationTransformation]
    public NasDuration? IdleTimeout { get; set; }

    /// <summary>The whole reply, or its payload as text, JSON objects or bytes.</summary>
    [Parameter]
    public NasMessageForm As { get; set; }

    private protected override TimeSpan? ConnectLimit => Timeout;

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        base.BeginProcessing();
        try
        {
            // A subject that cannot be used is one error, not one for each object.
            _ = Nas.CreatePublisher(Subject, !Raw);
            SeenSubjects.Add(Nas, Subject);
        }
        catch (Exception e) when (IsExpected(e))
        {
            Fail(e, Subject);
        }
    }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        try
        {
            if (!TryTake(Payload))
            {
                return;
            }

            var bytes = Source.Text is { } text
                ? EncodingTransformationAttribute.Utf8.GetBytes(text)
                : Source.Bytes.ToArray();
            if (Count == 1 && IdleTimeout is null)
            {
                Write(Await(Nas.RequestAsync(Subject, bytes, Timeout, Source.Headers, !Raw, Cancellation).AsTask()));
            }
            else
            {
                WriteMany(bytes, Source.Headers);
            }
        }
        catch (Exception e) when (IsExpected(e))
        {
            ReportOrFail(e, Subject);
        }
    }

    private void WriteMany(byte[] bytes, NasHeaders? headers)
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
                Write(replies.Current);
            }
        }
        finally
        {
            // Ctrl+C leaves the step under way to end by itself; only then the subscription can be taken back.
            _ = next.ContinueWith(_ => replies.DisposeAsync().AsTask(), TaskScheduler.Default);
        }
        // An empty message from the service ends the replies early, even if it is the first one.
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

    private void Write(NasMessage reply)
    {
        if (NasErrorRecord.FromReply(reply, Subject) is { } failure)
        {
            WriteError(failure);
            return;
        }

        WriteMessage(reply, As, Encoding);
    }
}

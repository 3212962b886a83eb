using System.Management.Automation;
using NasPubSub.Completion;
using NasPubSub.Errors;
using NasPubSub.Payloads;

namespace NasPubSub.Commands;

/// <summary>New-NasMessage: a message without a server, for tests and for sending.</summary>
[Cmdlet(VerbsCommon.New, "NasMessage")]
[OutputType(typeof(NasMessage))]
public sealed class NewNasMessageCommand : NasPayloadCmdlet
{
    /// <summary>The subject, without the namespace.</summary>
    [Parameter(Mandatory = true, Position = 0)]
    [ArgumentCompleter(typeof(SubjectCompleter))]
    [TypedTextTransformation]
    public string Subject { get; set; } = "";

    /// <summary>Bytes as they are, text in the encoding, everything else as JSON.</summary>
    [Parameter(Position = 1, ValueFromPipeline = true)]
    [Alias("InputObject", "Message")]
    [AllowNull]
    public object? Payload { get; set; }

    /// <summary>Where answers go.</summary>
    [Parameter]
    [TypedTextTransformation]
    public string? ReplyTo { get; set; }

    /// <summary>The namespace that Topic begins with.</summary>
    [Parameter]
    [TypedTextTransformation]
    public string? Namespace { get; set; }

    /// <summary>When the message came; now, unless given.</summary>
    [Parameter]
    public DateTimeOffset Timestamp { get; set; }

    /// <summary>No parameter here: a message is made without a server.</summary>
    public override object? Connection { get; set; }

    /// <inheritdoc/>
    protected override void BeginProcessing()
    {
        base.BeginProcessing();
        try
        {
            // A bad subject is an error of the call, not of each object.
            _ = Create([], null);
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
            if (TryTake(Payload))
            {
                var bytes = Source.Text is { } text ? Encoding.GetBytes(text) : Source.Bytes.ToArray();
                WriteObject(Create(bytes, Source.Headers));
            }
        }
        catch (Exception e) when (IsExpected(e))
        {
            Report(e, new FailedPayload(Payload));
        }
    }

    private NasMessage Create(byte[] payload, NasHeaders? headers) =>
        NasMessage.Create(
            Subject,
            payload,
            headers,
            ReplyTo,
            Namespace,
            MyInvocation.BoundParameters.ContainsKey(nameof(Timestamp)) ? Timestamp : null
        );
}

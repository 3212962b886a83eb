using System.Management.Automation;
using NasPubSub.Errors;
using NasPubSub.Payloads;

namespace NasPubSub.Commands;

/// <summary>Send-NasReply: answers a request, on the connection and to the very subject it came with.</summary>
[Cmdlet(VerbsCommunications.Send, "NasReply")]
[OutputType(typeof(void))]
public sealed class SendNasReplyCommand : NasPayloadCmdlet
{
    /// <summary>The answer, or a script block that makes it of the message in <c>$_</c>.</summary>
    [Parameter(Position = 0)]
    [AllowNull]
    public object? Payload { get; set; }

    /// <summary>The message to answer.</summary>
    [Parameter(Mandatory = true, ValueFromPipeline = true)]
    [Alias("Message", "Request")]
    public NasMessage InputObject { get; set; } = null!;

    /// <summary>No parameter here: a reply goes out on the connection of its message.</summary>
    public override object? Connection
    {
        get => InputObject.Subscription?.Connection;
        set { }
    }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (InputObject.Subscription?.Connection is { } connection && ActiveConnection != connection)
        {
            EndPublishing(flush: false);
            Use(connection);
        }

        try
        {
            if (InputObject.ReplyTopic is not { } topic)
            {
                throw new NasException(
                    NasError.NoReplySubject,
                    $"The message on '{InputObject.Topic}' cannot be answered: it has no reply subject."
                );
            }

            if (!TryReadReply(out var reply) || !TryTake(reply))
            {
                return;
            }

            if (Source.Text is { } text)
            {
                InputObject.Reply(text, Source.Headers, Cancellation);
            }
            else
            {
                InputObject.Reply(Source.Bytes, Source.Headers, Cancellation);
            }

            WriteWarnings();
        }
        catch (Exception e) when (IsExpected(e))
        {
            Report(e, InputObject);
        }
    }

    /// <inheritdoc/>
    protected override void EndProcessing() => EndPublishing(flush: false);

    /// <summary>The given reply, or the output of the script block for the message.</summary>
    private bool TryReadReply(out object? reply)
    {
        reply = Payload;
        try
        {
            if (Payload.Unwrap() is ScriptBlock script)
            {
                reply = Evaluate(script);
            }

            return true;
        }
        catch (Exception e) when (IsScriptError(e))
        {
            WriteError(NasErrorRecord.ReplyScriptFailed(InputObject, e));
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

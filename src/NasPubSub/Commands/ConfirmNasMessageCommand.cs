using System.Management.Automation;
using NasPubSub.Errors;
using NasPubSub.JetStream;
using NasPubSub.Jobs;
using NasPubSub.Payloads;

namespace NasPubSub.Commands;

/// <summary>Confirm-NasMessage: tells the consumer what happened to a message.</summary>
[Cmdlet(VerbsLifecycle.Confirm, "NasMessage", DefaultParameterSetName = "Acknowledge")]
[OutputType(typeof(void), typeof(NasMessage))]
public sealed class ConfirmNasMessageCommand : NasSessionCmdlet
{
    private readonly CustomObjectMembers _members = new();

    /// <summary>A message that a consumer delivered.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipeline = true)]
    [Alias("Message")]
    [ValidateNotNull]
    public object InputObject { get; set; } = null!;

    /// <summary>Asks for the message to be delivered again.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "Retry")]
    public SwitchParameter Retry { get; set; }

    /// <summary>How long to wait before it is delivered again.</summary>
    [Parameter(ParameterSetName = "Retry")]
    [DurationTransformation]
    public NasDuration? Delay { get; set; }

    /// <summary>Rejects the message: it is never delivered again.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "Reject")]
    public SwitchParameter Reject { get; set; }

    /// <summary>Why it is rejected.</summary>
    [Parameter(ParameterSetName = "Reject")]
    [TypedTextTransformation]
    public string? Reason { get; set; }

    /// <summary>Says that the message is still being worked on.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "InProgress")]
    public SwitchParameter InProgress { get; set; }

    /// <summary>Waits for the answer of the server to each message.</summary>
    [Parameter]
    public SwitchParameter Wait { get; set; }

    /// <summary>How long such an answer may take.</summary>
    [Parameter]
    [DurationTransformation]
    public NasDuration? Timeout { get; set; }

    /// <summary>Outputs the messages whose acknowledgement was sent; with -Wait, answered.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    private protected override TimeSpan? ConnectLimit => Timeout;

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        try
        {
            if (MessageRecord.ToMessage(InputObject, _members) is not { } message)
            {
                WriteError(NasErrorRecord.InvalidMessage(InputObject));
                return;
            }
            Send(message);
            if (PassThru)
            {
                WriteObject(InputObject);
            }
        }
        catch (Exception e) when (IsExpected(e))
        {
            ReportOrFail(e, InputObject);
        }
    }

    /// <inheritdoc/>
    protected override void EndProcessing() => EndPublishing(flush: false);

    private void Send(NasMessage message)
    {
        TimeSpan? limit = Timeout is { } time ? (TimeSpan)time : null;
        var connection = message.ReplyTopic is null ? null : ConnectionOf(message);
        var sent = ParameterSetName switch
        {
            "Retry" => message.NakAsync(Delay?.Whole, Wait, limit, connection, Cancellation),
            "Reject" => message.TermAsync(Reason, Wait, limit, connection, Cancellation),
            "InProgress" => message.InProgressAsync(Wait, limit, connection, Cancellation),
            _ => message.AckAsync(Wait, limit, connection, Cancellation),
        };
        if (sent.IsCompletedSuccessfully)
        {
            WriteWarnings();
        }
        else
        {
            Await(sent.AsTask());
        }

        // The action that has this message leaves it alone from now on.
        if (!InProgress)
        {
            MessagesInWork.Note(
                message,
                Retry ? Confirmation.Retry
                    : Reject ? Confirmation.Rejected
                    : Confirmation.Done
            );
        }
    }

    /// <summary>
    /// The connection that the message came by, unless the call names one; the session for a message that was restored.
    /// </summary>
    private NasConnection ConnectionOf(NasMessage message)
    {
        if (Connection is not null || message.Subscription?.Connection is not { } own)
        {
            return Nas;
        }
        if (ActiveConnection != own)
        {
            EndPublishing(flush: false);
            Use(own);
        }
        return own;
    }
}

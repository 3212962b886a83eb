using System.Management.Automation;
using NasPubSub.Payloads;

namespace NasPubSub.Jobs;

/// <summary>The first stage of an action's pipeline: the messages. Known to that pipeline only.</summary>
internal sealed class ReadActionMessageCommand : PSCmdlet
{
    public static CmdletInfo Info { get; } = new("Read-NasActionMessage", typeof(ReadActionMessageCommand));

    [Parameter]
    public ActionFeed Feed { get; set; } = null!;

    protected override void EndProcessing()
    {
        while (Feed.Options.Waits ? Feed.Fill() : Feed.FillTurn())
        {
            if (Feed.Next() is not { } message)
            {
                return;
            }

            if (Feed.Options.As == NasMessageForm.Message)
            {
                WriteObject(message);
            }
            else
            {
                Convert(message);
            }

            Feed.Finish();
        }
    }

    private void Convert(NasMessage message)
    {
        if (message.TryConvert(Feed.Options.As, Feed.Options.Encoding, out var value, out var error))
        {
            WriteObject(value, enumerateCollection: false);
        }
        else
        {
            WriteError(error);
        }
    }
}

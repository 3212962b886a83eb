using System.Collections;
using System.Management.Automation;
using System.Text;

namespace NasPubSub.Benchmarks.Shell;

/// <summary>
/// Publish-NasMessage's parameters, and nothing behind them: what the engine itself costs for each object.
/// </summary>
[Cmdlet(VerbsData.Publish, "Nothing")]
public sealed class PublishNothingCommand : PSCmdlet
{
    [Parameter(Position = 0)]
    public object? Subject { get; set; }

    [Parameter(Position = 1, ValueFromPipeline = true)]
    [Alias("InputObject", "Message")]
    [AllowNull]
    public object? Payload { get; set; }

    [Parameter]
    public string? ReplyTo { get; set; }

    [Parameter]
    [Alias("Headers")]
    public IDictionary? Header { get; set; }

    [Parameter]
    public SwitchParameter Raw { get; set; }

    [Parameter]
    public Encoding? Encoding { get; set; }

    [Parameter]
    [ValidateRange(1, 100)]
    public int Depth { get; set; } = 10;

    [Parameter]
    public SwitchParameter EnumsAsStrings { get; set; }

    [Parameter]
    public SwitchParameter Flush { get; set; }

    [Parameter]
    public SwitchParameter PassThru { get; set; }

    [Parameter]
    public object? Connection { get; set; }

    [Parameter]
    public string? Stream { get; set; }

    [Parameter]
    public SwitchParameter Acknowledge { get; set; }

    [Parameter]
    public string? Domain { get; set; }

    [Parameter]
    [ValidateRange(1, 1_000_000)]
    public int Window { get; set; } = 1000;

    [Parameter]
    [ValidateRange(1, long.MaxValue)]
    public long WindowBytes { get; set; } = 8 * 1024 * 1024;

    [Parameter]
    public object? MessageId { get; set; }

    [Parameter]
    public ulong? ExpectedLastSequence { get; set; }

    [Parameter]
    public ulong? ExpectedSubjectSequence { get; set; }

    [Parameter]
    [Alias("Ttl")]
    public TimeSpan? TimeToLive { get; set; }

    [Parameter]
    public DateTimeOffset? At { get; set; }

    [Parameter]
    public TimeSpan? Every { get; set; }

    [Parameter]
    public string? Cron { get; set; }

    [Parameter]
    public string? TargetSubject { get; set; }

    [Parameter]
    public string? TimeZone { get; set; }

    [Parameter]
    public SwitchParameter Atomic { get; set; }

    [Parameter]
    public SwitchParameter Receipt { get; set; }

    [Parameter]
    public TimeSpan? Timeout { get; set; }

    protected override void ProcessRecord() { }
}

/// <summary>A source of messages that come from nowhere.</summary>
[Cmdlet(VerbsCommunications.Receive, "Nothing")]
public sealed class ReceiveNothingCommand : PSCmdlet
{
    private static readonly byte[] Empty = new byte[16];

    [Parameter(Mandatory = true, Position = 0)]
    public NasSubscription Subscription { get; set; } = null!;

    [Parameter]
    public long Count { get; set; }

    protected override void ProcessRecord()
    {
        var origin = new MessageOrigin(Subscription, Subscription.Topic);
        for (var i = 0L; i < Count; i++)
        {
            WriteObject(new NasMessage(origin, Empty, null, 0));
        }
    }
}

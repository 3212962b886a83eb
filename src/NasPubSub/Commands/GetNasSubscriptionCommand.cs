using System.Management.Automation;
using NasPubSub.Completion;
using NasPubSub.Errors;
using NasPubSub.Payloads;

namespace NasPubSub.Commands;

/// <summary>
/// Get-NasSubscription: the live subscriptions of a connection, and the jobs that read consumers over it.
/// </summary>
[Cmdlet(VerbsCommon.Get, "NasSubscription", DefaultParameterSetName = "All")]
[OutputType(typeof(NasSubscription))]
[OutputType(typeof(NasSubscriptionJob), ParameterSetName = ["All", "Session", "Consumer"])]
public sealed class GetNasSubscriptionCommand : NasSessionCmdlet
{
    /// <summary>The subject as it was given to Register-NasSubscription.</summary>
    [Parameter(Position = 0, ParameterSetName = "Subject")]
    [Parameter(Position = 0, ParameterSetName = "Session")]
    [ArgumentCompleter(typeof(SubjectCompleter))]
    [ValidateNotNullOrEmpty]
    [TypedTextTransformation]
    public string? Subject { get; set; }

    /// <summary>Ids on the wire.</summary>
    [Parameter(
        Mandatory = true,
        ParameterSetName = "Sid",
        ValueFromPipeline = true,
        ValueFromPipelineByPropertyName = true
    )]
    public long[] Sid { get; set; } = [];

    /// <summary>Only jobs that read a consumer of this stream.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "Consumer", ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(StreamCompleter))]
    [ValidateNotNullOrEmpty]
    [TypedTextTransformation]
    public string? Stream { get; set; }

    /// <summary>Only jobs that read this consumer.</summary>
    [Parameter(ParameterSetName = "Consumer", ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(ConsumerCompleter))]
    [ValidateNotNullOrEmpty]
    [TypedTextTransformation]
    public string? Consumer { get; set; }

    /// <summary>Sessions from the pipeline, as Get-NasConnection lists them.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "Session", ValueFromPipeline = true)]
    [ValidateNotNull]
    public NasConnection? InputObject { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        var session = InputObject ?? NasOrNull;
        var all = session?.Subscriptions ?? [];
        foreach (var sid in Sid)
        {
            if (all.FirstOrDefault(s => s.Sid == sid) is { } found)
            {
                WriteObject(found);
            }
            else
            {
                WriteError(NasErrorRecord.SubscriptionNotFound($"sid {sid}", sid));
            }
        }
        if (ParameterSetName is not ("Sid" or "Consumer"))
        {
            WriteObject(all.Where(s => Subject is null || s.Subject == Subject), enumerateCollection: true);
        }

        if (session is not null && ParameterSetName != "Sid" && Subject is null)
        {
            WriteObject(NasSubscriptionJob.OfConsumer(session, Stream, Consumer), enumerateCollection: true);
        }
    }
}

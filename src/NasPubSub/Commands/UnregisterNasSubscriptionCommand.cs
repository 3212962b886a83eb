using System.Diagnostics;
using System.Management.Automation;
using NasPubSub.Completion;
using NasPubSub.Errors;
using NasPubSub.Payloads;

namespace NasPubSub.Commands;

/// <summary>
/// Unregister-NasSubscription: ends subscriptions. What the server has sent is still handled, and may still be read,
/// unless told otherwise.
/// </summary>
[Cmdlet(
    VerbsLifecycle.Unregister,
    "NasSubscription",
    DefaultParameterSetName = "Subscription",
    SupportsShouldProcess = true
)]
[OutputType(typeof(void))]
public sealed class UnregisterNasSubscriptionCommand : NasSessionCmdlet
{
    /// <summary>The subscription.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = "Subscription", ValueFromPipeline = true)]
    [ValidateNotNull]
    public NasSubscription? Subscription { get; set; }

    /// <summary>The job that handles the messages. It ends when it has handled those that arrived.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = "Job", ValueFromPipeline = true)]
    [ValidateNotNull]
    public NasSubscriptionJob? Job { get; set; }

    /// <summary>Ids on the wire.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "Sid")]
    public long[] Sid { get; set; } = [];

    /// <summary>All subscriptions to this subject, as it was given to Register-NasSubscription.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = "Subject")]
    [ArgumentCompleter(typeof(SubjectCompleter))]
    [ValidateNotNullOrEmpty]
    [TypedTextTransformation]
    public string Subject { get; set; } = "";

    /// <summary>The stream whose consumer a job reads.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "Consumer")]
    [ArgumentCompleter(typeof(StreamCompleter))]
    [ValidateNotNullOrEmpty]
    [TypedTextTransformation]
    public string Stream { get; set; } = "";

    /// <summary>The consumer that the jobs read that are to end.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "Consumer")]
    [ArgumentCompleter(typeof(ConsumerCompleter))]
    [ValidateNotNullOrEmpty]
    [TypedTextTransformation]
    public string Consumer { get; set; } = "";

    /// <summary>Ends the subscription after this number of messages, counted from its start.</summary>
    [Parameter]
    [ValidateRange(1, long.MaxValue)]
    public long MaxMessages { get; set; }

    /// <summary>Ends the subscription immediately. Pending messages are dropped.</summary>
    [Parameter]
    [Alias("NoDrain")]
    public SwitchParameter Force { get; set; }

    /// <summary>How long the end in order may take.</summary>
    [Parameter]
    [DurationTransformation]
    public NasDuration? Timeout { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        switch (ParameterSetName)
        {
            case "Subscription":
                End(Subscription!);
                break;
            case "Job":
                End(Job!.Subscription, Job);
                break;
            case "Consumer":
                EndConsumer();
                break;
            case "Subject":
                var found = Live.Where(s => s.Subject == Subject).ToList();
                if (found.Count == 0)
                {
                    WriteError(NasErrorRecord.SubscriptionNotFound($"subject '{Subject}'", Subject));
                }

                foreach (var subscription in found)
                {
                    End(subscription);
                }

                break;
            default:
                foreach (var sid in Sid)
                {
                    if (Live.FirstOrDefault(s => s.Sid == sid) is { } one)
                    {
                        End(one);
                    }
                    else
                    {
                        WriteError(NasErrorRecord.SubscriptionNotFound($"sid {sid}", sid));
                    }
                }
                break;
        }
    }

    private void EndConsumer()
    {
        var jobs = NasOrNull is { } session ? NasSubscriptionJob.OfConsumer(session, Stream, Consumer) : [];
        if (jobs.Count == 0)
        {
            var name = $"{Stream}/{Consumer}";
            WriteError(NasErrorRecord.SubscriptionNotFound($"the consumer '{name}'", name));
        }

        foreach (var job in jobs)
        {
            End(null, job);
        }
    }

    private IReadOnlyList<NasSubscription> Live => NasOrNull?.Subscriptions ?? [];

    private void End(NasSubscription subscription) =>
        End(
            subscription,
            Job ?? NasSubscriptionJob.Of(subscription.Connection).FirstOrDefault(j => j.Subscription == subscription)
        );

    private void End(NasSubscription? subscription, NasSubscriptionJob? job)
    {
        if (
            !ShouldProcess(
                subscription?.ToString() ?? job!.Subject,
                MaxMessages > 0 ? $"End after {MaxMessages} messages" : "Unsubscribe"
            )
        )
        {
            return;
        }

        Use(subscription?.Connection ?? job!.Source.Connection);
        try
        {
            if (subscription is null && MaxMessages > 0)
            {
                WriteError(
                    NasErrorRecord.InvalidArgument(
                        "A subscription to a consumer cannot be ended later by -MaxMessages.",
                        job,
                        "Give -MaxMessages to Register-NasSubscription."
                    )
                );
            }
            else if (subscription is not null && (MaxMessages > 0 || Force))
            {
                Await(subscription.UnsubscribeAsync(MaxMessages, Cancellation));
            }
            else if (!Force)
            {
                AwaitEnd(DrainAsync(subscription, job), job);
            }

            if (Force && MaxMessages == 0)
            {
                job?.StopJob();
            }
        }
        catch (Exception e) when (IsExpected(e))
        {
            Report(e, subscription ?? (object)job!);
        }
    }

    /// <summary>An action that ends its own subscription cannot wait for itself.</summary>
    private void AwaitEnd(Task drained, NasSubscriptionJob? job)
    {
        if (job is null || job.IsOwnAction)
        {
            Await(drained);
        }
        else
        {
            AwaitActions(drained);
        }
    }

    private async Task DrainAsync(NasSubscription? subscription, NasSubscriptionJob? job)
    {
        var isOwn = job?.IsOwnAction == true;
        var limit = Timeout ?? (subscription?.Connection ?? job!.Source.Connection).Options.OperationTimeout;
        var clock = Stopwatch.StartNew();
        await (subscription?.DrainAsync(limit, Cancellation) ?? job!.Source.DrainAsync(limit, Cancellation))
            .ConfigureAwait(false);
        if (job is null || isOwn)
        {
            return;
        }

        var left = limit - clock.Elapsed;
        var late = Task.Delay(left > TimeSpan.Zero ? left : TimeSpan.Zero, Cancellation);
        if (await Task.WhenAny(job.Ended, late).ConfigureAwait(false) == job.Ended)
        {
            return;
        }

        Cancellation.ThrowIfCancellationRequested();
        throw new NasException(
            NasError.Timeout,
            $"The action has not handled {job.UnhandledMessages} messages of '{job.Subject}' within {limit.TotalSeconds:0.###} s; it continues."
        )
        {
            Target = job.Subject,
        };
    }
}

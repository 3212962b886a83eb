using System.Management.Automation;
using NasPubSub.Completion;
using NasPubSub.Errors;
using NasPubSub.JetStream;
using NasPubSub.Payloads;
using NasPubSub.Sessions;

namespace NasPubSub.Commands;

/// <summary>The parameters of a publish that a stream acknowledges.</summary>
public abstract class NasStreamPublishCmdlet : NasPublishCmdlet
{
    /// <summary>The stream that is to store the messages. Each is acknowledged.</summary>
    [Parameter]
    [TypedTextTransformation]
    [ArgumentCompleter(typeof(StreamCompleter))]
    public string? Stream { get; set; }

    /// <summary>Waits for the acknowledgement of the stream that has the subject.</summary>
    [Parameter]
    public SwitchParameter Acknowledge { get; set; }

    /// <summary>The JetStream domain; without it that of the session.</summary>
    [Parameter]
    [TypedTextTransformation]
    public string? Domain { get; set; }

    /// <summary>How many messages may wait for their acknowledgement.</summary>
    [Parameter]
    [ValidateRange(1, 1_000_000)]
    public int Window { get; set; } = 1000;

    /// <summary>How many bytes of headers and payloads may wait for their acknowledgement.</summary>
    [Parameter]
    [ValidateRange(1, long.MaxValue)]
    public long WindowBytes { get; set; } = 8 * 1024 * 1024;

    /// <summary>
    /// The id that the stream recognizes the message by, or a script block that returns it for each object.
    /// </summary>
    [Parameter]
    public object? MessageId { get; set; }

    /// <summary>Stored only if this is the last sequence of the stream.</summary>
    [Parameter]
    public ulong? ExpectedLastSequence { get; set; }

    /// <summary>Stored only if this is the last sequence of the subject; 0 for none.</summary>
    [Parameter]
    public ulong? ExpectedSubjectSequence { get; set; }

    /// <summary>How long the stream keeps the message.</summary>
    [Parameter]
    [Alias("Ttl")]
    [DurationTransformation]
    public NasDuration? TimeToLive { get; set; }

    /// <summary>The server publishes the message at this time.</summary>
    [Parameter]
    public DateTimeOffset? At { get; set; }

    /// <summary>The server publishes the message at this interval.</summary>
    [Parameter]
    [DurationTransformation]
    public NasDuration? Every { get; set; }

    /// <summary>The server publishes the message by this cron expression, with six fields, the second first.</summary>
    [Parameter]
    [TypedTextTransformation]
    public string? Cron { get; set; }

    /// <summary>The subject that the server publishes a scheduled message to.</summary>
    [Parameter]
    [TypedTextTransformation]
    [ArgumentCompleter(typeof(SubjectCompleter))]
    public string? TargetSubject { get; set; }

    /// <summary>
    /// The time zone of -Cron, such as Europe/Paris. PowerShell 7 takes the names of Windows too.
    /// </summary>
    [Parameter]
    [TypedTextTransformation]
    public string? TimeZone { get; set; }

    /// <summary>Stores all messages of the pipeline, or none.</summary>
    [Parameter]
    public SwitchParameter Atomic { get; set; }

    /// <summary>Outputs what the stream says of each stored message, with the object.</summary>
    [Parameter]
    public SwitchParameter Receipt { get; set; }

    /// <summary>How long to try to store a message.</summary>
    [Parameter]
    [DurationTransformation]
    public NasDuration? Timeout { get; set; }

    private protected override TimeSpan? ConnectLimit => Timeout;

    /// <summary>Does the call ask for anything that only a stream can do?</summary>
    private protected bool IsAcknowledged =>
        Acknowledge
        || Atomic
        || Receipt
        || Stream is not null
        || MessageId is not null
        || ExpectedLastSequence is not null
        || ExpectedSubjectSequence is not null
        || TimeToLive is not null
        || IsScheduled;

    /// <summary>Is the message published later, by the server?</summary>
    private protected bool IsScheduled => At is not null || Every is not null || Cron is not null;

    /// <summary>Checks the parameters, and makes what publishes.</summary>
    private protected IStreamPublish CreateStreamPublish(NasConnection connection, string? replyTo, bool passThru)
    {
        if (replyTo is not null)
        {
            Refuse("-ReplyTo", "The reply subject of the message takes the acknowledgement of the stream.");
        }
        var options = Session.Of(connection).JetStream;
        var jetStream = new NasJetStream(
            connection,
            options with
            {
                Domain = Domain ?? options.Domain,
                ApiPrefix = Domain is null ? options.ApiPrefix : null,
                Timeout = Timeout ?? options.Timeout,
            }
        );
        var common = new NasPublishOptions
        {
            ExpectedLastSequence = ExpectedLastSequence,
            ExpectedSubjectSequence = ExpectedSubjectSequence,
            TimeToLive = IsScheduled ? null : TimeToLive?.Whole,
            Schedule = IsScheduled ? CreateSchedule() : null,
            UseNamespace = !Raw,
        };
        return Atomic
            ? new AtomicPublish(jetStream, Stream, common, Receipt || passThru)
            : new AcknowledgedPublish(
                jetStream,
                new NasStreamPublisherOptions
                {
                    Stream = Stream,
                    MaxPending = Window,
                    MaxPendingBytes = WindowBytes,
                    Timeout = Timeout ?? new NasStreamPublisherOptions().Timeout,
                },
                common,
                Receipt || passThru
            );
    }

    /// <summary>Would every further object fail in the same way?</summary>
    private protected static bool EndsStreamPublish(NasException error) =>
        error.Code
            is "StreamNotFound"
                or "InvalidName"
                or "NoAcknowledgement"
                or "AtomicDisabled"
                or "BatchTooLarge"
                or "UnsupportedByServer"
                or "JetStreamDisabled";

    /// <summary>Writes the results of messages, on the pipeline thread.</summary>
    private protected void WriteResults(IStreamPublish stream)
    {
        while (stream.TryTake(out var result))
        {
            if (result.Error is not null)
            {
                Report(result.Error, new FailedPayload(result.Input));
            }
            else
            {
                WriteObject(Receipt ? result.Receipt : result.Input);
            }
        }
    }

    /// <summary>An object that cannot be sent ends an atomic batch: it is all or nothing.</summary>
    private protected override void Refuse(ErrorRecord error)
    {
        if (Atomic)
        {
            var details = error.ErrorDetails;
            error.ErrorDetails = new ErrorDetails($"{details.Message} Nothing of the atomic batch was stored.")
            {
                RecommendedAction = details.RecommendedAction,
            };
            ThrowTerminatingError(error);
        }
        base.Refuse(error);
    }

    private NasMessageSchedule CreateSchedule()
    {
        if ((At is null ? 0 : 1) + (Every is null ? 0 : 1) + (Cron is null ? 0 : 1) > 1)
        {
            Refuse("-At, -Every and -Cron", "A message has one schedule.");
        }
        if (string.IsNullOrEmpty(TargetSubject))
        {
            Refuse("-TargetSubject", "A schedule needs the subject that the server is to publish to.");
        }
        if (TimeZone is not null && Cron is null)
        {
            Refuse("-TimeZone", "Only -Cron has a time zone.");
        }
        var schedule =
            At is { } time ? NasMessageSchedule.At(time)
            : Every is { } interval ? NasMessageSchedule.Every(interval)
            : NasMessageSchedule.Cron(Cron!);
        return schedule with { Target = TargetSubject!, TimeZone = IanaName(TimeZone), TimeToLive = TimeToLive?.Whole };
    }

    /// <summary>The name that servers know.</summary>
    private string? IanaName(string? zone)
    {
#if !NETSTANDARD2_0
        if (zone is not null && TimeZoneInfo.TryConvertWindowsIdToIanaId(zone, out var name))
        {
            return name;
        }
#endif
        if (zone?.Contains(' ') == true)
        {
            Refuse("-TimeZone", $"'{zone}' is not the IANA name of a time zone, such as Europe/Paris.");
        }

        return zone;
    }

    private void Refuse(string parameter, string why) =>
        ThrowTerminatingError(
            NasErrorRecord.InvalidArgument($"{parameter}: {why}", parameter, "Correct the parameters of the call.")
        );
}

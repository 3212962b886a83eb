using System.Management.Automation;
using NasPubSub.Completion;
using NasPubSub.JetStream;
using NasPubSub.Payloads;

namespace NasPubSub.Commands;

/// <summary>New-NasConsumer: creates consumers of streams.</summary>
[Cmdlet(VerbsCommon.New, "NasConsumer", SupportsShouldProcess = true)]
[OutputType(typeof(NasConsumer))]
public sealed class NewNasConsumerCommand : ConsumerSettingsCmdlet
{
    /// <summary>The stream.</summary>
    [Parameter(Mandatory = true, Position = 0, ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(StreamCompleter))]
    [ValidateNotNullOrEmpty]
    [TypedTextTransformation]
    public string Stream { get; set; } = "";

    /// <summary>The name of the consumer; else that of the configuration.</summary>
    [Parameter(Position = 1)]
    [Alias("Name")]
    [ValidateNotNullOrEmpty]
    [TypedTextTransformation]
    public string? Consumer { get; set; }

    /// <summary>A stream from the pipeline: the consumer is made where it was found.</summary>
    [Parameter(ValueFromPipeline = true, DontShow = true)]
    public NasStream? InputObject { get; set; }

    /// <summary>A consumer, a configuration, a hashtable, an object, JSON, or a file with JSON.</summary>
    [Parameter]
    [ValidateNotNull]
    public object? Configuration { get; set; }

    /// <summary>The server removes it when nobody uses it.</summary>
    [Parameter]
    public SwitchParameter Ephemeral { get; set; }

    /// <summary>Where it begins in the stream.</summary>
    [Parameter]
    public NasDeliverPolicy DeliverPolicy { get; set; }

    /// <summary>The sequence that it begins with.</summary>
    [Parameter]
    public ulong StartSequence { get; set; }

    /// <summary>The time of the message that it begins with.</summary>
    [Parameter]
    [PointInTimeTransformation]
    public DateTimeOffset StartTime { get; set; }

    /// <summary>What acknowledgement it asks for.</summary>
    [Parameter]
    public NasAckPolicy AckPolicy { get; set; }

    /// <summary>How fast it delivers what is stored.</summary>
    [Parameter]
    public NasReplayPolicy ReplayPolicy { get; set; }

    /// <summary>The pulls that may wait.</summary>
    [Parameter]
    [ValidateRange(1, int.MaxValue)]
    public int MaxWaiting { get; set; }

    /// <summary>It delivers nothing until then.</summary>
    [Parameter]
    public DateTimeOffset PauseUntil { get; set; }

    /// <summary>The queue group of those who receive from a push consumer.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [TypedTextTransformation]
    public string? DeliverGroup { get; set; }

    /// <summary>A push consumer waits until what it sent was processed.</summary>
    [Parameter]
    public SwitchParameter FlowControl { get; set; }

    /// <summary>After how much silence a push consumer says that it is alive.</summary>
    [Parameter]
    [DurationTransformation]
    public NasDuration IdleHeartbeat { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        try
        {
            if (IsBound(nameof(PauseUntil)) && PauseUntil <= new DateTimeOffset(WallClock.Now))
            {
                throw new NasException(
                    NasError.InvalidOption,
                    $"-PauseUntil is in the past: {PauseUntil:yyyy-MM-dd HH:mm:ss zzz}."
                );
            }
            var jetStream = JetStreamOf(InputObject);
            var parameters = ReadParameters(jetStream);
            foreach (
                var settings in Configuration is { } given
                    ? ReadConfigurations(jetStream, given)
                    : [new NasConsumerConfiguration { IsRaw = true }]
            )
            {
                settings.Apply(parameters);
                Complete(settings);
                Create(jetStream, settings);
            }
        }
        catch (NasException e)
        {
            ReportOrFail(e, Stream);
        }
    }

    private void Complete(NasConsumerConfiguration settings)
    {
        var isDurable = !Ephemeral && (Configuration is null || settings.DurableName is not null);
        var name = Consumer ?? settings.Name;
        (settings.Name, settings.DurableName) = (name, isDurable ? name : null);
        settings.AckPolicy ??= NasAckPolicy.Explicit;
        if (IsBound(nameof(StartSequence)) && !IsBound(nameof(DeliverPolicy)))
        {
            settings.DeliverPolicy = NasDeliverPolicy.ByStartSequence;
        }
        if (IsBound(nameof(StartTime)) && !IsBound(nameof(DeliverPolicy)))
        {
            settings.DeliverPolicy = NasDeliverPolicy.ByStartTime;
        }
        if (name is null && !Ephemeral)
        {
            throw new NasException(
                NasError.InvalidOption,
                "There is no name of a consumer, neither in -Consumer nor in the configuration."
            )
            {
                Code = "InvalidName",
            };
        }
    }

    private void Create(NasJetStream jetStream, NasConsumerConfiguration settings)
    {
        var target = settings.Name is null ? Stream : $"{Stream}/{settings.Name}";
        if (!ShouldProcess(target, "Create the consumer"))
        {
            return;
        }
        try
        {
            TrackDeadLetters(jetStream);
            WriteObject(Await(jetStream.Consumers.CreateAsync(Stream, settings, !Raw, Cancellation)));
        }
        catch (NasException e)
        {
            ReportOrFail(e, target);
        }
    }

    private bool IsBound(string parameter) => MyInvocation.BoundParameters.ContainsKey(parameter);

    private protected override bool IsSetting(string parameter) =>
        base.IsSetting(parameter)
        || parameter
            is nameof(DeliverPolicy)
                or nameof(StartSequence)
                or nameof(StartTime)
                or nameof(AckPolicy)
                or nameof(ReplayPolicy)
                or nameof(MaxWaiting)
                or nameof(PauseUntil)
                or nameof(DeliverGroup)
                or nameof(FlowControl)
                or nameof(IdleHeartbeat);
}

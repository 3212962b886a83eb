using System.Collections;
using System.Management.Automation;
using NasPubSub.Completion;
using NasPubSub.JetStream;
using NasPubSub.Payloads;

namespace NasPubSub.Commands;

/// <summary>A cmdlet that sets what a consumer is: each setting as a parameter, or all as a configuration.</summary>
public abstract class ConsumerSettingsCmdlet : NasJetStreamCmdlet
{
    /// <summary>What the consumer is for.</summary>
    [Parameter]
    [TypedTextTransformation]
    [AllowEmptyString]
    public string? Description { get; set; }

    /// <summary>The subjects that it delivers.</summary>
    [Parameter]
    [Alias("FilterSubject")]
    [AllowEmptyCollection]
    [ArgumentCompleter(typeof(StreamSubjectCompleter))]
    [TypedTextTransformation]
    public string[]? Filter { get; set; }

    /// <summary>How long it waits for an acknowledgement.</summary>
    [Parameter]
    [DurationTransformation]
    public NasDuration AckWait { get; set; }

    /// <summary>How often it delivers a message at most; -1 for no limit.</summary>
    [Parameter]
    [ValidateRange(-1, int.MaxValue)]
    public int MaxDeliver { get; set; }

    /// <summary>How long to wait before each further delivery.</summary>
    [Parameter]
    [AllowEmptyCollection]
    [DurationTransformation]
    public NasDuration[]? Backoff { get; set; }

    /// <summary>The messages that may wait for an acknowledgement; -1 for no limit.</summary>
    [Parameter]
    [ValidateRange(-1, int.MaxValue)]
    public int MaxAckPending { get; set; }

    /// <summary>How many acknowledgements are sampled.</summary>
    [Parameter]
    [AllowEmptyString]
    [TypedTextTransformation]
    public string? SampleFrequency { get; set; }

    /// <summary>Delivers headers without payloads.</summary>
    [Parameter]
    public SwitchParameter HeadersOnly { get; set; }

    /// <summary>The messages that one pull may ask for; 0 for no limit.</summary>
    [Parameter]
    [ValidateRange(0, int.MaxValue)]
    public int MaxBatch { get; set; }

    /// <summary>How long one pull may wait; 0 for no limit.</summary>
    [Parameter]
    [DurationTransformation]
    public NasDuration MaxExpires { get; set; }

    /// <summary>The bytes that one pull may ask for; 0 for no limit.</summary>
    [Parameter]
    [ValidateRange(0, int.MaxValue)]
    public int MaxBytes { get; set; }

    /// <summary>How long it may be unused before the server removes it.</summary>
    [Parameter]
    [DurationTransformation]
    public NasDuration InactiveThreshold { get; set; }

    /// <summary>The servers that keep it; 0 for as many as keep the stream.</summary>
    [Parameter]
    [ValidateRange(0, 5)]
    public int Replicas { get; set; }

    /// <summary>Keeps its state in memory.</summary>
    [Parameter]
    public SwitchParameter MemoryStorage { get; set; }

    /// <summary>Names and values that the server stores and does not use.</summary>
    [Parameter]
    [AllowNull]
    public IDictionary? Metadata { get; set; }

    /// <summary>The groups that clients pull in.</summary>
    [Parameter]
    [AllowEmptyCollection]
    [TypedTextTransformation]
    public string[]? PriorityGroup { get; set; }

    /// <summary>Which clients of a group get messages.</summary>
    [Parameter]
    public NasPriorityPolicy PriorityPolicy { get; set; }

    /// <summary>How long a pinned client may be silent.</summary>
    [Parameter]
    [DurationTransformation]
    public NasDuration PriorityTimeout { get; set; }

    /// <summary>The subject that a push consumer delivers to.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [TypedTextTransformation]
    public string? DeliverSubject { get; set; }

    /// <summary>The rate of a push consumer in bits per second; 0 for no limit.</summary>
    [Parameter]
    public ulong RateLimit { get; set; }

    /// <summary>Records what consumers of the account give up from now on.</summary>
    [Parameter]
    public SwitchParameter TrackDeadLetter { get; set; }

    /// <summary>Takes subjects as they are, without the namespace.</summary>
    [Parameter]
    [Alias("NoNamespace")]
    public SwitchParameter Raw { get; set; }

    /// <summary>Reads configurations; each as one with subjects on the wire.</summary>
    private protected IReadOnlyList<NasConsumerConfiguration> ReadConfigurations(
        NasJetStream jetStream,
        object given
    ) => [.. NewReader().Read(given).Select(c => jetStream.Consumers.ToWire(c, !Raw))];

    /// <summary>The settings that parameters give, with subjects on the wire.</summary>
    private protected NasConsumerConfiguration ReadParameters(NasJetStream jetStream)
    {
        var settings = MyInvocation.BoundParameters.Where(p => IsSetting(p.Key));
        return jetStream.Consumers.ToWire(NewReader().ReadParameters(settings), !Raw);
    }

    /// <summary>What -TrackDeadLetter asks for, before the consumer can give anything up.</summary>
    private protected void TrackDeadLetters(NasJetStream jetStream)
    {
        if (TrackDeadLetter)
        {
            var streams = Await(jetStream.DeadLetters.StartRecordingAsync(Cancellation));
            WriteVerbose($"Dead letters are recorded in {string.Join(", ", streams)}.");
        }
    }

    /// <summary>Is the parameter a setting, and not about the call?</summary>
    private protected virtual bool IsSetting(string parameter) =>
        typeof(ConsumerSettingsCmdlet).GetProperty(parameter) is { } property
        && property.DeclaringType == typeof(ConsumerSettingsCmdlet)
        && parameter is not (nameof(Raw) or nameof(TrackDeadLetter));

    private ConfigurationReader<NasConsumerConfiguration> NewReader() =>
        new(
            NasConsumerConfiguration.Parse,
            given =>
                given switch
                {
                    NasConsumer consumer => consumer.ToConfiguration(),
                    NasConsumerConfiguration configuration => configuration.Copy(),
                    _ => null,
                },
            FullPath,
            Cancellation
        );
}

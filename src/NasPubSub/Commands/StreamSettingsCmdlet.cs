using System.Collections;
using System.Management.Automation;
using NasPubSub.Completion;
using NasPubSub.JetStream;
using NasPubSub.Payloads;

namespace NasPubSub.Commands;

/// <summary>A cmdlet that sets what a stream is: each setting as a parameter, or all as a configuration.</summary>
public abstract class StreamSettingsCmdlet : NasJetStreamCmdlet
{
    /// <summary>What the stream is for.</summary>
    [Parameter]
    [TypedTextTransformation]
    [AllowEmptyString]
    public string? Description { get; set; }

    /// <summary>When messages are let go.</summary>
    [Parameter]
    public NasRetention? Retention { get; set; }

    /// <summary>Where messages are kept.</summary>
    [Parameter]
    public NasStorage? Storage { get; set; }

    /// <summary>The servers that keep the stream.</summary>
    [Parameter]
    [ValidateRange(1, 5)]
    public int Replicas { get; set; }

    /// <summary>The messages to keep; -1 for no limit.</summary>
    [Parameter]
    [ValidateRange(-1, long.MaxValue)]
    public long MaxMessages { get; set; }

    /// <summary>The bytes to keep; -1 for no limit.</summary>
    [Parameter]
    [ValidateRange(-1, long.MaxValue)]
    public long MaxBytes { get; set; }

    /// <summary>How long to keep messages; 0 for no limit.</summary>
    [Parameter]
    [DurationTransformation]
    public NasDuration? MaxAge { get; set; }

    /// <summary>The messages to keep of each subject; -1 for no limit.</summary>
    [Parameter]
    [ValidateRange(-1, long.MaxValue)]
    public long MaxMessagesPerSubject { get; set; }

    /// <summary>The largest message in bytes; -1 for no limit.</summary>
    [Parameter]
    [ValidateRange(-1, int.MaxValue)]
    public int MaxMessageSize { get; set; }

    /// <summary>The consumers that the stream may have; -1 for no limit.</summary>
    [Parameter]
    [ValidateRange(-1, int.MaxValue)]
    public int MaxConsumers { get; set; }

    /// <summary>What happens when a limit is reached.</summary>
    [Parameter]
    public NasDiscard? Discard { get; set; }

    /// <summary>With -Discard New: refuses new messages where a subject has reached its limit as well.</summary>
    [Parameter]
    public SwitchParameter DiscardNewPerSubject { get; set; }

    /// <summary>How long message ids are remembered.</summary>
    [Parameter]
    [DurationTransformation]
    public NasDuration? DuplicateWindow { get; set; }

    /// <summary>Does not acknowledge messages.</summary>
    [Parameter]
    public SwitchParameter NoAck { get; set; }

    /// <summary>The cluster that the stream is in.</summary>
    [Parameter]
    [AllowEmptyString]
    [TypedTextTransformation]
    public string? PlacementCluster { get; set; }

    /// <summary>Tags that the servers of the stream have.</summary>
    [Parameter]
    [AllowEmptyCollection]
    [TypedTextTransformation]
    public string[]? PlacementTag { get; set; }

    /// <summary>The stream that this one is a copy of.</summary>
    [Parameter]
    [AllowNull]
    [ArgumentCompleter(typeof(StreamCompleter))]
    public object? Mirror { get; set; }

    /// <summary>Streams whose messages this one stores as well.</summary>
    [Parameter]
    [AllowNull]
    [AllowEmptyCollection]
    [ArgumentCompleter(typeof(StreamCompleter))]
    public object[]? Source { get; set; }

    /// <summary>Changes the subjects of messages before they are stored.</summary>
    [Parameter]
    [AllowNull]
    public object? SubjectTransform { get; set; }

    /// <summary>Publishes each message once it is stored.</summary>
    [Parameter]
    [AllowNull]
    public object? Republish { get; set; }

    /// <summary>How files are compressed.</summary>
    [Parameter]
    public NasCompression? Compression { get; set; }

    /// <summary>Lets every replica answer reads of single messages.</summary>
    [Parameter]
    public SwitchParameter AllowDirect { get; set; }

    /// <summary>Lets a mirror answer such reads for the stream that it copies.</summary>
    [Parameter]
    public SwitchParameter MirrorDirect { get; set; }

    /// <summary>Messages may replace all earlier ones.</summary>
    [Parameter]
    public SwitchParameter AllowRollup { get; set; }

    /// <summary>Messages cannot be removed one by one.</summary>
    [Parameter]
    public SwitchParameter DenyDelete { get; set; }

    /// <summary>The stream cannot be emptied.</summary>
    [Parameter]
    public SwitchParameter DenyPurge { get; set; }

    /// <summary>The time without use after which consumers are removed.</summary>
    [Parameter]
    [DurationTransformation]
    public NasDuration? ConsumerInactiveThreshold { get; set; }

    /// <summary>The messages of a consumer that wait for an acknowledgement.</summary>
    [Parameter]
    [ValidateRange(-1, int.MaxValue)]
    public int ConsumerMaxAckPending { get; set; }

    /// <summary>Messages may have a time to live of their own.</summary>
    [Parameter]
    public SwitchParameter AllowMessageTtl { get; set; }

    /// <summary>How long a marker stays for a subject whose last message has expired.</summary>
    [Parameter]
    [DurationTransformation]
    public NasDuration? SubjectDeleteMarkerTtl { get; set; }

    /// <summary>Stores several messages together or none.</summary>
    [Parameter]
    public SwitchParameter AllowAtomic { get; set; }

    /// <summary>Takes batches that are acknowledged together.</summary>
    [Parameter]
    public SwitchParameter AllowBatched { get; set; }

    /// <summary>Messages may be published at a later time.</summary>
    [Parameter]
    public SwitchParameter AllowMessageSchedules { get; set; }

    /// <summary>Names and values that the server stores and does not use.</summary>
    [Parameter]
    [AllowNull]
    public IDictionary? Metadata { get; set; }

    /// <summary>Takes subjects as they are, without the namespace.</summary>
    [Parameter]
    [Alias("NoNamespace")]
    public SwitchParameter Raw { get; set; }

    /// <summary>Reads configurations; each as one with subjects on the wire.</summary>
    private protected IReadOnlyList<NasStreamConfiguration> ReadConfigurations(NasJetStream jetStream, object given) =>
        [
            .. NewReader()
                .Read(given)
                .Select(c => jetStream.Streams.ToWire(c, !Raw)),
        ];

    /// <summary>The settings that parameters give, with subjects on the wire.</summary>
    private protected NasStreamConfiguration ReadParameters(NasJetStream jetStream)
    {
        var settings = MyInvocation.BoundParameters.Where(p => IsSetting(p.Key));
        return jetStream.Streams.ToWire(NewReader().ReadParameters(settings), !Raw);
    }

    /// <summary>Is the parameter a setting, and not about the call?</summary>
    private protected virtual bool IsSetting(string parameter) =>
        parameter is "Subject" || typeof(StreamSettingsCmdlet).GetProperty(parameter) is { } property
            && property.DeclaringType == typeof(StreamSettingsCmdlet)
            && parameter != nameof(Raw);

    private ConfigurationReader<NasStreamConfiguration> NewReader() =>
        new(
            NasStreamConfiguration.Parse,
            given =>
                given switch
                {
                    NasStream stream => stream.ToConfiguration(),
                    NasStreamConfiguration configuration => configuration.Copy(),
                    _ => null,
                },
            FullPath,
            Cancellation
        );
}

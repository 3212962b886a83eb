using System.Management.Automation;
using System.Text;
using NasPubSub.Completion;
using NasPubSub.Errors;
using NasPubSub.Jobs;
using NasPubSub.Payloads;
using NasPubSub.Sessions;

namespace NasPubSub.Commands;

/// <summary>
/// Register-NasSubscription: subscribes, and returns when the server has it. With an action, a job runs that for each
/// message.
/// </summary>
[Cmdlet(VerbsLifecycle.Register, "NasSubscription", DefaultParameterSetName = "Buffer")]
[OutputType(typeof(NasSubscription), ParameterSetName = ["Buffer"])]
[OutputType(typeof(NasSubscriptionJob), ParameterSetName = ["Action", "Caller", "Consumer"])]
public sealed class RegisterNasSubscriptionCommand : NasJetStreamCmdlet
{
    /// <summary>The subject. * matches one token, and &gt; matches all tokens that follow.</summary>
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = "Buffer")]
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = "Action")]
    [Parameter(Mandatory = true, Position = 0, ParameterSetName = "Caller")]
    [ArgumentCompleter(typeof(SubjectCompleter))]
    [TypedTextTransformation]
    public string Subject { get; set; } = "";

    /// <summary>Runs for each message, which is <c>$_</c>; <c>$using:</c> brings in the caller's variables.</summary>
    [Parameter(Mandatory = true, Position = 1, ParameterSetName = "Action")]
    [Parameter(Mandatory = true, Position = 1, ParameterSetName = "Caller")]
    [Parameter(Mandatory = true, ParameterSetName = "Consumer")]
    [ValidateNotNull]
    public ScriptBlock? Action { get; set; }

    /// <summary>The stream whose messages a consumer delivers.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "Consumer", ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(StreamCompleter))]
    [ValidateNotNullOrEmpty]
    [TypedTextTransformation]
    public string Stream { get; set; } = "";

    /// <summary>The consumer. Each message is acknowledged when the action has handled it.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "Consumer", ValueFromPipelineByPropertyName = true)]
    [ArgumentCompleter(typeof(ConsumerCompleter))]
    [ValidateNotNullOrEmpty]
    [TypedTextTransformation]
    public string Consumer { get; set; } = "";

    /// <summary>
    /// How long a message waits whose action failed: before its second delivery, the third and so on.
    /// </summary>
    [Parameter(ParameterSetName = "Consumer")]
    [DurationTransformation]
    public NasDuration[] RetryDelay { get; set; } = [];

    /// <summary>Gives a message up after this number of deliveries.</summary>
    [Parameter(ParameterSetName = "Consumer")]
    [ValidateRange(1, long.MaxValue)]
    public long MaxDeliver { get; set; }

    /// <summary>The subject to which messages are published that were given up or rejected.</summary>
    [Parameter(ParameterSetName = "Consumer")]
    [ArgumentCompleter(typeof(SubjectCompleter))]
    [ValidateNotNullOrEmpty]
    [TypedTextTransformation]
    public string? DeadLetter { get; set; }

    /// <summary>The priority group of the consumer to read with.</summary>
    [Parameter(ParameterSetName = "Consumer")]
    [ValidateNotNullOrEmpty]
    [TypedTextTransformation]
    public string? Group { get; set; }

    /// <summary>The priority in a prioritized group; 0 is served first.</summary>
    [Parameter(ParameterSetName = "Consumer")]
    [ValidateRange(0, 9)]
    public int? Priority { get; set; }

    /// <summary>The JetStream domain of the stream; without it that of the session.</summary>
    [Parameter(ParameterSetName = "Consumer")]
    [TypedTextTransformation]
    public override string? Domain { get; set; }

    /// <summary>One member of the group gets each message.</summary>
    [Parameter(ParameterSetName = "Buffer")]
    [Parameter(ParameterSetName = "Action")]
    [Parameter(ParameterSetName = "Caller")]
    [Alias("Queue")]
    [TypedTextTransformation]
    public string? QueueGroup { get; set; }

    /// <summary>Ends after this number of messages.</summary>
    [Parameter]
    [ValidateRange(1, long.MaxValue)]
    public long MaxMessages { get; set; }

    /// <summary>Replies to each request with the output of the action.</summary>
    [Parameter(ParameterSetName = "Action")]
    [Parameter(ParameterSetName = "Caller")]
    public SwitchParameter Reply { get; set; }

    /// <summary>
    /// How many messages are handled at the same time, each in a runspace of its own; above 1 their order is lost.
    /// </summary>
    [Parameter(ParameterSetName = "Action")]
    [Parameter(ParameterSetName = "Consumer")]
    [ValidateRange(1, 256)]
    public int ThrottleLimit { get; set; } = 1;

    /// <summary>Runs the action in this runspace, between its statements.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "Caller")]
    [Parameter(ParameterSetName = "Consumer")]
    public SwitchParameter InCallerRunspace { get; set; }

    /// <summary>Uses the subject unchanged, without the namespace.</summary>
    [Parameter]
    [Alias("NoNamespace")]
    public SwitchParameter Raw { get; set; }

    /// <summary>The job's name.</summary>
    [Parameter(ParameterSetName = "Action")]
    [Parameter(ParameterSetName = "Caller")]
    [Parameter(ParameterSetName = "Consumer")]
    [ValidateNotNullOrEmpty]
    [TypedTextTransformation]
    public string? Name { get; set; }

    /// <summary>Messages kept until they are read.</summary>
    [Parameter(ParameterSetName = "Buffer")]
    [Parameter(ParameterSetName = "Action")]
    [Parameter(ParameterSetName = "Caller")]
    [ValidateRange(1, int.MaxValue)]
    public int? MaxPendingMessages { get; set; }

    /// <summary>Bytes kept until they are read.</summary>
    [Parameter(ParameterSetName = "Buffer")]
    [Parameter(ParameterSetName = "Action")]
    [Parameter(ParameterSetName = "Caller")]
    [ValidateRange(1, long.MaxValue)]
    public long? MaxPendingBytes { get; set; }

    /// <summary>What happens to a new message when the buffer is full.</summary>
    [Parameter(ParameterSetName = "Buffer")]
    [Parameter(ParameterSetName = "Action")]
    [Parameter(ParameterSetName = "Caller")]
    public NasOverflow? Overflow { get; set; }

    /// <summary>How long the server may take to confirm.</summary>
    [Parameter]
    [DurationTransformation]
    public NasDuration? Timeout { get; set; }

    /// <summary>What the action receives: the whole message, or its payload as text, JSON objects or bytes.</summary>
    [Parameter(ParameterSetName = "Action")]
    [Parameter(ParameterSetName = "Caller")]
    [Parameter(ParameterSetName = "Consumer")]
    public NasMessageForm As { get; set; }

    /// <summary>How bytes become text, and a reply's text bytes.</summary>
    [Parameter(ParameterSetName = "Action")]
    [Parameter(ParameterSetName = "Caller")]
    [Parameter(ParameterSetName = "Consumer")]
    [EncodingTransformation]
    [ArgumentCompleter(typeof(EncodingCompleter))]
    public Encoding Encoding { get; set; } = EncodingTransformationAttribute.Utf8;

    /// <summary>How deep a reply's objects are written as JSON.</summary>
    [Parameter(ParameterSetName = "Action")]
    [Parameter(ParameterSetName = "Caller")]
    [ValidateRange(1, 100)]
    public int Depth { get; set; } = 10;

    private protected override TimeSpan? ConnectLimit => Timeout;

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        if (InCallerRunspace && SessionState.LanguageMode != PSLanguageMode.FullLanguage)
        {
            ThrowTerminatingError(NasErrorRecord.LimitedLanguage(SessionState.LanguageMode, Action));
        }

        if (InCallerRunspace && ThrottleLimit > 1)
        {
            ThrowTerminatingError(
                NasErrorRecord.InvalidArgument(
                    "One runspace handles one message at a time.",
                    ThrottleLimit,
                    "Leave out -InCallerRunspace or -ThrottleLimit."
                )
            );
        }

        try
        {
            // Taken first: a variable that cannot be read leaves no subscription behind.
            var origin = Action is null
                ? null
                : new ActionOrigin(
                    ModulePath,
                    Folder,
                    SessionState.LanguageMode,
                    Action,
                    UsingValues.Capture(Action, SessionState)
                );
            if (ParameterSetName == "Consumer")
            {
                WriteObject(StartJob(OpenConsumer(), origin!));
                return;
            }

            var subscription = Subscribe();
            SeenSubjects.Add(Nas, Subject);
            WriteVerbose($"Subscribed to '{subscription.Topic}' with sid {subscription.Sid}.");
            WriteObject(origin is null ? subscription : StartJob(new SubscriptionSource(subscription), origin));
        }
        catch (Exception e) when (IsExpected(e) || IsScriptError(e))
        {
            Fail(e, ParameterSetName == "Consumer" ? $"{Stream}/{Consumer}" : Subject);
        }
    }

    private NasSubscription Subscribe()
    {
        var defaults = Nas.Options.Subscriptions;
        var limits = defaults with
        {
            MaxPendingMessages = MaxPendingMessages ?? defaults.MaxPendingMessages,
            MaxPendingBytes = MaxPendingBytes ?? defaults.MaxPendingBytes,
            Overflow = Overflow ?? defaults.Overflow,
        };
        return Await(
            cancel => Nas.SubscribeAsync(Subject, null, QueueGroup, !Raw, limits, MaxMessages, cancel),
            Timeout,
            $"The server did not confirm the subscription to '{Nas.ToWireSubject(Subject, !Raw)}'"
        );
    }

    private ConsumerSource OpenConsumer()
    {
        var warnings = new List<string>();
        var source = Await(
            cancel =>
                ConsumerSource.OpenAsync(
                    JetStream,
                    new ConsumerSourceOptions
                    {
                        Stream = Stream,
                        Consumer = Consumer,
                        Count = MaxMessages,
                        RetryDelays = [.. RetryDelay.Select(d => d.Whole)],
                        MaxDeliver = MaxDeliver,
                        DeadLetter = DeadLetter,
                        UseNamespace = !Raw,
                        Workers = ThrottleLimit,
                        Group = Group,
                        Priority = Priority,
                        Warn = warnings.Add,
                    },
                    cancel
                ),
            Timeout,
            $"The consumer '{Consumer}' of '{Stream}' did not answer"
        );
        warnings.ForEach(WriteWarning);
        WriteVerbose($"Reads the consumer '{Consumer}' of '{Stream}'.");
        return source;
    }

    private NasSubscriptionJob StartJob(ActionSource source, ActionOrigin origin)
    {
        var job = new NasSubscriptionJob(Action!.ToString(), Name, source, SessionStore.Current);
        var options = new ActionOptions(Reply, As, Encoding, Depth, Waits: !InCallerRunspace);
        var batch = source.BatchFor(ThrottleLimit);
        ActionFeed Feed() => new(job, options, batch, job.Cancellation);
        job.Start(
            InCallerRunspace
                ? [new CallerWorker(job, origin, Feed(), Events, SessionState, Host.UI, job.Cancellation)]
                : Enumerable
                    .Range(0, ThrottleLimit)
                    .Select(_ => (ActionWorker)new RunspaceWorker(job, origin, Feed(), job.Cancellation))
        );
        JobRepository.Add(job);
        return job;
    }

    private string ModulePath
    {
        get
        {
            var module = MyInvocation.MyCommand.Module;
            var manifest = module is null ? "" : Path.Combine(module.ModuleBase, module.Name + ".psd1");
            return File.Exists(manifest) ? manifest : typeof(RegisterNasSubscriptionCommand).Assembly.Location;
        }
    }

    private string? Folder
    {
        get
        {
            try
            {
                return SessionState.Path.CurrentFileSystemLocation.Path;
            }
            catch (Exception e)
                when (e is System.Management.Automation.DriveNotFoundException or ProviderNotFoundException)
            {
                return null;
            }
        }
    }
}

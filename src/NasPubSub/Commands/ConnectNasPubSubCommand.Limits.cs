using System.Management.Automation;
using NasPubSub.Payloads;
using NasPubSub.Sessions;

namespace NasPubSub.Commands;

/// <summary>How a connection is kept.</summary>
public sealed partial class ConnectNasPubSubCommand
{
    /// <summary>Time between pings to the server.</summary>
    [Parameter]
    [DurationTransformation]
    public NasDuration? PingInterval { get; set; }

    /// <summary>Pings without answer after which the connection counts as broken.</summary>
    [Parameter]
    [ValidateRange(1, 100)]
    public int? MaxPingsOut { get; set; }

    /// <summary>Attempts in a row on one server before it is given up; -1, the default, for no limit.</summary>
    [Parameter]
    [ValidateRange(-1, int.MaxValue)]
    public int? MaxReconnects { get; set; }

    /// <summary>Stays disconnected when the connection breaks.</summary>
    [Parameter]
    public SwitchParameter NoReconnect { get; set; }

    /// <summary>Delay after the first round of failed attempts; it doubles each round.</summary>
    [Parameter]
    [DurationTransformation]
    public NasDuration? ReconnectWait { get; set; }

    /// <summary>The longest delay between rounds.</summary>
    [Parameter]
    [DurationTransformation]
    public NasDuration? ReconnectMaxWait { get; set; }

    /// <summary>Own delays, one for each round of attempts; the last one stays.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [DurationTransformation]
    public NasDuration[]? ReconnectDelay { get; set; }

    /// <summary>Tries servers in the order given.</summary>
    [Parameter]
    public SwitchParameter KeepServerOrder { get; set; }

    /// <summary>Passes over servers that the cluster tells of.</summary>
    [Parameter]
    public SwitchParameter IgnoreDiscoveredServers { get; set; }

    /// <summary>Bytes kept for sending while disconnected; 0 turns it off.</summary>
    [Parameter]
    [ValidateRange(0, int.MaxValue)]
    public int? ReconnectBufferBytes { get; set; }

    /// <summary>How long requests wait when they do not say.</summary>
    [Parameter]
    [DurationTransformation]
    public NasDuration? RequestTimeout { get; set; }

    /// <summary>How long flushes, confirmations and drains take at most when they do not say.</summary>
    [Parameter]
    [DurationTransformation]
    public NasDuration? OperationTimeout { get; set; }

    /// <summary>How long publishing waits for room in a full buffer.</summary>
    [Parameter]
    [DurationTransformation]
    public NasDuration? SendTimeout { get; set; }

    /// <summary>The prefix of inboxes.</summary>
    [Parameter]
    [ValidateNotNullOrEmpty]
    [TypedTextTransformation]
    public string? InboxPrefix { get; set; }

    /// <summary>The server does not send this session's own messages back to it.</summary>
    [Parameter]
    public SwitchParameter NoEcho { get; set; }

    private NasOptions WithLimits(NasOptions options)
    {
        var delays = ReconnectDelay;
        return options with
        {
            PingInterval = PingInterval ?? options.PingInterval,
            MaxPingsOut = MaxPingsOut ?? options.MaxPingsOut,
            MaxReconnects = MaxReconnects ?? -1,
            Reconnect = !NoReconnect,
            ReconnectWait = ReconnectWait ?? options.ReconnectWait,
            ReconnectMaxWait = ReconnectMaxWait ?? options.ReconnectMaxWait,
            ReconnectDelay = delays is null ? null : round => delays[Math.Min(round, delays.Length) - 1],
            KeepServerOrder = KeepServerOrder,
            IgnoreDiscoveredServers = IgnoreDiscoveredServers,
            ReconnectBufferBytes = ReconnectBufferBytes ?? options.ReconnectBufferBytes,
            RequestTimeout = RequestTimeout ?? options.RequestTimeout,
            OperationTimeout = OperationTimeout ?? options.OperationTimeout,
            SendTimeout = SendTimeout ?? options.SendTimeout,
            InboxPrefix = InboxPrefix ?? options.InboxPrefix,
            Echo = !NoEcho,
        };
    }
}

using System.Management.Automation;
using NasPubSub.Completion;
using NasPubSub.Errors;
using NasPubSub.Payloads;
using NasPubSub.Sessions;

namespace NasPubSub.Commands;

/// <summary>Disconnect-NasPubSub: drains a session and ends it. Without a session it does nothing.</summary>
[Cmdlet(VerbsCommunications.Disconnect, "NasPubSub", DefaultParameterSetName = "One", SupportsShouldProcess = true)]
[OutputType(typeof(void))]
public sealed class DisconnectNasPubSubCommand : NasCmdlet
{
    /// <summary>A connection or the name of a session; without it the default of this runspace.</summary>
    [Parameter(Position = 0, ValueFromPipeline = true, ParameterSetName = "One")]
    [Alias("Name")]
    [ArgumentCompleter(typeof(SessionCompleter))]
    public object? Connection { get; set; }

    /// <summary>Every session of this runspace.</summary>
    [Parameter(Mandatory = true, ParameterSetName = "All")]
    public SwitchParameter All { get; set; }

    /// <summary>How long the drain may take.</summary>
    [Parameter]
    [SecondsTransformation]
    public TimeSpan? Timeout { get; set; }

    /// <summary>Closes at once; what is buffered is lost.</summary>
    [Parameter]
    public SwitchParameter Force { get; set; }

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        var store = SessionStore.Current;
        if (All)
        {
            foreach (var session in store.All) End(store, session.Connection);
            return;
        }
        switch (TypedText.OrValue(Connection))
        {
            case null when store.Default is { } session: End(store, session.Connection); break;
            case null: break;
            case NasConnection connection: End(store, connection); break;
            case string name when store.Find(name) is { } session: End(store, session.Connection); break;
            case var other: WriteError(NasErrorRecord.SessionNotFound(other.ToString() ?? "")); break;
        }
    }

    private void End(SessionStore store, NasConnection connection)
    {
        if (!ShouldProcess(connection.ToString(), "Disconnect")) return;
        Watched = connection;
        bool drained;
        try
        {
            drained = Await(connection.DisconnectAsync(Timeout, drain: !Force, Cancellation));
        }
        finally
        {
            // Ctrl+C cuts the drain short: it closes all the same.
            store.Forget(connection);
        }
        ReportDenials();
        if (!drained && !Force) WriteWarning($"The session to {connection.Server} was closed before all of it was sent or handled.");
    }
}

using System.Management.Automation;
using NasPubSub.Completion;
using NasPubSub.Errors;
using NasPubSub.Sessions;

namespace NasPubSub.Commands;

/// <summary>Wait-NasConnection: returns when the session is connected.</summary>
[Cmdlet(VerbsLifecycle.Wait, "NasConnection")]
[OutputType(typeof(NasConnection))]
public sealed class WaitNasConnectionCommand : NasSessionCmdlet
{
    /// <inheritdoc/>
    [Parameter(ValueFromPipeline = true)]
    [ArgumentCompleter(typeof(SessionCompleter))]
    [ValidateNotNull]
    public override object? Connection { get; set; }

    /// <summary>How long to wait.</summary>
    [Parameter(Position = 0)]
    [DurationTransformation]
    public NasDuration Timeout { get; set; } = new(TimeSpan.FromSeconds(5));

    /// <summary>Emits the connection.</summary>
    [Parameter]
    public SwitchParameter PassThru { get; set; }

    private protected override TimeSpan? ConnectLimit => Timeout;

    /// <inheritdoc/>
    protected override void ProcessRecord()
    {
        var connection = Nas;
        if (!Await(connection.WaitConnectedAsync(Timeout, Cancellation)))
        {
            if (connection.State is NasConnectionState.Closed or NasConnectionState.Disconnected)
            {
                Fail(
                    connection.LastError ?? new NasException(NasError.ConnectionClosed, "The connection is closed."),
                    connection
                );
            }

            ThrowTerminatingError(
                NasErrorRecord.TimedOut(
                    $"The session was not connected within {Timeout.TotalSeconds:0.###} s{(connection.Attempts > 0 ? $", after {connection.Attempts} attempts" : "")}.{(connection.LastError is { } error ? " " + error.Message : "")}",
                    connection,
                    "Increase -Timeout, and check the server."
                )
            );
        }
        if (PassThru)
        {
            WriteObject(connection);
        }
    }
}
